export { flacSampleCount } from './frame-header.ts'
export { describeFlacConfig, type FlacStreamInfo, readFlacStreamInfo } from './stream-info.ts'
