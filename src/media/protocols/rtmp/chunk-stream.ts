import { LimitExceededError } from '../../errors.ts'

const FIRST_CAPACITY_BYTES = 4096
/** A buffer above this is given back after its message. */
const KEPT_CAPACITY_BYTES = 64 * 1024

/** Memory of all chunk streams of a connection together. */
export class BufferBudget {
  readonly #maxBytes: number
  #usedBytes = 0
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }
  get usedBytes(): number {
    return this.#usedBytes
  }
  take(bytes: number): void {
    if (this.#usedBytes + bytes > this.#maxBytes) {
      throw new LimitExceededError(`unfinished RTMP messages hold more than ${this.#maxBytes} bytes`)
    }
    this.#usedBytes += bytes
  }
  giveBack(bytes: number): void {
    this.#usedBytes -= bytes
  }
}

/** What one chunk stream remembers: the last header, and the message that is being put together. */
export class ChunkStream {
  /** The last header, from which shorter ones are completed. */
  timestampMs = 0
  /** Timestamp or delta field of the last header of type 0, 1 or 2. */
  timestampField = 0
  hasExtendedTimestamp = false
  messageBytes = 0
  type = 0
  messageStreamId = 0
  hasHeader = false
  /** Whether chunks of the message are still missing. */
  isOpen = false
  receivedBytes = 0
  readonly #budget: BufferBudget
  #buffer: Uint8Array = new Uint8Array(0)

  constructor(budget: BufferBudget) {
    this.#budget = budget
  }

  /** Memory grows with what has arrived, never with what was announced. */
  append(bytes: Uint8Array): void {
    const needed = this.receivedBytes + bytes.length
    if (needed > this.#buffer.length) this.#grow(needed)
    this.#buffer.set(bytes, this.receivedBytes)
    this.receivedBytes = needed
  }

  /** The whole message; valid until the next `append`. */
  get payload(): Uint8Array {
    return this.#buffer.subarray(0, this.receivedBytes)
  }

  /** Forgets the message, finished or aborted. */
  close(): void {
    this.isOpen = false
    this.receivedBytes = 0
    if (this.#buffer.length > KEPT_CAPACITY_BYTES) {
      this.#budget.giveBack(this.#buffer.length)
      this.#buffer = new Uint8Array(0)
    }
  }

  #grow(needed: number): void {
    const doubled = Math.max(this.#buffer.length * 2, FIRST_CAPACITY_BYTES)
    const capacity = Math.max(needed, Math.min(doubled, this.messageBytes))
    this.#budget.take(capacity - this.#buffer.length)
    const grown = new Uint8Array(capacity)
    grown.set(this.#buffer.subarray(0, this.receivedBytes))
    this.#buffer = grown
  }
}
