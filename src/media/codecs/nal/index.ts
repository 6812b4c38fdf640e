export {
  annexBToLengthPrefixed,
  findStartCode,
  joinAnnexB,
  joinLengthPrefixed,
  LENGTH_BYTES,
  lengthPrefixedToAnnexB,
  removeEmulationPrevention,
  sameBytes,
  splitAnnexB,
  splitLengthPrefixed,
  toCanonicalLengths,
} from './nal-units.ts'
export { readSeiMessages, type SeiMessage } from './sei-messages.ts'
export { frameRateOf, readVuiRange } from './vui.ts'
