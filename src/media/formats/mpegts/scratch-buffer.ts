const FIRST_CAPACITY = 65_536

/** Bytes that are put together anew for every frame, in one buffer that only grows. Views last until `reset`. */
export class ScratchBuffer {
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(FIRST_CAPACITY)
  length = 0

  reset(): void {
    this.length = 0
  }

  /** Makes room for `count` more bytes, which the caller fills, and returns where they begin. */
  extend(count: number): number {
    const at = this.length
    this.reserve(at + count)
    this.length = at + count
    return at
  }

  /** Makes the buffer at least `capacity` long. */
  reserve(capacity: number): void {
    if (capacity <= this.bytes.length) return
    const grown = new Uint8Array(Math.max(capacity, this.bytes.length * 2))
    grown.set(this.bytes.subarray(0, this.length))
    this.bytes = grown
  }

  appendU32(value: number): void {
    const at = this.extend(4)
    this.bytes[at] = value >>> 24
    this.bytes[at + 1] = value >>> 16
    this.bytes[at + 2] = value >>> 8
    this.bytes[at + 3] = value
  }

  append(value: Uint8Array): void {
    // `extend` may put another buffer in place, so it goes first.
    const at = this.extend(value.length)
    this.bytes.set(value, at)
  }
}
