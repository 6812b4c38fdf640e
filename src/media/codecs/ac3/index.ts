export {
  describeEac3Config,
  describeEac3Frame,
  type Eac3Specific,
  type Eac3Substream,
  readDec3,
  writeDec3,
} from './ec3-specific-box.ts'
export { type Ac3Specific, describeAc3Config, describeAc3Frame, readDac3, writeDac3 } from './specific-box.ts'
export {
  type Ac3Syncframe,
  type Eac3Syncframe,
  readSyncframe,
  readSyncframes,
  type Syncframe,
  startsAccessUnit,
  syncframeBytes,
} from './syncframe.ts'
