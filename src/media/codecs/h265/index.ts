export {
  buildHevcDecoderConfiguration,
  describeH265Config,
  type HevcDecoderConfiguration,
  type HevcNalArray,
  hevcCodecString,
  hevcParameterSets,
  readHevcDecoderConfiguration,
  writeHevcDecoderConfiguration,
} from './decoder-configuration.ts'
export { H265_NAL, h265NalType, isH265Keyframe } from './nal-type.ts'
export type { ProfileTierLevel } from './profile-tier-level.ts'
export { type H265Sps, readH265Sps } from './sps.ts'
export { readH265VpsFrameRate } from './vps.ts'
