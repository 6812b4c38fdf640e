import { VIDEO_CLOCK_HZ } from '../../../../media/model/index.ts'

/**
 * Chooses which frames stay where fewer a second are wanted than there are. Those that stay keep their times, so a
 * source with an irregular rate keeps its rhythm; keyframes always stay, for rungs have theirs in the same places.
 */
export class FrameRateLimit {
  readonly #stepTicks: number
  #dueTicks = Number.NEGATIVE_INFINITY

  constructor(maxFps: number | undefined) {
    this.#stepTicks = maxFps === undefined ? 0 : VIDEO_CLOCK_HZ / maxFps
  }

  stays(ptsTicks: number, isKey: boolean): boolean {
    const toleranceTicks = this.#stepTicks / 4
    if (!isKey && ptsTicks < this.#dueTicks - toleranceTicks) return false
    const isLate = ptsTicks > this.#dueTicks + this.#stepTicks
    this.#dueTicks = (isKey || isLate ? ptsTicks : this.#dueTicks) + this.#stepTicks
    return true
  }
}
