import { audioTrack } from '../../../codecs/index.ts'
import { sameBytes } from '../../../codecs/nal/index.ts'
import { type AudioCodecId, ticks } from '../../../model/index.ts'
import { AudioTimeline } from './audio-timeline.ts'
import type { ElementarySink } from './elementary-reader.ts'

/** What an audio reader knows of a frame. `data` is valid only during the call. */
export type AudioFrame = {
  readonly data: Uint8Array
  readonly sampleCount: number
  /** Where it differs from the sample count. */
  readonly durationSamples?: number
  readonly stamp: number | undefined
}
type Shape = { readonly sampleRateHz: number; readonly channelCount: number }

/** Gives an audio reader's frames their times and announces changes of configuration. */
export class AudioOutput {
  readonly #codec: AudioCodecId
  readonly #sink: ElementarySink
  readonly #timeline = new AudioTimeline()
  #config: Uint8Array | undefined
  #shape: Shape = { sampleRateHz: 0, channelCount: 0 }

  constructor(codec: AudioCodecId, sink: ElementarySink) {
    this.#codec = codec
    this.#sink = sink
  }

  get hasTrack(): boolean {
    return this.#config !== undefined
  }

  /** The configuration that holds from here on; `shape` counts where the record says nothing. Copies `config`. */
  configure(config: Uint8Array, shape: Shape): void {
    const sameShape = shape.sampleRateHz === this.#shape.sampleRateHz && shape.channelCount === this.#shape.channelCount
    if (sameShape && this.#config !== undefined && sameBytes(this.#config, config)) return
    const track = audioTrack(this.#sink.trackId, this.#codec, config.slice(), shape)
    this.#config = track.config
    this.#shape = shape
    this.#timeline.use(track)
    this.#sink.onTrack(track)
  }

  frame(frame: AudioFrame): void {
    const time = this.#timeline.time(frame.stamp, frame.sampleCount)
    if (time === undefined) return
    this.#sink.onFrame({
      trackId: this.#sink.trackId,
      ptsTicks: time,
      dtsTicks: time,
      durationTicks: ticks(frame.durationSamples ?? frame.sampleCount),
      isKey: true,
      data: frame.data,
    })
  }

  reset(): void {
    this.#timeline.reset()
  }
}
