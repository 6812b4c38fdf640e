export type { CodecDescription, FrameDescription } from './codec-description.ts'
export { audioTrack, describeConfig, describeFirstFrame, frameSampleCount, isKeyframe, videoTrack } from './registry.ts'
