import { makeRetimer } from '../../packaging/index.ts'
import type { JoinPoint, LogReader, Subscription } from '../../stream/index.ts'
import { CatchUp } from './catch-up.ts'
import type { CloseReason, Viewer } from './viewer.ts'

export type FanoutLimits = {
  /** A viewer that is further behind is moved to the newest keyframe. */
  readonly maxLagMs: number
  /** A viewer whose socket takes nothing for so long is closed. */
  readonly stallMs: number
  /** So many moves are allowed before the viewer is closed as too slow. */
  readonly maxMoves: number
  /** Nobody may hold back more of the log than this, whatever the time. */
  readonly maxLagBytes: number
  /** How long a viewer waits for the first keyframe. */
  readonly firstMediaMs: number
}

export interface FanoutObserver {
  onSent(bytes: number): void
  onMoved(viewer: Viewer): void
  onClosed(viewer: Viewer, reason: CloseReason): void
}

const SLICE_MS = 8
const CLOCK_CHECK_EVERY = 32
const HISTORY_STEP_MS = 250
/** How often a viewer that the kernel takes nothing for is looked at. */
const WATCH_STEP_MS = 100

/**
 * Sends one log to the viewers of one worker. A pass writes to each viewer what it has not had yet, as views on the
 * shared log; viewers at the same position share the views, so a viewer costs one write on its handle and nothing else.
 */
export class Fanout {
  readonly subscription: Subscription
  readonly #reader: LogReader
  readonly #limits: FanoutLimits
  readonly #observer: FanoutObserver
  readonly #catchUp: CatchUp
  readonly #viewers: Viewer[] = []
  readonly #history: { readonly position: number; readonly nowMs: number }[] = []
  #passIndex = 0
  #passHead = 0
  #passLowest = 0
  #lagPosition = -1
  #sentBytes = 0
  #viewsPosition = -1
  #views: Buffer[] = []

  constructor(subscription: Subscription, limits: FanoutLimits, observer: FanoutObserver) {
    this.subscription = subscription
    this.#reader = subscription.reader
    this.#limits = limits
    this.#observer = observer
    this.#catchUp = new CatchUp(this.#reader, (opening) => makeRetimer(subscription.format, opening))
  }

