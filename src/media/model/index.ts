export { AudioClock } from './audio-clock.ts'
export { AUDIO_CODECS, type AudioCodecId, type CodecId, VIDEO_CODECS, type VideoCodecId } from './codec-id.ts'
export { fitPicture, type PictureShape } from './fit-picture.ts'
export type { Frame, MediaSink, Muxer } from './frame.ts'
export { type Retimer, type StreamHead, shiftBetween, type TimeShift } from './retimer.ts'
export { rescaleTicks, type Ticks, ticks } from './ticks.ts'
export {
  type AudioTrack,
  sameConfiguration,
  type Track,
  VIDEO_CLOCK_HZ,
  type VideoRange,
  type VideoTrack,
  videoRangeOf,
} from './track.ts'
export { Unwrapper } from './unwrap.ts'
