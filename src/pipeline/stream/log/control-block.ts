/**
 * The shared words of one log. Positions are byte counts that never stop growing; the words hold their low 32 bits,
 * and readers, which are always within 2^31 bytes of the writer, widen them again. So no load allocates a BigInt.
 */
export const MAX_READERS = 64

const HEAD = 0
const TAIL = 1
const STATE = 2
const JOIN_SEQUENCE = 3
const JOIN_POSITION = 4
const JOIN_VERSION = 5
const LAG_LIMIT = 6
const FIRST_SLOT = 8
const SLOT_WORDS = 2

const STATE_OPEN = 0
const STATE_ENDED = 1
/** Ended by the death of its writer's thread: what was on its way never comes. */
const STATE_ABANDONED = 2

export type JoinWords = { readonly position32: number; readonly version: number }

export class ControlBlock {
  readonly shared: SharedArrayBuffer
  readonly #words: Int32Array

  constructor(shared = new SharedArrayBuffer((FIRST_SLOT + MAX_READERS * SLOT_WORDS) * 4)) {
    this.shared = shared
    this.#words = new Int32Array(shared)
  }

  get head32(): number {
    return Atomics.load(this.#words, HEAD)
  }
  /** Publishes all bytes below `position` and wakes the workers that wait for them. */
  publishHead(position: number): void {
    Atomics.store(this.#words, HEAD, position | 0)
    Atomics.notify(this.#words, HEAD)
  }
  get tail32(): number {
    return Atomics.load(this.#words, TAIL)
  }
  set tail(position: number) {
    Atomics.store(this.#words, TAIL, position | 0)
  }
  /** So many bytes a reader may hold back while memory is short; 0 while there is enough. */
  get lagLimitBytes(): number {
    return Atomics.load(this.#words, LAG_LIMIT)
  }
  set lagLimitBytes(bytes: number) {
    Atomics.store(this.#words, LAG_LIMIT, bytes)
  }
  get ended(): boolean {
    return Atomics.load(this.#words, STATE) !== STATE_OPEN
  }
  get abandoned(): boolean {
    return Atomics.load(this.#words, STATE) === STATE_ABANDONED
  }
  end(): void {
    Atomics.store(this.#words, STATE, STATE_ENDED)
    Atomics.notify(this.#words, HEAD)
  }
  /** In the place of a writer whose thread is gone. */
  abandon(): void {
    if (!this.ended) Atomics.store(this.#words, STATE, STATE_ABANDONED)
    Atomics.notify(this.#words, HEAD)
  }

  /** Version 0 says that there is no point to join at. */
  publishJoin(position: number, version: number): void {
    Atomics.add(this.#words, JOIN_SEQUENCE, 1)
    Atomics.store(this.#words, JOIN_POSITION, position | 0)
    Atomics.store(this.#words, JOIN_VERSION, version)
    Atomics.add(this.#words, JOIN_SEQUENCE, 1)
  }
  /** A consistent pair, however often the writer moves it meanwhile. */
  readJoin(): JoinWords {
    for (;;) {
      const before = Atomics.load(this.#words, JOIN_SEQUENCE)
      const position32 = Atomics.load(this.#words, JOIN_POSITION)
      const version = Atomics.load(this.#words, JOIN_VERSION)
      if ((before & 1) === 0 && Atomics.load(this.#words, JOIN_SEQUENCE) === before) return { position32, version }
    }
  }

  /** A reader's low-water mark: it may still touch any byte at or above it. */
  setMark(slot: number, position: number): void {
    const at = FIRST_SLOT + slot * SLOT_WORDS
    Atomics.store(this.#words, at + 1, position | 0)
    Atomics.store(this.#words, at, 1)
  }
  clearMark(slot: number): void {
    Atomics.store(this.#words, FIRST_SLOT + slot * SLOT_WORDS, 0)
  }
  /** The lowest position that any reader may still touch, at most `head`. */
  lowestMark(head: number): number {
    let lowest = head
    for (let slot = 0; slot < MAX_READERS; slot++) {
      const at = FIRST_SLOT + slot * SLOT_WORDS
      if (Atomics.load(this.#words, at) === 0) continue
      const mark = widen(Atomics.load(this.#words, at + 1), head)
      if (mark < lowest) lowest = mark
    }
    return lowest
  }

  /** Resolves when the head is no longer `head32`; at once if it is not now. */
  changed(head32: number): Promise<unknown> | undefined {
    const wait = Atomics.waitAsync(this.#words, HEAD, head32)
    return wait.async ? wait.value : undefined
  }
}

/** The full position whose low 32 bits are `low32` and which is within 2^31 of `near`. */
export function widen(low32: number, near: number): number {
  return near + ((low32 - (near | 0)) | 0)
}
