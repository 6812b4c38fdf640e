import type { Frame } from '../../../../media/model/index.ts'

const ENOUGH_FRAMES = 6
const USUAL_RATE = 30
/** Times in whole milliseconds make a rate this uncertain. */
const TOLERANCE = 0.03
const USUAL_RATES = [10, 12, 12.5, 15, 20, 24, 25, 30, 48, 50, 60, 90, 100, 120, 144]
/** What a rate can be; irregular sources measure as anything. */
const LEAST = 1
const MOST = 240

/**
 * Holds the first frames of a source back until their times tell how many there are a second: rate controls want to
 * know it, and what streams say of themselves is often missing or wrong.
 */
export class FrameRateProbe {
  readonly #declared: number | undefined
  #held: Frame[] | undefined = []
  #framesPerSecond: number

  /** `declared`: what the stream says of itself, which is taken where the times agree. */
  constructor(declared?: number) {
    this.#declared = declared
    this.#framesPerSecond = declared ?? USUAL_RATE
  }

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
    if (seconds > 0) this.#framesPerSecond = this.#named((held.length - 1) / seconds)
    return held
  }

  #named(measured: number): number {
    const isClose = (rate: number) => Math.abs(measured / rate - 1) < TOLERANCE
    const nearest = USUAL_RATES.reduce((a, b) => (Math.abs(b - measured) < Math.abs(a - measured) ? b : a))
    if (this.#declared !== undefined && isClose(this.#declared)) return this.#declared
    return isClose(nearest) ? nearest : Math.min(MOST, Math.max(LEAST, measured))
  }
}
