import { monitorEventLoopDelay } from 'node:perf_hooks'

type Histogram = ReturnType<typeof monitorEventLoopDelay>

/** Time between two looks. Each look wakes a resting core: 20 a second cost more than the rest of an idle worker. */
const STEP_MS = 200
/** As many looks as a 99th percentile needs at least. */
const WINDOW_MS = 20_000

/** How late the event loop of this thread is: what an event waits at most, but for one in a hundred. */
export class LoopDelay {
  #now = started()
  #before: Histogram | undefined
  #sinceMs = performance.now()

  /** Of the last 20 to 40 s, in milliseconds. */
  p99Ms(): number {
    const nowMs = performance.now()
    if (nowMs - this.#sinceMs >= WINDOW_MS) {
      this.#now.disable()
      this.#before = this.#now
      this.#now = started()
      this.#sinceMs = nowMs
    }
    return Math.max(lateMs(this.#now), this.#before ? lateMs(this.#before) : 0)
  }
}

function started(): Histogram {
  const histogram = monitorEventLoopDelay({ resolution: STEP_MS })
  histogram.enable()
  return histogram
}
/** What is measured is the time between two looks. */
function lateMs(histogram: Histogram): number {
  const ms = histogram.percentile(99) / 1e6 - STEP_MS
  return Number.isFinite(ms) ? Math.max(0, ms) : 0
}
