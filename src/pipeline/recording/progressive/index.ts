export { ProgressiveMp4 } from './progressive-mp4.ts'
export { readSegmentIndex } from './read-segment-index.ts'
export type { BlobReader, RecordedSegment } from './recorded-segment.ts'
