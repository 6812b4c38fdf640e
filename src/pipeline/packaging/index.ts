export { CmafIndex, type IndexedSegment, type IndexedTrack } from './cmaf/cmaf-index.ts'
export { CmafOutput, type CmafOutputOptions, type CmafTap } from './cmaf/cmaf-output.ts'
export { type CmafTrackInfo, decodeCmafRecord } from './cmaf/cmaf-record.ts'
export {
  CMAF_FORMAT,
  makeByteOutput,
  makeRetimer,
  PROGRESSIVE_FORMATS,
  type ProgressiveFormat,
  rtmpFormat,
  webSocketFormat,
} from './formats.ts'
