/* In the child process that holds FFmpeg: decodes whole files and compares what comes out. */
import { AVMEDIA_TYPE_VIDEO, Decoder, Demuxer, type Frame } from 'node-av'
import type { Compared, DecodedSound } from './av-messages.ts'

type Picture = { readonly pts: number; readonly luma: Buffer }
type Decoded = {
  readonly widthPx: number
  readonly heightPx: number
  readonly pictures: readonly Picture[]
  readonly sound: DecodedSound | undefined
}

/** Louder than this is a tone. */
const LOUD = 0.1

/** `result` beside `source`: pictures of one size that are shown at the same time. */
export async function compare({ source, result }: { readonly source: string; readonly result: string }) {
  const [before, after] = [await decode(source), await decode(result)]
  const at = new Map(before.pictures.map((picture) => [Math.round(picture.pts * 1000), picture]))
  const psnrs = after.pictures.flatMap(({ pts, luma }) => {
    const other = at.get(Math.round(pts * 1000))
    return other && other.luma.length === luma.length ? [psnr(other.luma, luma)] : []
  })
  const [first, last] = [after.pictures[0], after.pictures.at(-1)]
  const compared: Compared = {
    widthPx: after.widthPx,
    heightPx: after.heightPx,
    pictures: after.pictures.length,
    sourcePictures: before.pictures.length,
    matchedPictures: psnrs.length,
    spanSeconds: (last?.pts ?? 0) - (first?.pts ?? 0),
    meanPsnr: psnrs.reduce((sum, each) => sum + each, 0) / psnrs.length,
    leastPsnr: Math.min(...psnrs),
    sound: after.sound ?? null,
    sourceSound: before.sound ?? null,
  }
  return compared
}

async function decode(path: string): Promise<Decoded> {
  const pictures: Picture[] = []
  const sound = new SoundMeter()
  const size = { widthPx: 0, heightPx: 0 }
  // One pass a stream: the decoders read on their own.
  for (const at of [0, 1]) {
    const input = await Demuxer.open(path)
    const stream = input.streams[at]
    if (stream) {
      const decoder = await Decoder.create(stream)
      const isVideo = stream.codecpar.codecType === AVMEDIA_TYPE_VIDEO
      for await (const frame of decoder.frames(input.packets(stream.index))) {
        if (!frame) continue
        const { num, den } = frame.timeBase
        const seconds = (Number(frame.bestEffortTimestamp) * num) / den
        if (isVideo) {
          Object.assign(size, { widthPx: frame.width, heightPx: frame.height })
          pictures.push({ pts: seconds, luma: lumaOf(frame) })
        } else sound.add(frame, seconds)
        frame.free()
      }
      decoder.close()
    }
    await input.close()
  }
  return { ...size, pictures, sound: sound.result }
}

function lumaOf({ data, linesize, width, height }: Frame): Buffer {
  const [plane = Buffer.alloc(0)] = data ?? []
  const [stride = width] = linesize
  return Buffer.concat(Array.from({ length: height }, (_, y) => plane.subarray(y * stride, y * stride + width)))
}

/** Of 8-bit samples, in decibels. ITU-T J.340. */
function psnr(a: Buffer, b: Buffer): number {
  let sum = 0
  for (let at = 0; at < a.length; at++) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0)
    sum += difference * difference
  }
  return sum === 0 ? 100 : 10 * Math.log10((255 * 255 * a.length) / sum)
}

/** What the first channel sounds like. */
class SoundMeter {
  #startSeconds: number | undefined
  #endSeconds = 0
  #count = 0
  #crossings = 0
  #power = 0
  #before = 0
  #loudSeconds = Number.NEGATIVE_INFINITY
  readonly #onsets: number[] = []

  get result(): DecodedSound | undefined {
    if (this.#startSeconds === undefined) return undefined
    const seconds = this.#endSeconds - this.#startSeconds
    return {
      startSeconds: this.#startSeconds,
      seconds,
      frequencyHz: this.#crossings / 2 / seconds,
      rms: Math.sqrt(this.#power / this.#count),
      onsets: this.#onsets,
    }
  }
  add(frame: Frame, seconds: number): void {
    this.#startSeconds ??= seconds
    const read = reader(frame)
    for (let at = 0; at < frame.nbSamples; at++) {
      const sample = read(at)
      this.#power += sample * sample
      if (Math.abs(sample) < LOUD) continue
      if (sample >= 0 !== this.#before >= 0) this.#crossings++
      this.#before = sample
      const time = seconds + at / frame.sampleRate
      if (time - this.#loudSeconds > 0.1) this.#onsets.push(time)
      this.#loudSeconds = time
    }
    this.#count += frame.nbSamples
    this.#endSeconds = seconds + frame.nbSamples / frame.sampleRate
  }
}

/** Sample `at` of the first channel, -1 to 1. */
function reader({ data, format, channelLayout }: Frame): (at: number) => number {
  const [plane = Buffer.alloc(0)] = data ?? []
  const channels = channelLayout.nbChannels
  const READERS: Readonly<Record<number, (at: number) => number>> = {
    1: (at) => plane.readInt16LE(at * 2 * channels) / 32_768,
    2: (at) => plane.readInt32LE(at * 4 * channels) / 2 ** 31,
    3: (at) => plane.readFloatLE(at * 4 * channels),
    6: (at) => plane.readInt16LE(at * 2) / 32_768,
    7: (at) => plane.readInt32LE(at * 4) / 2 ** 31,
    8: (at) => plane.readFloatLE(at * 4),
  }
  const read = READERS[format]
  if (!read) throw new Error(`samples of format ${format}`)
  return read
}
