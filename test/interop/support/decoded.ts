/* In the child process that holds FFmpeg: decodes the sound of a file and says what it is like. */
import { Decoder, Demuxer, type Frame } from 'node-av'
import type { DecodedSound } from './av-messages.ts'

/** Louder than this is a tone. */
const LOUD = 0.1

/** The first stream of a file, which is sound, decoded whole. */
export async function hear({ path }: { readonly path: string }): Promise<DecodedSound> {
  const meter = new SoundMeter()
  const input = await Demuxer.open(path)
  const [stream] = input.streams
  if (!stream) throw new Error(`${path} is empty`)
  const decoder = await Decoder.create(stream)
  for await (const frame of decoder.frames(input.packets(stream.index))) {
    if (frame) meter.add(frame, (Number(frame.bestEffortTimestamp) * frame.timeBase.num) / frame.timeBase.den)
    frame?.free()
  }
  decoder.close()
  await input.close()
  return meter.result
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

  get result(): DecodedSound {
    const startSeconds = this.#startSeconds ?? 0
    const seconds = this.#endSeconds - startSeconds
    return {
      startSeconds,
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
