import type { VideoRange } from '../model/index.ts'

/** What a configuration record or a first frame says about its track. */
export type CodecDescription = {
  /** RFC 6381 codecs parameter. */
  codecString: string
  /** Absent where the record does not say (VP8 and VP9 records hold no picture size). */
  video?: { widthPx: number; heightPx: number; frameRate?: number; videoRange?: VideoRange }
  /** `sampleRateHz` is the track's clock; `samplesPerFrame` is 0 where it varies. */
  audio?: { sampleRateHz: number; channelCount: number; samplesPerFrame: number }
}

/** A description together with the canonical configuration record derived from the frame. */
export type FrameDescription = CodecDescription & { config: Uint8Array }

/** Two hexadecimal digits, lower case. */
export function hexByte(value: number): string {
  return value.toString(16).padStart(2, '0')
}
