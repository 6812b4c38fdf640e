import { InvariantError } from '../../../media/errors.ts'
import { ControlBlock, widen } from './control-block.ts'
import type { LogHandle, LogSegment, Preamble } from './log-writer.ts'

export type JoinPoint = { readonly position: number; readonly preamble: Preamble }

/**
 * One worker's window on a log that any worker writes. All its cursors share one slot of marks: the owner of the
 * cursors keeps the mark at or below the lowest byte that it, or a socket's pending write, may still touch.
 */
export class LogReader {
  /** Position of the writer when the handle was made. */
  readonly startPosition: number
  readonly #control: ControlBlock
  readonly #slot: number
  readonly #segmentBytes: number
  #segments: Buffer[] = []
  #firstIndex = 0
  #preambles: Preamble[]
  #head: number
  #mark: number | undefined
  #seen32: number

  /** `slot`: unique per thread and log. */
  constructor(handle: LogHandle, slot: number) {
    this.#control = new ControlBlock(handle.control)
    this.#slot = slot
    this.#segmentBytes = handle.segmentBytes
    this.#head = handle.head
    this.startPosition = handle.head
    this.#seen32 = handle.head | 0
    this.#preambles = [...handle.preambles]
    for (const segment of handle.segments) this.addSegment(segment)
  }

  addSegment(segment: LogSegment): void {
    if (this.#segments.length === 0) this.#firstIndex = segment.index
    const at = segment.index - this.#firstIndex
    if (at < 0 || at > this.#segments.length) throw new InvariantError('a log segment came out of order')
    this.#segments[at] = Buffer.from(segment.shared)
    this.#forgetBelow(Math.min(this.#mark ?? Number.POSITIVE_INFINITY, this.tail))
  }
  addPreamble(preamble: Preamble): void {
    this.#preambles = [...this.#preambles.slice(-3), preamble]
  }

  /**
   * The end of what can be read now. Always where a commit of the writer ended: while a segment is still on its way to
   * this thread, the end that was seen before it.
   */
  get head(): number {
    const published = widen(this.#control.head32, this.#head)
    const known = (this.#firstIndex + this.#segments.length) * this.#segmentBytes
    if (published <= known) this.#head = published
    return this.#head
  }
  get tail(): number {
    return widen(this.#control.tail32, this.#head)
  }
  /** So many bytes may be held back while the writer's memory is short; infinite while there is enough. */
  get lagLimitBytes(): number {
    return this.#control.lagLimitBytes || Number.POSITIVE_INFINITY
  }
  get ended(): boolean {
    return this.#control.ended
  }
  /** The log has ended, and all of it that will ever come can be read here. */
  get isDrained(): boolean {
    return this.#control.abandoned || (this.#control.ended && this.#control.head32 === (this.head | 0))
  }

  /** The newest point where a reader can start, or undefined while there is none or its preamble is on its way. */
  join(): JoinPoint | undefined {
    const { position32, version } = this.#control.readJoin()
    if (version === 0) return undefined
    const preamble = this.#preambles.find((candidate) => candidate.version === version)
    return preamble && { position: widen(position32, this.#head), preamble }
  }

  /** Where a reader of frames can start; unlike `join` it needs no preamble, which may still be on its way. */
  get joinPosition(): number | undefined {
    const { position32, version } = this.#control.readJoin()
    return version === 0 ? undefined : widen(position32, this.#head)
  }

  /** Holds everything from `position` on. False when the writer has already let it go: join anew. */
  hold(position: number): boolean {
    this.#mark = position
    this.#control.setMark(this.#slot, position)
    return this.tail <= position
  }
  /** As `hold`, for one cursor more: what is held already stays held, also where the writer's tail has passed it. */
  holdAlso(position: number): boolean {
    this.hold(Math.min(this.#mark ?? position, position))
    return this.tail <= position
  }
  /** Nothing here is in use any more. */
  letGo(): void {
    this.#mark = undefined
    this.#control.clearMark(this.#slot)
  }
  /** Views on [from, to), one per segment touched; valid while held. */
  views(from: number, to: number): Buffer[] {
    const views: Buffer[] = []
    for (let at = from; at < to; ) {
      const index = Math.floor(at / this.#segmentBytes)
      const start = index * this.#segmentBytes
      const segment = this.#segments[index - this.#firstIndex]
      if (!segment) throw new InvariantError('read of a log segment that is not held')
      const end = Math.min(to, start + this.#segmentBytes)
      views.push(segment.subarray(at - start, end - start))
      at = end
    }
    return views
  }
  /** The bytes of [from, to) in one piece: a view where they lie in one segment, else a copy. */
  contiguous(from: number, to: number): Buffer {
    const views = this.views(from, to)
    const only = views[0]
    return views.length === 1 && only ? only : Buffer.concat(views)
  }

  /** Resolves when the writer has published something since the last call; undefined when it has already. */
  changed(): Promise<unknown> | undefined {
    const wait = this.#control.changed(this.#seen32)
    if (!wait) this.#seen32 = this.#control.head32
    return wait
  }

  #forgetBelow(position: number): void {
    while (this.#segments.length > 1 && (this.#firstIndex + 1) * this.#segmentBytes <= position) {
      this.#segments.shift()
      this.#firstIndex++
    }
  }
}
