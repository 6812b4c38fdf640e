export {
  type Av1CodecConfiguration,
  av1ConfigOf,
  describeAv1Config,
  describeAv1Frame,
  readAv1CodecConfiguration,
  writeAv1CodecConfiguration,
} from './codec-configuration.ts'
export type { Av1ColorConfig } from './color-config.ts'
export {
  isAv1Keyframe,
  joinObus,
  OBU,
  type Obu,
  readLeb128,
  readObus,
  toCanonicalTemporalUnit,
  withSizeField,
  writeLeb128,
} from './obu.ts'
export { type Av1SequenceHeader, readAv1SequenceHeader } from './sequence-header.ts'
