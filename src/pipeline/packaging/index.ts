export { CmafIndex, type CmafIndexOptions } from './cmaf/cmaf-index.ts'
export { CmafOutput, type CmafOutputOptions, type CmafTap } from './cmaf/cmaf-output.ts'
export { type CmafTrackInfo, decodeCmafRecord } from './cmaf/cmaf-record.ts'
export type { IndexedPart, IndexedRun, IndexedSegment, IndexedTrack, OpenSegment } from './cmaf/indexed-segment.ts'
export {
  CMAF_FORMAT,
  makeByteOutput,
  PROGRESSIVE_FORMATS,
  type ProgressiveFormat,
  rtmpFormat,
  webSocketFormat,
} from './formats.ts'
