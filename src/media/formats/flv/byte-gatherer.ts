/**
 * Cuts a byte stream that arrives in arbitrary pieces into runs of asked lengths. A run that lies whole in one piece
 * is a view on it; only runs across pieces are copied, once, into memory that grows with what has really arrived.
 */
export class ByteGatherer {
  #input = new Uint8Array(0)
  #at = 0
  #partial = new Uint8Array(0)
  #partialBytes = 0

  /** Call when the piece before has been used up, that is after `take` has returned undefined. */
  push(bytes: Uint8Array): void {
    this.#input = bytes as Uint8Array<ArrayBuffer>
    this.#at = 0
  }

  /** Bytes of an unfinished run. */
  get pendingBytes(): number {
    return this.#partialBytes
  }

  /** The next `count` bytes, valid until the next call; undefined when they have not all arrived. */
  take(count: number): Uint8Array | undefined {
    const available = this.#input.length - this.#at
    if (this.#partialBytes === 0 && available >= count) {
      this.#at += count
      return this.#input.subarray(this.#at - count, this.#at)
    }
    const wanted = Math.min(count - this.#partialBytes, available)
    this.#append(this.#input.subarray(this.#at, this.#at + wanted), count)
    this.#at += wanted
    if (this.#partialBytes < count) return undefined
    this.#partialBytes = 0
    return this.#partial.subarray(0, count)
  }

  #append(bytes: Uint8Array, goal: number): void {
    const needed = this.#partialBytes + bytes.length
    if (needed > this.#partial.length) {
      const grown = new Uint8Array(Math.max(needed, Math.min(goal, Math.max(4096, this.#partial.length * 2))))
      grown.set(this.#partial.subarray(0, this.#partialBytes))
      this.#partial = grown
    }
    this.#partial.set(bytes, this.#partialBytes)
    this.#partialBytes = needed
  }
}
