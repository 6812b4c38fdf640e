import { toCanonicalTemporalUnit } from '../../../../media/codecs/av1/index.ts'
import { buildAvcDecoderConfiguration, H264_NAL, h264NalType } from '../../../../media/codecs/h264/index.ts'
import { buildHevcDecoderConfiguration } from '../../../../media/codecs/h265/index.ts'
import { describeFirstFrame } from '../../../../media/codecs/index.ts'
import { annexBToLengthPrefixed, splitAnnexB } from '../../../../media/codecs/nal/index.ts'
import type { VideoCodecId } from '../../../../media/model/index.ts'
import type { VideoOrder } from '../../channel/job-messages.ts'

type Options = Readonly<Record<string, string>>

/** How one encoder of FFmpeg is set up, and how what it gives becomes canonical. */
export type VideoEncoderKind = {
  readonly name: string
  readonly preset: string
  /** How far the bit rate may swing above its mean. libvpx and its short-sighted mean fall far short unless it is 1. */
  readonly peak: number
  /** It can encode one picture on several threads without holding any back. */
  readonly isSliced?: true
  options(order: VideoOrder, preset: string): Options
  frame(packet: Uint8Array): Uint8Array
  /** `extradata` as the encoder has it after opening; `key` is the first keyframe in canonical form. */
  config(extradata: Uint8Array, key: Uint8Array): Uint8Array
}

const asIs = (packet: Uint8Array): Uint8Array => packet

/**
 * No look-ahead, so that a frame that goes in comes out at once, and no keyframes but those that are asked for: rungs
 * must have theirs where the source has its own.
 */
export const VIDEO_ENCODERS = {
  h264: {
    name: 'libx264',
    preset: 'veryfast',
    peak: 1.25,
    isSliced: true,
    options: ({ bFrames, threads = 1 }, preset) => ({
      preset,
      ...(bFrames === 0 ? { tune: 'zerolatency' } : {}),
      'forced-idr': '1',
      'x264-params': `scenecut=0:keyint=infinite:sliced-threads=${threads > 1 ? 1 : 0}`,
    }),
    frame: annexBToLengthPrefixed,
    config: (extradata) => {
      const units = splitAnnexB(extradata)
      const ofType = (type: number) => units.filter((unit) => h264NalType(unit) === type)
      return buildAvcDecoderConfiguration(ofType(H264_NAL.sps), ofType(H264_NAL.pps))
    },
  },
  h265: {
    name: 'libx265',
    preset: 'ultrafast',
    peak: 1.25,
    options: ({ bFrames }, preset) => ({
      preset,
      ...(bFrames === 0 ? { tune: 'zerolatency' } : {}),
      'forced-idr': '1',
      'x265-params': 'scenecut=0:keyint=-1:open-gop=0:log-level=error:frame-threads=1:pools=none',
    }),
    frame: annexBToLengthPrefixed,
    config: (extradata) => buildHevcDecoderConfiguration(splitAnnexB(extradata)),
  },
  vp8: {
    name: 'libvpx',
    preset: '8',
    peak: 1,
    options: (_, preset) => ({ deadline: 'realtime', 'cpu-used': preset, 'lag-in-frames': '0' }),
    frame: asIs,
    config: (_, key) => describeFirstFrame('vp8', key).config,
  },
  vp9: {
    name: 'libvpx-vp9',
    preset: '8',
    peak: 1,
    options: (_, preset) => ({ deadline: 'realtime', 'cpu-used': preset, 'lag-in-frames': '0' }),
    frame: asIs,
    config: (_, key) => describeFirstFrame('vp9', key).config,
  },
  av1: {
    name: 'libsvtav1',
    preset: '10',
    peak: 1.25,
    options: ({ crf }, preset) => ({
      preset,
      'svtav1-params': `pred-struct=1:lookahead=0:lp=1${crf === undefined ? ':rc=2' : ''}`,
    }),
    frame: toCanonicalTemporalUnit,
    config: (_, key) => describeFirstFrame('av1', key).config,
  },
} satisfies Record<VideoCodecId, VideoEncoderKind>
