/** One kind of audio frame in a byte stream. */
export type FrameSyntax = {
  /** Length of the frame at `at`, 0 where more bytes are needed, -1 where there is no frame. */
  frameBytes(bytes: Uint8Array, at: number): number
  /** Enough bytes for `frameBytes` to decide. */
  readonly headerBytes: number
}

/** `stamp` is the 90 kHz time of the PES packet whose first frame this is; `frame` is valid only during the call. */
export type SplitFrameHandler = (frame: Uint8Array, stamp: number | undefined) => void

/**
 * Cuts the payloads of audio PES packets into frames, which may cross from one packet into the next. A PES packet's
 * time belongs to the first frame that begins in it (ISO/IEC 13818-1, 2.4.3.7). After a loss a frame counts only when
 * another one follows it. Holds less than one frame between calls.
 */
export class FrameSplitter {
  readonly #syntax: FrameSyntax
  readonly #onFrame: SplitFrameHandler
  readonly #onGarbage: () => void
  #buffer = new Uint8Array(8192)
  #length = 0
  #locked = false
  /** Times of the packets that begin inside the buffer. */
  #stamps: { at: number; stamp: number }[] = []

  constructor(syntax: FrameSyntax, onFrame: SplitFrameHandler, onGarbage: () => void) {
    this.#syntax = syntax
    this.#onFrame = onFrame
    this.#onGarbage = onGarbage
  }

  /** Whether a part of a frame is held back. */
  get isEmpty(): boolean {
    return this.#length === 0
  }

  push(data: Uint8Array, stamp: number | undefined): void {
    if (stamp !== undefined) this.#stamps.push({ at: this.#length, stamp })
    this.#append(data)
    this.#take('more follows')
  }

  reset(): void {
    this.#length = 0
    this.#locked = false
    this.#stamps = []
  }

  flush(): void {
    this.#take('at the end')
    this.reset()
  }

  #take(where: 'more follows' | 'at the end'): void {
    let at = 0
    while (at < this.#length) {
      const size = this.#frameAt(at, where)
      if (size === 0) break
      if (size < 0) {
        if (this.#locked) this.#onGarbage()
        this.#locked = false
        at++
        continue
      }
      this.#locked = true
      this.#onFrame(this.#buffer.subarray(at, at + size), this.#takeStamp(at))
      at += size
    }
    this.#discard(at)
  }

  /** As `frameBytes`, with the whole frame in the buffer. */
  #frameAt(at: number, where: 'more follows' | 'at the end'): number {
    const held = this.#buffer.subarray(0, this.#length)
    const size = this.#syntax.frameBytes(held, at)
    const left = this.#length - at
    if (size <= 0 || size > left) return size < 0 ? -1 : 0
    if (this.#locked || where === 'at the end') return size
    if (left < size + this.#syntax.headerBytes) return this.#isAlone(at, size) ? size : 0
    return this.#syntax.frameBytes(held, at + size) > 0 ? size : -1
  }

  /** A PES packet that is exactly one frame is proof enough: no reason to hold the first frame back. */
  #isAlone(at: number, size: number): boolean {
    return at === 0 && size === this.#length && this.#stamps[0]?.at === 0
  }

  #takeStamp(at: number): number | undefined {
    let stamp: number | undefined
    while (this.#stamps[0] !== undefined && this.#stamps[0].at <= at) stamp = this.#stamps.shift()?.stamp
    return stamp
  }

  #append(data: Uint8Array): void {
    const needed = this.#length + data.length
    if (needed > this.#buffer.length) {
      const grown = new Uint8Array(Math.max(needed, this.#buffer.length * 2))
      grown.set(this.#buffer.subarray(0, this.#length))
      this.#buffer = grown
    }
    this.#buffer.set(data, this.#length)
    this.#length = needed
  }

  #discard(count: number): void {
    this.#buffer.copyWithin(0, count, this.#length)
    this.#length -= count
    const later = this.#stamps.filter((entry) => entry.at >= count)
    const dropped = this.#stamps.length - later.length
    // The time of a packet whose frames were all garbage is of no use.
    if (dropped > 0 || count > 0) this.#stamps = later.map(({ at, stamp }) => ({ at: at - count, stamp }))
  }
}
