/**
 * Turns counters that wrap (33-bit TS time, 32-bit FLV and RTP time, 16-bit sequence numbers) into ever-growing ones.
 * A step of more than half the range is read as a wrap.
 */
export class Unwrapper {
  readonly #range: number
  #last: number | undefined
  #base = 0

  constructor(bits: number) {
    this.#range = 2 ** bits
  }

  unwrap(value: number): number {
    if (this.#last !== undefined) {
      const step = value - this.#last
      if (step < -this.#range / 2) this.#base += this.#range
      else if (step > this.#range / 2) this.#base -= this.#range
    }
    this.#last = value
    return this.#base + value
  }
}
