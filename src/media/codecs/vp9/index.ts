export {
  readVpCodecConfiguration,
  type VpCodecConfiguration,
  writeVpCodecConfiguration,
} from './codec-configuration.ts'
export {
  describeVp9Config,
  describeVp9Frame,
  isVp9Keyframe,
  readVp9KeyframeHeader,
  type Vp9KeyframeHeader,
} from './frame-header.ts'
