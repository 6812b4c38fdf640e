export { PushSession } from './http/push-session.ts'
export { isPushFormat, PUSH_FORMATS, type PushDemuxer, type PushFormat, type PushLimits } from './http/to-frames.ts'
export { rtmpToFrames } from './rtmp/to-frames.ts'
