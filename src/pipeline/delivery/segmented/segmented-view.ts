import { CmafIndex, decodeCmafRecord, type IndexedPart, type IndexedTrack } from '../../packaging/index.ts'
import type { Subscription } from '../../stream/index.ts'
import { Gates, type Wait, type Waiter } from './gates.ts'

/** Bytes as views on the log, and what to call when they are sent. Whoever holds the same has the same `views`. */
export type HeldBytes = { readonly views: readonly Buffer[]; readonly byteLength: number; done(): void }
/** What is being sent, to however many; kept without holders until the log goes on, for those who ask next. */
type InFlight = { readonly from: number; readonly views: readonly Buffer[]; holders: number }

/**
 * One worker's picture of the CMAF log of one stream: follows the log's records, answers what the lists need and hands
 * out the bytes of chunks, holding them in the log until they are sent.
 */
export class SegmentedView {
  readonly index: CmafIndex
  readonly #gates = new Gates()
  readonly #subscription: Subscription
  readonly #inFlight = new Map<string, InFlight>()
  #holderCount = 0
  #position: number
  /** Head of the log when it was looked at last. */
  #followedTo = -1
  lastUsedMs = 0

  constructor(subscription: Subscription, startPosition: number) {
    this.#subscription = subscription
    this.#position = startPosition
    this.index = CmafIndex.fromSnapshot(subscription.snapshot ?? new Uint8Array(0))
    subscription.reader.hold(this.#position)
    subscription.onData(() => this.#follow())
    this.#follow()
  }

  get subscription(): Subscription {
    return this.#subscription
  }
  /** Nothing more comes. A log that has ended may still have its last records on their way to this thread. */
  get ended(): boolean {
    const { reader } = this.#subscription
    return this.index.ended || (reader.isDrained && reader.head === this.#followedTo)
  }
  get busy(): boolean {
    return this.#holderCount > 0 || this.#gates.waitingCount > 0
  }
  track(id: number): IndexedTrack | undefined {
    return this.index.tracks.get(id)
  }

  /** Resolves when `ready` (named by `key`) holds; with false when the stream ends, the time is up or `signal` aborts. */
  wait(key: string, ready: () => boolean, timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    if (this.ended) return Promise.resolve(ready())
    return this.#gates.wait({ key, isOpen: ready }, timeoutMs, signal)
  }

  /** `waiter` is told when `wait` is over, or nothing more comes. Returns what takes it away again. */
  join(wait: Wait, waiter: Waiter): () => void {
    return this.#gates.join(wait, waiter)
  }

  /** Undefined when the bytes have left the log. `done` must be called once. */
  hold(parts: readonly IndexedPart[]): HeldBytes | undefined {
    const [from, to] = [parts[0]?.from, parts.at(-1)?.to]
    if (from === undefined || to === undefined) return undefined
    const { reader } = this.#subscription
    const key = `${from} ${to}`
    const known = this.#inFlight.get(key)
    if (!known?.holders && !reader.holdAlso(from)) {
      this.#publishMark()
      return undefined
    }
    const views = known?.views ?? parts.flatMap((part) => reader.views(part.from, part.to))
    const inFlight = known ?? { from, views, holders: 0 }
    this.#inFlight.set(key, inFlight)
    inFlight.holders++
    this.#holderCount++
    let isHeld = true
    const done = () => {
      if (!isHeld) return
      isHeld = false
      inFlight.holders--
      this.#holderCount--
      // Else the log's next record is soon enough.
      if (inFlight.holders === 0 && this.ended) this.#publishMark()
    }
    return { views, byteLength: views.reduce((sum, view) => sum + view.length, 0), done }
  }

  #follow(): void {
    const { reader } = this.#subscription
    const head = reader.head
    this.#followedTo = head
    const version = this.index.version
    for (;;) {
      const placed = decodeCmafRecord(reader, this.#position, head)
      if (!placed) break
      this.index.apply(placed, () => new Uint8Array(reader.contiguous(placed.payloadFrom, placed.next)))
      this.#position = placed.next
    }
    this.#publishMark()
    if (this.ended) this.#gates.closeAll()
    else if (this.index.version !== version) this.#gates.check()
  }

  /**
   * The whole window stays held, not only what is being sent: the writer keeps it while the stream lives, but when it
   * ends only the readers' marks stand between the window and the pool.
   */
  #publishMark(): void {
    const window = this.index.lowestPosition(this.#position)
    let lowest = Math.min(this.#position, Math.max(window, this.#subscription.reader.tail))
    for (const [key, { from, holders }] of this.#inFlight) {
      if (holders > 0) lowest = Math.min(lowest, from)
      else this.#inFlight.delete(key)
    }
    this.#subscription.reader.hold(lowest)
  }
}

/** A piece of a segment, without the rest of it. Undefined when the bytes have left the log. */
export function copyOf(
  view: SegmentedView,
  parts: readonly IndexedPart[],
  { offsetBytes, sizeBytes }: { readonly offsetBytes: number; readonly sizeBytes: number },
): Uint8Array | undefined {
  const held = view.hold(parts)
  if (!held) return undefined
  const bytes = Buffer.allocUnsafe(sizeBytes)
  let at = -offsetBytes
  let filled = 0
  for (const piece of held.views) {
    const from = Math.max(0, -at)
    if (from < piece.length && filled < sizeBytes) {
      const wanted = piece.subarray(from, from + sizeBytes - filled)
      bytes.set(wanted, filled)
      filled += wanted.length
    }
    at += piece.length
  }
  held.done()
  return bytes.subarray(0, filled)
}
