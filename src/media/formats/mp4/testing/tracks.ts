import { audioTrack, describeFirstFrame, videoTrack } from '../../../codecs/index.ts'
import { SAMPLES } from '../../../codecs/testing/samples.ts'
import type { CodecId, Track } from '../../../model/index.ts'

const NO_CONFIG = new Uint8Array()
const SIZE = { widthPx: 1280, heightPx: 720 }
const STEREO = { sampleRateHz: 48_000, channelCount: 2 }
const TELEPHONE = { sampleRateHz: 8000, channelCount: 1 }
const H265_SMALLEST = Uint8Array.from([
  ...[1, 1, 0x60, 0, 0, 0, 0x90, 0, 0, 0, 0, 0, 93, 0xf0, 0, 0xfc, 0xfd, 0xf8, 0xf8, 0, 0, 0x0f, 0],
])

/** One track of every codec, ids from 1 in this order. H.265's record has no parameter sets, so no picture size. */
export const TRACK_OF = {
  h264: videoTrack(1, 'h264', SAMPLES.h264Config),
  h265: { ...videoTrack(2, 'h265', H265_SMALLEST), ...SIZE },
  av1: videoTrack(3, 'av1', SAMPLES.av1Config),
  vp8: videoTrack(4, 'vp8', describeFirstFrame('vp8', SAMPLES.vp8).config, SIZE),
  vp9: videoTrack(5, 'vp9', describeFirstFrame('vp9', SAMPLES.vp9).config, SIZE),
  aac: audioTrack(6, 'aac', SAMPLES.aacLc44100Stereo),
  opus: audioTrack(7, 'opus', SAMPLES.opusHead),
  mp3: audioTrack(8, 'mp3', NO_CONFIG, STEREO),
  ac3: audioTrack(9, 'ac3', SAMPLES.ac3Config),
  eac3: audioTrack(10, 'eac3', SAMPLES.eac3Config),
  flac: audioTrack(11, 'flac', SAMPLES.flac),
  pcma: audioTrack(12, 'pcma', NO_CONFIG, TELEPHONE),
  pcmu: audioTrack(13, 'pcmu', NO_CONFIG, TELEPHONE),
} as const satisfies Record<CodecId, Track>

export const ALL_TRACKS: readonly Track[] = Object.values(TRACK_OF)
