import { InvariantError } from '../../../media/errors.ts'
import { UnavailableError } from '../../../platform/errors.ts'
import { ControlBlock } from './control-block.ts'
import type { SegmentPool } from './segment-pool.ts'

/** What a new reader gets in front of a join point. */
export type Preamble = {
  /** Counts up from 1; the join point names the version that belongs to it. */
  readonly version: number
  /** From nothing: headers, configuration. */
  readonly opening: Uint8Array
  /** For a reader that is already in the stream but skipped over the change. */
  readonly resuming: Uint8Array
}

export type LogSegment = { readonly index: number; readonly shared: SharedArrayBuffer }

/** Told of everything that other workers cannot see in shared memory. */
export interface LogObserver {
  onSegment(segment: LogSegment): void
  onPreamble(preamble: Preamble): void
  /** New bytes are visible (called on the writer's own thread). */
  onCommit?(): void
  onEnd?(): void
}

/** What a reader on any thread needs to open the log. Everything in it can be posted to a worker. */
export type LogHandle = {
  readonly control: SharedArrayBuffer
  readonly segmentBytes: number
  /** Position of the writer when the handle was made. */
  readonly head: number
  readonly segments: readonly LogSegment[]
  readonly preambles: readonly Preamble[]
}

const NO_BYTES = new Uint8Array(0)
const KEPT_PREAMBLES = 4
/** While memory is short a reader may hold back so much more than the log keeps for joining. */
const TIGHT_LAG_SEGMENTS = 2

/**
 * The one writer of an append-only log in shared memory: a byte string that only grows, held in fixed segments.
 * Bytes before the newest join point are dropped as soon as no reader's mark stands before them.
 */
export class LogWriter {
  readonly #control = new ControlBlock()
  readonly #pool: SegmentPool
  readonly #segments: LogSegment[] = []
  readonly #observers = new Set<LogObserver>()
  readonly #maxBytes: number
  #preambles: Preamble[] = []
  #head = 0
  #committed = 0
  #current: Uint8Array = NO_BYTES
  #currentEnd = 0
  #joinPosition = 0
  #keepFrom: number | undefined
  #ended = false

  /** `maxBytes`: how much may lie between the oldest and the newest byte, whatever the readers do. */
  constructor(pool: SegmentPool, options: { maxBytes: number }) {
    this.#pool = pool
    this.#maxBytes = options.maxBytes
  }

  get head(): number {
    return this.#head
  }
  get heldBytes(): number {
    return this.#segments.length * this.#pool.segmentBytes
  }
  get ended(): boolean {
    return this.#ended
  }

  handle(): LogHandle {
    return {
      control: this.#control.shared,
      segmentBytes: this.#pool.segmentBytes,
      head: this.#committed,
      segments: [...this.#segments],
      preambles: [...this.#preambles],
    }
  }
  observe(observer: LogObserver): Disposable {
    this.#observers.add(observer)
    return { [Symbol.dispose]: () => this.#observers.delete(observer) }
  }
  /** For a worker that died: its mark would hold the log for ever. */
  clearMark(slot: number): void {
    this.#control.clearMark(slot)
  }

  /** What readers need from the next join point on. */
  setPreamble(opening: Uint8Array, resuming: Uint8Array): void {
    const version = (this.#preambles.at(-1)?.version ?? 0) + 1
    const preamble = { version, opening, resuming }
    this.#preambles = [...this.#preambles.slice(1 - KEPT_PREAMBLES), preamble]
    for (const observer of this.#observers) observer.onPreamble(preamble)
  }

  /** New readers start at the byte that is appended next. */
  markJoin(): void {
    this.#joinPosition = this.#head
    this.#control.publishJoin(this.#head, this.#preambles.at(-1)?.version ?? 0)
  }
  /** Nobody can join until the next `markJoin`. */
  clearJoin(): void {
    this.#control.publishJoin(this.#head, 0)
  }
  /** Keeps all bytes from `position` on, join points or not (a window of segments). */
  keepFrom(position: number): void {
    this.#keepFrom = position
    this.#reclaim()
  }

  /** Copies; visible to readers after `commit`. */
  append(parts: readonly Uint8Array[]): void {
    if (this.#ended) throw new InvariantError('append to a log that has ended')
    for (const part of parts) this.#copy(part)
  }
  commit(): void {
    if (this.#committed === this.#head) return
    this.#committed = this.#head
    this.#control.publishHead(this.#head)
    for (const observer of this.#observers) observer.onCommit?.()
  }
  /** Readers drain what is there and stop. */
  end(): void {
    if (this.#ended) return
    this.commit()
    this.#ended = true
    this.#control.end()
    for (const observer of this.#observers) observer.onEnd?.()
  }
  /** Gives the segments back once every reader has let go; call again until it returns true. */
  release(): boolean {
    this.#reclaimBelow(this.#control.lowestMark(this.#head))
    const idle = this.#control.lowestMark(this.#head + 1) > this.#head
    if (!idle) return false
    for (const segment of this.#segments.splice(0)) this.#pool.give(segment.shared)
    return true
  }

  #copy(part: Uint8Array): void {
    for (let from = 0; from < part.length; ) {
      if (this.#head === this.#currentEnd) this.#nextSegment()
      const room = this.#currentEnd - this.#head
      const length = Math.min(room, part.length - from)
      const whole = from === 0 && length === part.length
      this.#current.set(whole ? part : part.subarray(from, from + length), this.#current.length - room)
      this.#head += length
      from += length
    }
  }

  #nextSegment(): void {
    this.#reclaim()
    const shared = this.#pool.take()
    if (!shared) throw new UnavailableError('log memory', 'every segment of the pool is in use; raise memory.poolBytes')
    const segment = { index: this.#head / this.#pool.segmentBytes, shared }
    this.#segments.push(segment)
    this.#control.lagLimitBytes = this.#pool.isTight ? this.#tightLagBytes() : 0
    this.#current = new Uint8Array(shared)
    this.#currentEnd = this.#head + shared.byteLength
    for (const observer of this.#observers) observer.onSegment(segment)
  }

  #tightLagBytes(): number {
    const keptBytes = this.#head - (this.#keepFrom ?? this.#joinPosition)
    return keptBytes + TIGHT_LAG_SEGMENTS * this.#pool.segmentBytes
  }

  /** Tail first, marks second: a reader does it the other way round, so one of the two always sees the other. */
  #reclaim(): void {
    let floor = this.#keepFrom ?? this.#joinPosition
    if (this.#head - floor > this.#maxBytes) {
      floor = this.#head - this.#maxBytes
      if (this.#joinPosition < floor) this.clearJoin()
    }
    this.#control.tail = floor
    this.#reclaimBelow(Math.min(floor, this.#control.lowestMark(this.#head)))
  }
  #reclaimBelow(position: number): void {
    const size = this.#pool.segmentBytes
    for (let first = this.#segments[0]; first && (first.index + 1) * size <= position; first = this.#segments[0]) {
      this.#segments.shift()
      this.#pool.give(first.shared)
    }
  }
}
