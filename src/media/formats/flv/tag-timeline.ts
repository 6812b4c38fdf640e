import { Unwrapper } from '../../model/index.ts'

/** A step back by more than this is a sender that began its clock anew, not reordering. */
const RESTART_MS = 10_000

/**
 * Tag times of all tracks → one ever-growing time. 32-bit wraps are unwrapped; where a sender jumps far back, the
 * rest of the stream goes on from the highest time seen, all tracks together, so that they stay in step.
 */
export class TagTimeline {
  readonly #unwrapper = new Unwrapper(32)
  #offsetMs = 0
  #highestMs: number | undefined

  /** `timestampMs` as on the wire, of a coded frame (sequence starts often carry 0 at any time). */
  next(timestampMs: number): number {
    const unwrappedMs = this.#unwrapper.unwrap(timestampMs >>> 0)
    let timeMs = unwrappedMs + this.#offsetMs
    if (this.#highestMs !== undefined && timeMs < this.#highestMs - RESTART_MS) {
      this.#offsetMs = this.#highestMs - unwrappedMs
      timeMs = this.#highestMs
    }
    this.#highestMs = Math.max(this.#highestMs ?? timeMs, timeMs)
    return timeMs
  }
}
