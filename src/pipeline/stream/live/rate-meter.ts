/** Counts and their rate over the last whole seconds. */
export class RateMeter {
  #total = 0
  #windowStartMs: number | undefined
  #windowCount = 0
  #perSecond = 0

  get total(): number {
    return this.#total
  }
  add(count: number, nowMs: number): void {
    this.#total += count
    this.#windowStartMs ??= nowMs
    const spanMs = nowMs - this.#windowStartMs
    if (spanMs >= 2000) {
      this.#perSecond = (this.#windowCount * 1000) / spanMs
      this.#windowStartMs = nowMs
      this.#windowCount = 0
    }
    this.#windowCount += count
  }
  /** 0 after four seconds of silence. */
  perSecond(nowMs: number): number {
    const startMs = this.#windowStartMs
    if (startMs === undefined || nowMs - startMs > 4000) return 0
    if (this.#perSecond === 0 && nowMs > startMs) return (this.#windowCount * 1000) / Math.max(500, nowMs - startMs)
    return this.#perSecond
  }
}
