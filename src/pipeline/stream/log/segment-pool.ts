import { InvariantError } from '../../../media/errors.ts'

/** Share of the pool from which on the slowest readers have to go. */
const TIGHT_SHARE = 0.75

/**
 * Shared-memory segments of one size, reused by hand: V8 does not count shared memory, so segments that are merely
 * dropped pile up long before a collection. One pool per worker; only its owner takes and gives back.
 */
export class SegmentPool {
  readonly segmentBytes: number
  readonly maxSegments: number
  readonly #free: SharedArrayBuffer[] = []
  readonly #poison: boolean
  #madeCount = 0

  constructor(options: { segmentBytes: number; maxSegments: number; poison?: 'poison-freed' }) {
    this.segmentBytes = options.segmentBytes
    this.maxSegments = options.maxSegments
    this.#poison = options.poison === 'poison-freed'
  }

  get usedCount(): number {
    return this.#madeCount - this.#free.length
  }
  get madeCount(): number {
    return this.#madeCount
  }

  /** Little is left: whoever holds back much of a log must let go. */
  get isTight(): boolean {
    return this.usedCount > this.maxSegments * TIGHT_SHARE
  }

  /** Undefined when the limit is reached. */
  take(): SharedArrayBuffer | undefined {
    const free = this.#free.pop()
    if (free) return free
    if (this.#madeCount >= this.maxSegments) return undefined
    this.#madeCount++
    return new SharedArrayBuffer(this.segmentBytes)
  }

  /** The bytes may be overwritten from now on. */
  give(segment: SharedArrayBuffer): void {
    if (segment.byteLength !== this.segmentBytes) throw new InvariantError('segment of another pool')
    if (this.#poison) new Uint8Array(segment).fill(0xdb)
    this.#free.push(segment)
  }
}
