import { UnsupportedInputError } from '../errors.ts'
import {
  type AudioCodecId,
  type AudioTrack,
  type CodecId,
  VIDEO_CLOCK_HZ,
  type VideoCodecId,
  type VideoTrack,
} from '../model/index.ts'
import { describeAacConfig, readAudioSpecificConfig } from './aac/index.ts'
import {
  describeAc3Config,
  describeAc3Frame,
  describeEac3Config,
  describeEac3Frame,
  readSyncframe,
} from './ac3/index.ts'
import { describeAv1Config, describeAv1Frame, isAv1Keyframe } from './av1/index.ts'
import type { CodecDescription, FrameDescription } from './codec-description.ts'
import { describeFlacConfig, flacSampleCount } from './flac/index.ts'
import { describeG711 } from './g711/index.ts'
import { describeH264Config, isH264Keyframe } from './h264/index.ts'
import { describeH265Config, isH265Keyframe } from './h265/index.ts'
import { describeMp3Config, describeMp3Frame, readMpegAudioHeader } from './mp3/index.ts'
import { describeOpusConfig, opusSampleCount } from './opus/index.ts'
import { describeVp8Config, describeVp8Frame, isVp8Keyframe } from './vp8/index.ts'
import { describeVp9Config, describeVp9Frame, isVp9Keyframe } from './vp9/index.ts'

type DescribeConfig = (config: Uint8Array) => CodecDescription
type DescribeFrame = (data: Uint8Array) => FrameDescription

const CONFIG_READERS = {
  h264: describeH264Config,
  h265: describeH265Config,
  av1: describeAv1Config,
  vp8: describeVp8Config,
  vp9: describeVp9Config,
  aac: describeAacConfig,
  opus: describeOpusConfig,
  mp3: describeMp3Config,
  ac3: (config) => (config.length === 0 ? { codecString: 'ac-3' } : describeAc3Config(config)),
  eac3: (config) => (config.length === 0 ? { codecString: 'ec-3' } : describeEac3Config(config)),
  flac: describeFlacConfig,
  pcma: () => describeG711('alaw'),
  pcmu: () => describeG711('ulaw'),
} satisfies Record<CodecId, DescribeConfig>

const NOT_FROM_FRAMES: DescribeFrame = () => {
  throw new UnsupportedInputError('this codec is described by its configuration record, not by a frame')
}

const FRAME_READERS = {
  h264: NOT_FROM_FRAMES,
  h265: NOT_FROM_FRAMES,
  av1: describeAv1Frame,
  vp8: describeVp8Frame,
  vp9: describeVp9Frame,
  aac: NOT_FROM_FRAMES,
  opus: NOT_FROM_FRAMES,
  mp3: describeMp3Frame,
  ac3: describeAc3Frame,
  eac3: describeEac3Frame,
  flac: NOT_FROM_FRAMES,
  pcma: NOT_FROM_FRAMES,
  pcmu: NOT_FROM_FRAMES,
} satisfies Record<CodecId, DescribeFrame>

const SAMPLE_COUNTERS = {
  aac: (_data, config) => readAudioSpecificConfig(config).frameSampleCount,
  opus: opusSampleCount,
  mp3: (data) => readMpegAudioHeader(data).sampleCount,
  ac3: (data) => readSyncframe(data).sampleCount,
  eac3: (data) => readSyncframe(data).sampleCount,
  flac: flacSampleCount,
  pcma: (data) => data.length,
  pcmu: (data) => data.length,
} satisfies Record<AudioCodecId, (data: Uint8Array, config: Uint8Array) => number>

const KEYFRAME_TESTS = {
  h264: isH264Keyframe,
  h265: isH265Keyframe,
  av1: isAv1Keyframe,
  vp8: isVp8Keyframe,
  vp9: isVp9Keyframe,
} satisfies Record<VideoCodecId, (data: Uint8Array) => boolean>

/**
 * What a canonical configuration record says. The records of VP8, VP9, MP3 and an empty one of AC-3 give the codec
 * string alone. Throws MalformedInputError or UnsupportedInputError.
 */
export function describeConfig(codec: CodecId, config: Uint8Array): CodecDescription {
  return CONFIG_READERS[codec](config)
}

/**
 * What a canonical frame says, with the record derived from it (empty for MP3). For mp3, ac3, eac3, VP8 and VP9 key
 * frames and AV1 temporal units with a sequence header; others are an UnsupportedInputError.
 */
export function describeFirstFrame(codec: CodecId, data: Uint8Array): FrameDescription {
  return FRAME_READERS[codec](data)
}

/** Samples in one canonical frame, at the track's clock. G.711 counts one channel. */
export function frameSampleCount(codec: AudioCodecId, data: Uint8Array, config: Uint8Array): number {
  return SAMPLE_COUNTERS[codec](data, config)
}

/**
 * Whether a decoder can start at this canonical frame: H.264 IDR or recovery point with recovery_frame_cnt 0,
 * H.265 IRAP, AV1 shown key frame, VP8 and VP9 key frame. Never throws.
 */
export function isKeyframe(codec: VideoCodecId, data: Uint8Array): boolean {
  return KEYFRAME_TESTS[codec](data)
}

/** `fallback` is used where the record has no picture size (VP8, VP9); without it the size is 0, not known yet. */
export function videoTrack(
  id: number,
  codec: VideoCodecId,
  config: Uint8Array,
  fallback?: { widthPx: number; heightPx: number },
): VideoTrack {
  const { codecString, video = fallback ?? { widthPx: 0, heightPx: 0 } } = describeConfig(codec, config)
  return { id, kind: 'video', codec, clockRateHz: VIDEO_CLOCK_HZ, config, codecString, ...video }
}

/** `fallback` is used where the record says nothing (MP3, G.711, an empty record of AC-3), and required for MP3. */
export function audioTrack(
  id: number,
  codec: AudioCodecId,
  config: Uint8Array,
  fallback?: { sampleRateHz: number; channelCount: number },
): AudioTrack {
  const { codecString, audio } = describeConfig(codec, config)
  const said = codec === 'pcma' || codec === 'pcmu' ? (fallback ?? audio) : (audio ?? fallback)
  if (said === undefined) throw new UnsupportedInputError(`${codec} without sampling rate and channel count`)
  const { sampleRateHz, channelCount } = said
  return { id, kind: 'audio', codec, clockRateHz: sampleRateHz, config, codecString, sampleRateHz, channelCount }
}
