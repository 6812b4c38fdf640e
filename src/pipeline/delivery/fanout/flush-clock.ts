/** `auto`, or a fixed number of milliseconds between passes; 0 sends every frame at once. */
export type FlushSetting = 'auto' | number

export type FlushBounds = { readonly setting: FlushSetting; readonly minMs: number; readonly maxMs: number }

/**
 * A pass may cost this share of the time between passes. At 0.25 the latency of 1,000 viewers was ten times that of 500,
 * because the interval passed the time between two pictures there.
 */
const PASS_SHARE = 0.4
const SMOOTHING = 0.2

/**
 * Chooses the time between passes from what passes cost: while they are cheap every frame goes out at once; as viewers
 * are added the interval grows with the cost, up to its bound.
 */
export class FlushClock {
  readonly #bounds: FlushBounds
  #costMs = 0

  constructor(bounds: FlushBounds) {
    this.#bounds = bounds
  }

  get intervalMs(): number {
    const { setting, minMs, maxMs } = this.#bounds
    if (setting !== 'auto') return setting
    const wanted = this.#costMs / PASS_SHARE
    return wanted < minMs ? 0 : Math.min(maxMs, wanted)
  }
  passTook(ms: number): void {
    this.#costMs += (ms - this.#costMs) * SMOOTHING
  }
}
