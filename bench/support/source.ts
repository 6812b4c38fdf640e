import { createHash } from 'node:crypto'
import { audioTrack, videoTrack } from '../../src/media/codecs/index.ts'
import { FlvTagMuxer } from '../../src/media/formats/flv/index.ts'
import { type Frame, type Ticks, type Track, ticks } from '../../src/media/model/index.ts'

/** What is published: 720p30, H.264 with a keyframe every 2 s, and AAC; 2.64 Mbit/s unless said otherwise. */
const VIDEO_STEP = 3000
const AUDIO_SAMPLES = 1024
const GOP_FRAMES = 60
const KEY_WEIGHT = 4
const AUDIO_BYTES = 340
/** x264, Main, 1280×720. */
const AVC_RECORD = Buffer.from(
  '014d401fffe10023674d401fda014016ec0440000003004000000f1808000989600009896e4a20078c195001000468ef3c80',
  'hex',
)
const AAC_CONFIG = Uint8Array.of(0x11, 0x90)

export type SourceTag = {
  readonly type: 8 | 9 | 18
  readonly timestampMs: number
  readonly body: Buffer
  /** Names the picture; undefined for everything else. */
  readonly pictureHash?: string
}

/** A stream in real time, made of noise with real headers: every picture is different. */
export class BenchSource {
  readonly tracks: readonly Track[] = [videoTrack(1, 'h264', AVC_RECORD), audioTrack(2, 'aac', AAC_CONFIG)]
  readonly #muxer = new FlvTagMuxer()
  readonly #noise: Buffer
  readonly #pictureBytes: number
  #pictures = 0
  #audioTicks = 0

  constructor(videoBitsPerSecond = 2_500_000) {
    this.#muxer.setTracks(this.tracks)
    const gopBytes = (videoBitsPerSecond / 8) * ((GOP_FRAMES * VIDEO_STEP) / 90_000)
    this.#pictureBytes = Math.round(gopBytes / (GOP_FRAMES - 1 + KEY_WEIGHT))
    this.#noise = noise(this.#pictureBytes * KEY_WEIGHT * 2)
  }

  /** Configuration: what a publisher sends first. */
  opening(): SourceTag[] {
    return [this.#muxer.metadataTag(), ...this.#muxer.sequenceTags()].map(({ type, parts }) => ({
      type: type as SourceTag['type'],
      timestampMs: 0,
      body: Buffer.concat(parts),
    }))
  }
  /** The next picture and the sound that belongs to it. */
  next(): SourceTag[] {
    const number = this.#pictures++
    const time = ticks(number * VIDEO_STEP)
    const isKey = number % GOP_FRAMES === 0
    const data = this.#picture(number, isKey)
    const pictureHash = hashOf(data)
    const video = { trackId: 1, ptsTicks: time, dtsTicks: time, durationTicks: ticks(0), isKey, data }
    const tags: SourceTag[] = [{ ...this.#tag(video), pictureHash }]
    for (; this.#audioTicks / 48_000 < ((number + 1) * VIDEO_STEP) / 90_000; this.#audioTicks += AUDIO_SAMPLES) {
      const at = this.#audioTicks as Ticks
      const sound = this.#noise.subarray(number % 997, (number % 997) + AUDIO_BYTES)
      const times = { ptsTicks: at, dtsTicks: at, durationTicks: ticks(AUDIO_SAMPLES) }
      tags.push(this.#tag({ trackId: 2, ...times, isKey: true, data: sound }))
    }
    return tags
  }

  #tag(frame: Frame): SourceTag {
    const tag = this.#muxer.frameTag(frame)
    if (!tag) throw new Error('a frame of no track')
    return { type: tag.type as SourceTag['type'], timestampMs: tag.timestampMs, body: Buffer.concat(tag.parts) }
  }
  #picture(number: number, isKey: boolean): Buffer {
    const bytes = this.#pictureBytes * (isKey ? KEY_WEIGHT : 1)
    const from = number % this.#pictureBytes
    const data = Buffer.from(this.#noise.subarray(from, from + bytes))
    data.writeUInt32BE(bytes - 4, 0)
    data[4] = isKey ? 0x65 : 0x41
    for (let digit = 0; digit < 4; digit++) data[5 + digit] = 0x80 | ((number >> (7 * digit)) & 127)
    return data
  }
}

export function hashOf(picture: Uint8Array): string {
  return createHash('sha1').update(picture).digest('base64')
}

/** Bytes from 1 to 255: no start codes inside. */
function noise(length: number): Buffer {
  const bytes = Buffer.alloc(length)
  let state = 0x2545f491
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    bytes[at] = 1 + ((state >>> 24) % 255)
  }
  return bytes
}
