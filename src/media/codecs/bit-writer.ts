/** Most significant bit first; for the few structures that are not byte-aligned. Grows as needed. */
export class BitWriter {
  readonly #bytes: number[] = []
  #bitCount = 0

  get bitCount(): number {
    return this.#bitCount
  }
  /** u(n), n ≤ 32. */
  bits(count: number, value: number): void {
    for (let bit = count - 1; bit >= 0; bit--) {
      if ((this.#bitCount & 7) === 0) this.#bytes.push(0)
      const set = Math.floor(value / 2 ** bit) % 2 === 1
      if (set)
        this.#bytes[this.#bitCount >> 3] = (this.#bytes[this.#bitCount >> 3] ?? 0) | (0x80 >> (this.#bitCount & 7))
      this.#bitCount++
    }
  }
  /** Zero bits up to the next whole byte. */
  align(): void {
    this.#bitCount = this.#bytes.length * 8
  }
  /** A copy, zero bits filling up the last byte. */
  copy(): Uint8Array {
    return Uint8Array.from(this.#bytes)
  }
}
