export {
  describeMp3Config,
  describeMp3Frame,
  MPEG_AUDIO_HEADER_BYTES,
  type MpegAudioHeader,
  parseMpegAudioHeader,
  readMpegAudioHeader,
} from './frame-header.ts'
