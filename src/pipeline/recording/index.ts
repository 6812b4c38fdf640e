export { Recorder, type RecorderOptions, type RecordingFacts } from './recorder/recorder.ts'
export type { VodHandler, VodTarget } from './vod/vod-handler.ts'
