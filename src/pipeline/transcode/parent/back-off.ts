const FIRST_MS = 1000
const MOST_MS = 30_000

/** Waiting times between attempts: 1 s, 2 s, 4 s … 30 s, from the start again after a success. */
export class BackOff {
  #nextMs = FIRST_MS

  /** How long to wait after this failure. */
  failed(): number {
    const wait = this.#nextMs
    this.#nextMs = Math.min(wait * 2, MOST_MS)
    return wait
  }
  succeeded(): void {
    this.#nextMs = FIRST_MS
  }
}
