import type { SampleTable } from '../../../media/formats/mp4/index.ts'

/** One sample, times in ticks of the track's clock on the recording's timeline. */
export type TableSample = {
  readonly dtsTicks: number
  readonly ptsTicks: number
  readonly durationTicks: number
  readonly sizeBytes: number
  readonly isKey: boolean
}

const INITIAL_SAMPLES = 4096

/** Sample tables that grow, at 21 bytes a sample. */
export class SampleTableBuilder {
  #dts = new Float64Array(INITIAL_SAMPLES)
  #composition = new Int32Array(INITIAL_SAMPLES)
  #sizes = new Uint32Array(INITIAL_SAMPLES)
  #durations = new Uint32Array(INITIAL_SAMPLES)
  #keys = new Uint8Array(INITIAL_SAMPLES)
  #count = 0
  #lastDtsTicks = Number.NEGATIVE_INFINITY

  get count(): number {
    return this.#count
  }

  /** A decode time before that of the sample in front is raised to it; the presentation time is kept. */
  add(sample: TableSample): void {
    if (this.#count === this.#dts.length) this.#grow()
    const dtsTicks = Math.max(sample.dtsTicks, this.#lastDtsTicks)
    const index = this.#count++
    this.#lastDtsTicks = dtsTicks
    this.#dts[index] = dtsTicks
    this.#composition[index] = sample.ptsTicks - dtsTicks
    this.#sizes[index] = sample.sizeBytes
    this.#durations[index] = sample.durationTicks
    this.#keys[index] = sample.isKey ? 1 : 0
  }

  dtsAt(index: number): number {
    return this.#dts[index] ?? 0
  }

  /** Views on what was added. */
  build(): SampleTable {
    return {
      dtsTicks: this.#dts.subarray(0, this.#count),
      compositionOffsetTicks: this.#composition.subarray(0, this.#count),
      sizeBytes: this.#sizes.subarray(0, this.#count),
      durationTicks: this.#durations.subarray(0, this.#count),
      isKey: this.#keys.subarray(0, this.#count),
    }
  }

  #grow(): void {
    const length = this.#count * 2
    this.#dts = copyInto(new Float64Array(length), this.#dts)
    this.#composition = copyInto(new Int32Array(length), this.#composition)
    this.#sizes = copyInto(new Uint32Array(length), this.#sizes)
    this.#durations = copyInto(new Uint32Array(length), this.#durations)
    this.#keys = copyInto(new Uint8Array(length), this.#keys)
  }
}

function copyInto<T extends { set(source: T): void }>(target: T, source: T): T {
  target.set(source)
  return target
}
