import { CmafIndex, decodeCmafRecord, type IndexedSegment, type IndexedTrack } from '../../packaging/index.ts'
import type { Subscription } from '../../stream/index.ts'

/** A segment's bytes as views on the log, and what to call when they are sent. */
export type HeldBytes = { readonly views: readonly Buffer[]; readonly byteLength: number; done(): void }

type Waiter = { readonly ready: () => boolean; readonly resolve: (ok: boolean) => void }

/**
 * One worker's picture of the CMAF log of one stream: follows the log's records, answers what the playlists need and
 * hands out segment bytes, holding them in the log until they are sent.
 */
export class HlsView {
  readonly index: CmafIndex
  readonly #subscription: Subscription
  readonly #inFlight = new Set<{ readonly from: number }>()
  readonly #waiters = new Set<Waiter>()
  #position: number
  lastUsedMs = 0

  constructor(subscription: Subscription, windowSegments: number, startPosition: number) {
    this.#subscription = subscription
    this.#position = startPosition
    this.index = CmafIndex.fromSnapshot(subscription.snapshot ?? new Uint8Array(0), windowSegments)
    subscription.reader.hold(this.#position)
    subscription.onData(() => this.#follow())
    this.#follow()
  }

  get subscription(): Subscription {
    return this.#subscription
  }
  get ended(): boolean {
    return this.index.ended || this.#subscription.reader.ended
  }

  /** Resolves when `ready` holds, or with false when the stream ends or the time is up. */
  wait(ready: () => boolean, timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    if (ready()) return Promise.resolve(true)
    if (this.ended) return Promise.resolve(false)
    return new Promise((resolve) => {
      const settle = (ok: boolean) => {
        this.#waiters.delete(waiter)
        clearTimeout(timer)
        signal.removeEventListener('abort', abort)
        resolve(ok)
      }
      const abort = () => settle(false)
      const waiter = { ready, resolve: settle }
      const timer = setTimeout(abort, timeoutMs)
      signal.addEventListener('abort', abort)
      this.#waiters.add(waiter)
    })
  }

  /** Undefined when the segment has left the log. `done` must be called once. */
  hold(segment: IndexedSegment): HeldBytes | undefined {
    const from = segment.ranges[0]?.[0]
    const { reader } = this.#subscription
    if (from === undefined || !reader.holdAlso(from)) {
      this.#publishMark()
      return undefined
    }
    const entry = { from }
    this.#inFlight.add(entry)
    const views = segment.ranges.flatMap(([start, end]) => reader.views(start, end))
    const done = () => {
      if (this.#inFlight.delete(entry)) this.#publishMark()
    }
    return { views, byteLength: segment.byteLength, done }
  }

  track(id: number): IndexedTrack | undefined {
    return this.index.tracks.get(id)
  }
  get busy(): boolean {
    return this.#inFlight.size > 0 || this.#waiters.size > 0
  }

  #follow(): void {
    const { reader } = this.#subscription
    const head = reader.head
    for (;;) {
      const placed = decodeCmafRecord(reader, this.#position, head)
      if (!placed) break
      this.index.apply(placed, () => new Uint8Array(reader.contiguous(placed.payloadFrom, placed.next)))
      this.#position = placed.next
    }
    this.#publishMark()
    for (const waiter of this.#waiters) if (waiter.ready() || this.ended) waiter.resolve(waiter.ready())
  }

  /**
   * The whole window stays held, not only what is being sent: the writer keeps it while the stream lives, but when it
   * ends only the readers' marks stand between the window and the pool.
   */
  #publishMark(): void {
    const window = this.index.lowestPosition(this.#position)
    let lowest = Math.min(this.#position, Math.max(window, this.#subscription.reader.tail))
    for (const { from } of this.#inFlight) lowest = Math.min(lowest, from)
    this.#subscription.reader.hold(lowest)
  }
}