  get viewers(): readonly Viewer[] {
    return this.#viewers
  }
  get done(): boolean {
    return this.#viewers.length === 0
  }
  get pendingCount(): number {
    let count = 0
    for (const viewer of this.#viewers) if (viewer.isBusy || viewer.position < 0) count++
    return count
  }

  add(viewer: Viewer): void {
    this.#viewers.push(viewer)
  }
  /** The peer closed its socket, or wants no more: what libuv still has to send is held until it is gone. */
  drop(viewer: Viewer): void {
    if (viewer.isBusy && !viewer.socket.destroyed) viewer.isLeaving = true
    else this.#remove(viewer, 'peer-closed')
  }
  closeAll(reason: CloseReason): void {
    for (const viewer of [...this.#viewers]) this.#close(viewer, reason)
  }

  /** Starts a pass over all viewers. `step` does it, in slices. */
  startPass(nowMs: number): void {
    this.#passHead = this.#reader.head
    this.#passIndex = this.#viewers.length - 1
    this.#passLowest = Number.POSITIVE_INFINITY
    this.#viewsPosition = -1
    this.#remember(nowMs)
    this.#lagPosition = this.#lagPositionAt(nowMs)
  }
  /** Goes on with the pass until the slice is used up; true when all viewers have had their turn. */
  step(nowMs: number, clock: () => number): boolean {
    const deadline = nowMs + SLICE_MS
    for (let turns = 1; this.#passIndex >= 0; turns++) {
      const viewer = this.#viewers[this.#passIndex--]
      if (viewer) this.#serve(viewer, nowMs)
      if (turns % CLOCK_CHECK_EVERY === 0 && clock() > deadline) return false
    }
    this.#endPass()
    return true
  }

  #serve(viewer: Viewer, nowMs: number): void {
    const { isBusy } = viewer
    if (viewer.position < 0) this.#tryJoin(viewer, nowMs)
    else if (isBusy) this.#watch(viewer, nowMs)
    else if (viewer.isLeaving) this.#remove(viewer, 'peer-closed')
    else {
      if (viewer.position < this.#lagPosition && this.#move(viewer) === 'closed') return
      if (viewer.position < this.#passHead) this.#write(viewer, this.#viewsFor(viewer), nowMs)
      else if (this.#isOver) this.#close(viewer, 'stream-ended')
    }
    if (viewer.position >= 0) this.#passLowest = Math.min(this.#passLowest, viewer.lowWater(isBusy))
  }

  /** Nothing is behind what this pass hands out: another thread may have written the last of it since the pass began. */
  get #isOver(): boolean {
    return this.#reader.isDrained && this.#reader.head === this.#passHead
  }

  #tryJoin(viewer: Viewer, nowMs: number): void {
    const join = this.#holdJoin()
    if (!join) {
      if (this.#isOver) this.#close(viewer, 'stream-ended')
      else if (nowMs - viewer.startedMs > this.#limits.firstMediaMs) this.#close(viewer, 'no-media')
      return
    }
    const { head } = viewer
    const { opening } = join.preamble
    viewer.position = join.position
    viewer.preambleVersion = join.preamble.version
    viewer.head = undefined
    const greeting = head ? Buffer.concat([head, opening]) : opening
    const views = this.#viewsFrom(join.position)
    this.#write(viewer, greeting.length > 0 ? [greeting, ...views] : views, nowMs)
  }

  /** The newest join point, with the mark set so that it stays. */
  #holdJoin(): JoinPoint | undefined {
    for (let tries = 0; tries < 3; tries++) {
      const join = this.#reader.join()
      if (!join || join.position > this.#passHead) return undefined
      if (this.#reader.holdAlso(join.position)) return join
    }
    return undefined
  }

  #watch(viewer: Viewer, nowMs: number): void {
    const heldBytes = this.#passHead - viewer.pendingFrom
    // In every pass: what is left of the memory may be full before the next look.
    if (heldBytes > this.#reader.lagLimitBytes) return this.#close(viewer, 'memory-short')
    if (nowMs < viewer.watchAgainMs) return
    viewer.watchAgainMs = nowMs + WATCH_STEP_MS
    if (viewer.stalledForMs(nowMs) > this.#limits.stallMs) this.#close(viewer, 'stalled')
    else if (heldBytes > this.#limits.maxLagBytes) this.#close(viewer, 'too-slow')
  }

  /** To the newest keyframe, sound and picture together; the times go on where the viewer's ended. */
  #move(viewer: Viewer): 'open' | 'closed' {
    const join = this.#reader.join()
    if (!join || join.position <= viewer.position || join.position >= this.#passHead) return 'open'
    if (++viewer.moveCount > this.#limits.maxMoves) {
      this.#close(viewer, 'too-slow')
      return 'closed'
    }
    viewer.shift = this.#catchUp.move(viewer.position, join, this.#passHead, viewer.shift)
    viewer.position = join.position
    this.#resume(viewer, join)
    this.#observer.onMoved(viewer)
    return 'open'
  }
  /** The configuration that changed in what the viewer missed. */
  #resume(viewer: Viewer, { preamble: { version, resuming } }: JoinPoint): void {
    const isNews = viewer.preambleVersion !== version && resuming.length > 0
    viewer.preambleVersion = version
    if (!isNews) return
    const { shift } = viewer
    viewer.write([shift ? this.#catchUp.shifted(Buffer.from(resuming), shift) : resuming], viewer.position)
  }

  #write(viewer: Viewer, views: readonly Uint8Array[], nowMs: number): void {
    viewer.write(views, this.#passHead)
    this.#sentBytes += viewer.position - viewer.pendingFrom
    viewer.progressMs = nowMs
    viewer.queuedBytes = -1
  }
  #viewsFor({ position, shift }: Viewer): readonly Buffer[] {
    return shift ? [this.#catchUp.bytes(position, this.#passHead, shift)] : this.#viewsFrom(position)
  }
  #viewsFrom(position: number): readonly Buffer[] {
    if (this.#viewsPosition !== position) {
      this.#views = this.#reader.views(position, this.#passHead)
      this.#viewsPosition = position
    }
    return this.#views
  }

  #close(viewer: Viewer, reason: CloseReason): void {
    this.#remove(viewer, reason)
    if (viewer.onEnd) viewer.onEnd(reason)
    else if (reason === 'stream-ended' || reason === 'no-media') viewer.socket.end()
    else viewer.socket.resetAndDestroy()
  }
  #remove(viewer: Viewer, reason: CloseReason): void {
    const at = this.#viewers.indexOf(viewer)
    if (at < 0) return
    const last = this.#viewers.pop()
    if (last && last !== viewer) this.#viewers[at] = last
    this.#observer.onClosed(viewer, reason)
  }

  /** Nobody stands lower than at its turn in the pass, and who joined since then has set the mark itself. */
  #endPass(): void {
    if (this.#sentBytes > 0) this.#observer.onSent(this.#sentBytes)
    this.#sentBytes = 0
    if (this.#passLowest === Number.POSITIVE_INFINITY) this.#reader.letGo()
    else this.#reader.hold(this.#passLowest)
  }

  /** Where the log's head was `maxLagMs` ago. */
  #lagPositionAt(nowMs: number): number {
    const oldest = this.#history[0]
    return oldest && nowMs - oldest.nowMs >= this.#limits.maxLagMs ? oldest.position : -1
  }
  #remember(nowMs: number): void {
    const last = this.#history.at(-1)
    if (!last || nowMs - last.nowMs >= HISTORY_STEP_MS) this.#history.push({ position: this.#passHead, nowMs })
    while (nowMs - (this.#history[1]?.nowMs ?? nowMs) >= this.#limits.maxLagMs) this.#history.shift()
  }
}
