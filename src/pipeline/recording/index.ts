export { ProgressiveMp4 } from './progressive/index.ts'
export { Recorder, type RecorderOptions, type RecordingFacts } from './recorder/recorder.ts'
export type { VodHandler, VodTarget } from './vod/vod-handler.ts'
export { VodService } from './vod/vod-service.ts'
