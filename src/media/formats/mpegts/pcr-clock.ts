/**
 * How far the PCR is behind the dts of the frame that carries it, 90 kHz: 200 ms, the time that a receiver has to
 * collect the access unit and the audio that belongs to it.
 */
export const PCR_OFFSET_TICKS = 18_000
/** The longest time between two PCRs. ISO/IEC 13818-1 says 100 ms, DVB 40 ms. */
export const PCR_INTERVAL_TICKS = 3_600
/** A larger step is a jump of the stream's clock, which is not filled with PCRs. */
const LARGEST_STEP_TICKS = 90_000

/** Says when a PCR is due on the media timeline. Values never go back but at a jump of the stream's clock. */
export class PcrClock {
  #last: number | undefined

  /** A PCR that has to stand on its own before the frame of this dts, or undefined. */
  nextBefore(dts: number): number | undefined {
    if (this.#last === undefined) return undefined
    const step = dts - PCR_OFFSET_TICKS - this.#last
    if (step <= PCR_INTERVAL_TICKS || step > LARGEST_STEP_TICKS) return undefined
    this.#last += PCR_INTERVAL_TICKS
    return this.#last
  }

  /** The PCR for a frame of the PCR's own stream, or undefined where a later one is written already. */
  at(dts: number): number | undefined {
    const pcr = dts - PCR_OFFSET_TICKS
    const step = this.#last === undefined ? 0 : pcr - this.#last
    if (this.#last !== undefined && step <= 0 && step > -LARGEST_STEP_TICKS) return undefined
    this.#last = pcr
    return pcr
  }
}
