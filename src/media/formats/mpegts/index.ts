export { TsDemuxer } from './demuxer.ts'
export type { TsDemuxerCounters, TsDemuxerOptions, UnsupportedStream } from './demuxer-options.ts'
export { type SkippedTrack, TsMuxer, type TsMuxerOptions } from './muxer.ts'
export { PCR_INTERVAL_TICKS, PCR_OFFSET_TICKS } from './pcr-clock.ts'
