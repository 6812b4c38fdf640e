import type { Av } from '../av.ts'
import { FilterChain, type FilterStep } from '../filter-chain.ts'
import { LoudnessControl } from './loudness-control.ts'
import { samplesSource } from './samples-source.ts'

type NativeFrame = InstanceType<Av['Frame']>

/** True peaks stay below −1 dB: what lossy encoders add does not clip then. EBU R 128. */
const PEAK = 10 ** (-1 / 20)

/** In the chain of an encoder: what the gain is set on, and what holds the peaks. */
export const GAIN_STEPS: readonly FilterStep[] = [
  ['aformat', 'sample_fmts=fltp'],
  ['volume', 'volume=0dB:precision=float'],
  ['alimiter', `limit=${PEAK.toFixed(4)}:level=disabled:latency=enabled`],
]

/** Measures a programme by EBU R 128 and says by how much it is to be louder. */
export class LoudnessGain implements Disposable {
  readonly #av: Av
  readonly #control: LoudnessControl
  readonly #out
  #chain: FilterChain | undefined
  #shape = ''

  constructor(av: Av, targetLufs: number) {
    this.#av = av
    this.#control = new LoudnessControl(targetLufs)
    this.#out = new av.Frame()
    this.#out.alloc()
  }

  /** The frame stays the caller's. Decibels, for what comes from here on. */
  push(samples: NativeFrame): number {
    const source = samplesSource(samples)
    if (!this.#chain || source[1] !== this.#shape) {
      this.#chain?.[Symbol.dispose]()
      this.#chain = new FilterChain(this.#av, source, [['ebur128', 'metadata=1:framelog=quiet']])
      this.#shape = source[1] ?? ''
    }
    this.#chain.add(samples)
    while (this.#chain.take(this.#out) >= 0) {
      const shortTermLufs = Number(this.#out.getMetadata().getAll()['lavfi.r128.S'])
      this.#control.update(shortTermLufs, this.#out.nbSamples / this.#out.sampleRate)
      this.#out.unref()
    }
    return this.#control.gainDb
  }
  [Symbol.dispose](): void {
    this.#chain?.[Symbol.dispose]()
    this.#out.free()
  }
}
