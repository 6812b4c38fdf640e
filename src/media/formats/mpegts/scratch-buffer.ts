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

  append(value: Uint8Array): void {
    this.bytes.set(value, this.extend(value.length))
  }
}
