export {
  describeVp8Config,
  describeVp8Frame,
  isVp8Keyframe,
  readVp8KeyframeHeader,
  type Vp8KeyframeHeader,
} from './frame-header.ts'
