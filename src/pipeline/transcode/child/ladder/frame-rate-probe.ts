import type { Frame } from '../../../../media/model/index.ts'

const ENOUGH_FRAMES = 6
const USUAL_RATE = 30
/** What a rate can be; irregular sources measure as anything. */
const LEAST = 1
const MOST = 240

/**
 * Holds the first frames of a source back until their times tell how many there are a second: rate controls want to
 * know it, and what streams say of themselves is often missing or wrong.
 */
export class FrameRateProbe {
  #held: Frame[] | undefined = []
  #framesPerSecond = USUAL_RATE

  get framesPerSecond(): number {
    return this.#framesPerSecond
  }
  /** The frames to go on with now. Held ones must own their data. */
  push(frame: Frame): readonly Frame[] {
    if (!this.#held) return [frame]
    this.#held.push(frame)
    return this.#held.length < ENOUGH_FRAMES ? [] : this.flush()
  }
  /** What is held; nothing is any more. */
  flush(): readonly Frame[] {
    const held = this.#held ?? []
    this.#held = undefined
    const seconds = ((held.at(-1)?.dtsTicks ?? 0) - (held[0]?.dtsTicks ?? 0)) / 90_000
    if (seconds > 0) this.#framesPerSecond = Math.min(MOST, Math.max(LEAST, (held.length - 1) / seconds))
    return held
  }
}
