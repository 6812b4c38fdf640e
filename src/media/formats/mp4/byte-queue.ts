const INITIAL_BYTES = 64 * 1024

/** Bytes of a stream that are not read yet, contiguous, with their place in the stream. */
export class ByteQueue {
  #buffer: Uint8Array = new Uint8Array(INITIAL_BYTES)
  #start = 0
  #end = 0
  #position = 0

  /** Offset in the stream of the first byte that is not read yet. */
  get position(): number {
    return this.#position
  }

  get length(): number {
    return this.#end - this.#start
  }

  /** Copies. Views given out before become invalid. */
  append(bytes: Uint8Array): void {
    if (this.#end + bytes.length > this.#buffer.length) this.#makeRoom(bytes.length)
    this.#buffer.set(bytes, this.#end)
    this.#end += bytes.length
  }

  /** A view of the next bytes, valid until the next `append`; there must be as many. */
  peek(length: number): Uint8Array {
    return this.#buffer.subarray(this.#start, this.#start + length)
  }

  /** Drops up to `length` bytes and says how many. */
  skip(length: number): number {
    const count = Math.min(length, this.length)
    this.#start += count
    this.#position += count
    if (this.#start === this.#end) this.#start = this.#end = 0
    return count
  }

  #makeRoom(length: number): void {
    const needed = this.length + length
    const target =
      needed > this.#buffer.length ? new Uint8Array(Math.max(needed, 2 * this.#buffer.length)) : this.#buffer
    if (target === this.#buffer) target.copyWithin(0, this.#start, this.#end)
    else target.set(this.#buffer.subarray(this.#start, this.#end))
    this.#buffer = target
    this.#end -= this.#start
    this.#start = 0
  }
}
