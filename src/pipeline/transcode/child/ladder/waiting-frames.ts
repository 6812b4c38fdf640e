import type { Frame } from '../../../../media/model/index.ts'

/** Frames that wait at most; a machine that is so much too slow does not catch up at all. */
const MAX_WAITING = 3000

/** Frames in order for one decoder, bounded: those that are too many are dropped, and what comes up to a keyframe. */
export class WaitingFrames {
  readonly #frames: Frame[] = []
  readonly #videoId: number | undefined
  readonly #max: number
  #awaitsKey = false

  /** `videoId`: the track whose keyframes a decoder can begin with; where there is none every frame is such. */
  constructor(videoId: number | undefined, max = MAX_WAITING) {
    this.#videoId = videoId
    this.#max = max
  }

  push(frame: Frame): void {
    if (this.#frames.length >= this.#max) {
      this.#frames.length = 0
      this.#awaitsKey = this.#videoId !== undefined
    }
    if (this.#awaitsKey && (frame.trackId !== this.#videoId || !frame.isKey)) return
    this.#awaitsKey = false
    this.#frames.push(frame)
  }
  shift(): Frame | undefined {
    return this.#frames.shift()
  }
}
