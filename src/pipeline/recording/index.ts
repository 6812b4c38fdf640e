export { type BlobReader, ProgressiveMp4, type RecordedSegment } from './progressive/index.ts'
export type { VodHandler, VodTarget } from './vod/vod-handler.ts'
