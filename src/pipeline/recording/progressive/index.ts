export { ProgressiveMp4 } from './progressive-mp4.ts'
export type { BlobReader, RecordedSegment } from './recorded-segment.ts'
