import { performance } from 'node:perf_hooks'
import type { StreamHub, Subscription } from '../../stream/index.ts'
import { Fanout, type FanoutLimits } from './fanout.ts'
import { type FlushBounds, FlushClock } from './flush-clock.ts'
import type { CloseReason, Viewer } from './viewer.ts'

export type DeliveryOptions = {
  readonly hub: StreamHub
  readonly limits: FanoutLimits
  readonly flush: FlushBounds
  /** How long an output is kept running after its last viewer of this worker left. */
  readonly lingerMs: number
  readonly onClosed?: (stream: string, viewer: Viewer, reason: CloseReason) => void
}

export type DeliveryCounters = { sentBytes: number; moves: number; closed: Map<CloseReason, number> }

/** Stalled and waiting viewers are looked at even when the stream is silent. */
const WATCH_MS = 500
/** Between passes that follow each other faster nobody rests: not two pictures come in that time. */
const MIN_REST_MS = 40

type Entry = { readonly fanout: Fanout; idleSinceMs: number | undefined; dirty: boolean }

/** All viewers of one worker, and the clock that flushes them. */
export class Delivery {
  readonly counters: DeliveryCounters = { sentBytes: 0, moves: 0, closed: new Map() }
  readonly #options: DeliveryOptions
  readonly #clock: FlushClock
  readonly #entries = new Map<Subscription, Entry>()
  readonly #watch: NodeJS.Timeout
  readonly #startPassSoon = () => this.#startPass()
  #resting: (() => void)[] = []
  #scheduled = false
  #passing: Entry[] = []
  #passStartedMs = 0
  #passCostMs = 0

  constructor(options: DeliveryOptions) {
    this.#options = options
    this.#clock = new FlushClock(options.flush)
    this.#watch = setInterval(() => this.#onWatch(), WATCH_MS)
    this.#watch.unref()
  }

  get flushIntervalMs(): number {
    return this.#clock.intervalMs
  }
  /** Viewers by stream name. */
  *viewers(): Iterable<{ readonly stream: string; readonly viewer: Viewer }> {
    for (const { fanout } of this.#entries.values()) {
      for (const viewer of fanout.viewers) yield { stream: fanout.subscription.name, viewer }
    }
  }

  /** From now on `viewer` gets `format` of `name`. Rejects where the stream or the format does not exist. */
  async watch(name: string, format: string, viewer: Viewer): Promise<void> {
    const subscription = await this.#options.hub.subscribe(name, format)
    if (viewer.socket.destroyed) return
    const entry = this.#entry(subscription)
    entry.idleSinceMs = undefined
    viewer.attach(() => this.#onData(entry))
    entry.fanout.add(viewer)
    viewer.socket.on('close', () => entry.fanout.drop(viewer))
    this.#onData(entry)
  }
  /** Takes a viewer out without closing its socket (RTMP closeStream). */
  leave(viewer: Viewer): void {
    for (const { fanout } of this.#entries.values()) if (fanout.viewers.includes(viewer)) fanout.drop(viewer)
  }
  close(): void {
    clearInterval(this.#watch)
    for (const { fanout } of this.#entries.values()) fanout.closeAll('stream-ended')
  }

  #entry(subscription: Subscription): Entry {
    const known = this.#entries.get(subscription)
    if (known) return known
    const fanout = new Fanout(subscription, this.#options.limits, {
      onSent: (bytes) => {
        this.counters.sentBytes += bytes
      },
      onMoved: () => {
        this.counters.moves++
      },
      onClosed: (viewer, reason) => {
        this.counters.closed.set(reason, (this.counters.closed.get(reason) ?? 0) + 1)
        this.#options.onClosed?.(subscription.name, viewer, reason)
      },
    })
    const entry: Entry = { fanout, idleSinceMs: undefined, dirty: false }
    this.#entries.set(subscription, entry)
    subscription.onData(() => this.#onData(entry))
    return entry
  }

  /**
   * False while passes follow each other closely. Else `readOn` is called once, right before the next pass, so that what
   * is read then goes out in it.
   */
  restUntilPass(readOn: () => void): boolean {
    if (this.#clock.intervalMs < MIN_REST_MS) return false
    this.#resting.push(readOn)
    this.#schedule()
    return true
  }

  #onData(entry: Entry): void {
    entry.dirty = true
    this.#schedule()
  }
  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    const sinceMs = performance.now() - this.#passStartedMs
    const waitMs = this.#clock.intervalMs - sinceMs
    if (waitMs <= 1) setImmediate(this.#startPassSoon)
    else setTimeout(() => this.#onTime(), waitMs)
  }
  #onTime(): void {
    // The loop reads in its poll phase, which comes before its immediates.
    if (this.#resting.length > 0) setImmediate(this.#startPassSoon)
    else this.#startPass()
    this.#readOn()
  }
  #readOn(): void {
    const resting = this.#resting
    if (resting.length === 0) return
    this.#resting = []
    for (const readOn of resting) readOn()
  }

  #startPass(): void {
    const nowMs = performance.now()
    this.#passing = []
    for (const entry of this.#entries.values()) {
      if (!entry.dirty) continue
      entry.dirty = false
      entry.fanout.startPass(nowMs)
      this.#passing.push(entry)
    }
    if (this.#passing.length === 0) return this.#passLater()
    this.#passStartedMs = nowMs
    this.#passCostMs = 0
    this.#step()
  }
  /** Nothing has come: the next frame goes out at once, and whoever rests must be read for it. */
  #passLater(): void {
    this.#scheduled = false
    this.#readOn()
  }
  #step(): void {
    const startedMs = performance.now()
    for (let entry = this.#passing.at(-1); entry; entry = this.#passing.at(-1)) {
      if (!entry.fanout.step(startedMs, () => performance.now())) {
        this.#passCostMs += performance.now() - startedMs
        setImmediate(() => this.#step())
        return
      }
      this.#passing.pop()
    }
    this.#clock.passTook(this.#passCostMs + performance.now() - startedMs)
    this.#scheduled = false
    if (this.#resting.length > 0) return this.#schedule()
    for (const entry of this.#entries.values()) if (entry.dirty) return this.#schedule()
  }

  #onWatch(): void {
    const nowMs = performance.now()
    for (const [subscription, entry] of this.#entries) {
      if (entry.fanout.done) this.#idle(subscription, entry, nowMs)
      else if (entry.fanout.pendingCount > 0 || subscription.reader.ended) this.#onData(entry)
    }
  }
  #idle(subscription: Subscription, entry: Entry, nowMs: number): void {
    entry.idleSinceMs ??= nowMs
    if (!subscription.reader.ended && nowMs - entry.idleSinceMs < this.#options.lingerMs) return
    this.#entries.delete(subscription)
    subscription.release()
  }
}
