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
  /** Audio frames in front of the first picture. */
  readonly leadAudioFrames?: number
  /** Pictures in front of the first keyframe. */
  readonly deltaFrames?: number
  /** Number of the first picture and of the first audio frame. */
  readonly firstNumber?: number
  /** Seconds without audio: from, and until. */
  readonly silence?: readonly [number, number]
}

/** In front of every audio frame's number. */
const AUDIO_MARK = Buffer.from('sound')
const AUDIO_BYTES = 200
const NAL_TYPES: readonly number[] = [0x65, 0x41]

const DEFAULTS: Required<SyntheticOptions> = {
  frameBytes: 1000,
  gopFrames: 25,
  tracks: SYNTHETIC_TRACKS,
  leadAudioFrames: 0,
  deltaFrames: 0,
  firstNumber: 0,
  silence: [0, 0],
}

/** A stream of 25 video and 47 audio frames a second, as FLV pieces. Never decodable, always well formed. */
export class SyntheticStream {
  readonly #muxer = new FlvMuxer()
  #options: Required<SyntheticOptions>
  #frame = 0
  #audioTicks = 0
  #audioFrame = 0

  constructor(options: SyntheticOptions = {}) {
    this.#options = { ...DEFAULTS, ...options }
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
    const { gopFrames, leadAudioFrames, deltaFrames } = this.#options
    const index = this.#frame++
    const lead = Math.ceil((leadAudioFrames * AUDIO_SAMPLES * 90_000) / 48_000)
    const time = lead + index * VIDEO_STEP
    const isKey = index >= deltaFrames && (index - deltaFrames) % gopFrames === 0
    const picture: Frame = {
      trackId: 1,
      ptsTicks: ticks(time),
      dtsTicks: ticks(time),
      durationTicks: ticks(0),
      isKey,
      data: this.#picture(this.#options.firstNumber + index, isKey),
    }
    const before = index === 0 ? this.#soundUntil(lead / 90_000) : []
    return [...before, picture, ...this.#soundUntil((time + VIDEO_STEP) / 90_000)]
  }
  #soundUntil(seconds: number): Frame[] {
    const frames: Frame[] = []
    while (this.#audioTicks / 48_000 < seconds) {
      const at = this.#audioTicks as Ticks
      this.#audioTicks += AUDIO_SAMPLES
      const [from, until] = this.#options.silence
      if (at >= from * 48_000 && at < until * 48_000) continue
      frames.push({
        trackId: 2,
        ptsTicks: at,
        dtsTicks: at,
        durationTicks: ticks(AUDIO_SAMPLES),
        isKey: true,
        data: this.#sound(this.#options.firstNumber + this.#audioFrame++),
      })
    }
    return frames
  }
  #sound(number: number): Uint8Array {
    const data = Buffer.alloc(AUDIO_BYTES, number % 251)
    data.set(AUDIO_MARK, 0)
    data.writeUInt32BE(number, AUDIO_MARK.length)
    return data
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

/** Numbers of the pictures (of the default size) and of the audio frames that a file holds, in its order. */
export function frameNumbers(file: Buffer): { readonly video: readonly number[]; readonly audio: readonly number[] } {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(DEFAULTS.frameBytes - 4)
  const video = findAll(file, length).flatMap((at) =>
    NAL_TYPES.includes(file[at + 4] ?? 0) ? [pictureNumber(file.subarray(at, at + 9))] : [],
  )
  const audio = findAll(file, AUDIO_MARK).map((at) => file.readUInt32BE(at + AUDIO_MARK.length))
  return { video, audio }
}

function findAll(file: Buffer, wanted: Buffer): number[] {
  const found: number[] = []
  for (let at = file.indexOf(wanted); at >= 0; at = file.indexOf(wanted, at + 1)) found.push(at)
  return found
}
