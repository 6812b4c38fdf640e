import { rescaleTicks, type Ticks } from './ticks.ts'

/**
 * Gives audio frames exact times from their sample counts where the wire has only coarse stamps (milliseconds).
 * While a stamp stays within one frame of the count, the count is used; otherwise the clock starts anew at the stamp.
 */
export class AudioClock {
  readonly #sampleRateHz: number
  readonly #stampHz: number
  #nextTicks: number | undefined

  constructor(sampleRateHz: number, stampHz: number) {
    this.#sampleRateHz = sampleRateHz
    this.#stampHz = stampHz
  }

  /** `stamp` in ticks of `stampHz`; `sampleCount` of this frame, at least 1. Returns ticks of the sampling rate. */
  next(stamp: number, sampleCount: number): Ticks {
    const stampTicks = rescaleTicks(stamp, this.#stampHz, this.#sampleRateHz)
    const counted = this.#nextTicks
    const holds = counted !== undefined && Math.abs(counted - stampTicks) <= sampleCount
    const time = holds ? counted : stampTicks
    this.#nextTicks = time + sampleCount
    return time as Ticks
  }
}
