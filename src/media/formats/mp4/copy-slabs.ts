const SLAB_BYTES = 262_144
/** Larger copies would waste too much of a slab. */
const MAX_SHARING_BYTES = SLAB_BYTES / 2
/** Empty slabs that are kept for what comes. */
const MAX_FREE = 4

type Slab = { readonly bytes: Uint8Array; usedBytes: number; copyCount: number }

/**
 * Copies of frames that live for the length of a chunk, cut from slabs that are used again and again: memory that the
 * caches know, where a buffer of its own for every frame is memory that the system clears first and the garbage
 * collector has to find. One object serves many streams.
 */
export class CopySlabs {
  readonly #slabs = new WeakMap<ArrayBufferLike, Slab>()
  readonly #free: Slab[] = []
  #current: Slab = { bytes: new Uint8Array(0), usedBytes: 0, copyCount: 1 }

  /** Valid until it is given back. One that never is costs its slab, and nothing else. */
  copy(bytes: Uint8Array): Uint8Array {
    const { length } = bytes
    if (length > MAX_SHARING_BYTES) return new Uint8Array(bytes)
    if (this.#current.usedBytes + length > this.#current.bytes.length) this.#next()
    const slab = this.#current
    const copy = slab.bytes.subarray(slab.usedBytes, slab.usedBytes + length)
    copy.set(bytes)
    slab.usedBytes += length
    slab.copyCount++
    return copy
  }
  /** Once for every copy. */
  giveBack({ buffer }: Uint8Array): void {
    const slab = this.#slabs.get(buffer)
    if (!slab || --slab.copyCount > 0) return
    slab.usedBytes = 0
    if (slab !== this.#current && this.#free.length < MAX_FREE) this.#free.push(slab)
  }

  #next(): void {
    const free = this.#free.pop()
    if (free) {
      this.#current = free
      return
    }
    const bytes = new Uint8Array(SLAB_BYTES)
    this.#current = { bytes, usedBytes: 0, copyCount: 0 }
    this.#slabs.set(bytes.buffer, this.#current)
  }
}
