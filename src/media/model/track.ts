import type { AudioCodecId, VideoCodecId } from './codec-id.ts'

type TrackBase = {
  /** Unique in its stream, small, stable over changes of configuration. Video 1, audio 2 in single-track streams. */
  readonly id: number
  /** Ticks per second of the frames' pts and dts. Video 90,000; audio its sampling rate (Opus 48,000). */
  readonly clockRateHz: number
  /** Configuration record in the canonical form of docs/codec-registry.md; empty where the codec has none. */
  readonly config: Uint8Array
  /** RFC 6381 codecs parameter, `avc1.64001f`. */
  readonly codecString: string
  /** BCP 47, where the source says. */
  readonly language?: string
}
/** Of luminance, where it is more than the standard one: hybrid log-gamma, perceptual quantizer. ITU-R BT.2100. */
export type VideoRange = 'hlg' | 'pq'

/** By the code points of TransferCharacteristics. ITU-T H.273, 8.2. */
export function videoRangeOf(transferCharacteristics: number): VideoRange | undefined {
  if (transferCharacteristics === 16) return 'pq'
  return transferCharacteristics === 18 ? 'hlg' : undefined
}

export type VideoTrack = TrackBase & {
  readonly kind: 'video'
  readonly codec: VideoCodecId
  /** 0 where the source has not said yet. */
  readonly widthPx: number
  readonly heightPx: number
  /** Nominal, from the parameter sets or metadata; absent where unknown. */
  readonly frameRate?: number
  readonly videoRange?: VideoRange
}
export type AudioTrack = TrackBase & {
  readonly kind: 'audio'
  readonly codec: AudioCodecId
  readonly sampleRateHz: number
  readonly channelCount: number
}
export type Track = VideoTrack | AudioTrack

/** The clock of every video track. */
export const VIDEO_CLOCK_HZ = 90_000

/** Whether a decoder set up for `a` can go on with `b`. */
export function sameConfiguration(a: Track, b: Track): boolean {
  if (a.codec !== b.codec || a.clockRateHz !== b.clockRateHz || a.config.length !== b.config.length) return false
  if (a.kind === 'video' && b.kind === 'video' && (a.widthPx !== b.widthPx || a.heightPx !== b.heightPx)) return false
  if (a.kind === 'audio' && b.kind === 'audio' && a.channelCount !== b.channelCount) return false
  return a.config.every((byte, index) => byte === b.config[index])
}
