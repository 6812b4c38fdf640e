export {
  type AvcDecoderConfiguration,
  buildAvcDecoderConfiguration,
  describeH264Config,
  readAvcDecoderConfiguration,
  writeAvcDecoderConfiguration,
} from './decoder-configuration.ts'
export { H264_NAL, h264NalType, isH264Keyframe } from './nal-type.ts'
export { type H264Sps, readH264Sps } from './sps.ts'
