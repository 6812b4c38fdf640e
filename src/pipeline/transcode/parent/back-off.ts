const FIRST_MS = 1000
const MOST_MS = 30_000

/** Waiting times between attempts: 1 s (or `firstMs`), doubled each time, 30 s at most; from the start after a success. */
export class BackOff {
  readonly #firstMs: number
  #nextMs: number

  constructor(firstMs = FIRST_MS) {
    this.#firstMs = firstMs
    this.#nextMs = firstMs
  }

  /** How long to wait after this failure. */
  failed(): number {
    const wait = this.#nextMs
    this.#nextMs = Math.min(wait * 2, MOST_MS)
    return wait
  }
  succeeded(): void {
    this.#nextMs = this.#firstMs
  }
}
