import { audioTrack, videoTrack } from '../../src/media/codecs/index.ts'
import { FlvMuxer } from '../../src/media/formats/flv/index.ts'
import { type Frame, type Ticks, type Track, ticks } from '../../src/media/model/index.ts'

/** H.264 Constrained Baseline 320×180 and AAC-LC 48 kHz stereo: real records, frames of filler. */
const AVC_RECORD = Buffer.from(
  '0142c00cffe100196742c00cd901419f9f011000000300100000030320f142a48001000568cb83cb20',
  'hex',
)
const AAC_CONFIG = Uint8Array.of(0x11, 0x90)

export const SYNTHETIC_TRACKS: readonly Track[] = [videoTrack(1, 'h264', AVC_RECORD), audioTrack(2, 'aac', AAC_CONFIG)]

const VIDEO_STEP = 3600
const AUDIO_SAMPLES = 1024

export type SyntheticOptions = {
  /** Bytes of every video frame, at least 9. */
  readonly frameBytes?: number
  /** Frames from one keyframe to the next. */
  readonly gopFrames?: number
  readonly tracks?: readonly Track[]
}

/** A stream of 25 video and 47 audio frames a second, as FLV pieces. Never decodable, always well formed. */
export class SyntheticStream {
  readonly #muxer = new FlvMuxer()
  #options: Required<SyntheticOptions>
  #frame = 0
  #audioTicks = 0

  constructor(options: SyntheticOptions = {}) {
    this.#options = { frameBytes: 1000, gopFrames: 25, tracks: SYNTHETIC_TRACKS, ...options }
    this.#muxer.setTracks(this.#options.tracks)
  }

  header(): Buffer {
    return Buffer.from(this.#muxer.preamble())
  }
  /** What a publisher sends when its tracks change. */
  setTracks(tracks: readonly Track[]): Buffer {
    this.#options = { ...this.#options, tracks }
    this.#audioTicks = Math.ceil((this.#frame * VIDEO_STEP * 48_000) / 90_000 / AUDIO_SAMPLES) * AUDIO_SAMPLES
    return Buffer.concat(this.#muxer.setTracks(tracks))
  }
  /** The next `count` video frames with the audio that belongs to them. */
  frames(count: number): Buffer {
    const parts: Uint8Array[] = []
    for (let i = 0; i < count; i++) {
      for (const frame of this.#next()) parts.push(...this.#muxer.frame(frame).map((part) => part.slice()))
    }
    return Buffer.concat(parts)
  }

  #next(): Frame[] {
    const number = this.#frame++
    const time = number * VIDEO_STEP
    const isKey = number % this.#options.gopFrames === 0
    const frames: Frame[] = [
      {
        trackId: 1,
        ptsTicks: ticks(time),
        dtsTicks: ticks(time),
        durationTicks: ticks(0),
        isKey,
        data: this.#picture(number, isKey),
      },
    ]
    while (this.#audioTicks / 48_000 < (time + VIDEO_STEP) / 90_000) {
      const at = this.#audioTicks as Ticks
      frames.push({
        trackId: 2,
        ptsTicks: at,
        dtsTicks: at,
        durationTicks: ticks(AUDIO_SAMPLES),
        isKey: true,
        data: new Uint8Array(200).fill(number % 251),
      })
      this.#audioTicks += AUDIO_SAMPLES
    }
    return frames
  }
  /** One NAL unit: IDR or non-IDR slice, then the frame's number and filler; no zeros, so no start codes inside. */
  #picture(number: number, isKey: boolean): Uint8Array {
    const data = Buffer.alloc(this.#options.frameBytes, 1 + (number % 250))
    data.writeUInt32BE(data.length - 4, 0)
    data[4] = isKey ? 0x65 : 0x41
    for (let digit = 0; digit < 4; digit++) data[5 + digit] = 0x80 | ((number >> (7 * digit)) & 127)
    return data
  }
}

/** The number of a synthetic picture, from its canonical form. */
export function pictureNumber(data: Uint8Array): number {
  const digits = [...data.subarray(5, 9)].map((byte, digit) => (byte & 127) << (7 * digit))
  return digits.reduce((sum, digit) => sum + digit, 0)
}
