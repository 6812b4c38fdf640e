/** Key frames jitter by some milliseconds around their nominal interval: one may come this much before its time. */
const EARLY_SHARE = 0.05
/** Key frames at the very edge of a cell jitter over it: what has lasted so long, less this, ends all the same. */
const JITTER_MS = 20
/** Other tracks cut up to one frame later than the leader: room for that below the half second that rounds up. */
const ROUNDING_ROOM_MS = 400
/** Where a first key frame interval is longer than this, segments do not wait for its end. */
const LONGEST_FIRST_SEGMENT_MS = 10_000

export type LeaderKind = 'video' | 'audio'

/**
 * Where segments start, and how long they may get, from media time alone: streams on one line of time with key frames
 * at the same places are cut at the same places and numbered alike, whenever each of them was opened.
 *
 * The line is divided into cells of one target duration; a segment starts at the first key frame of each cell, or where
 * the target duration has passed. Numbers agree as long as every cell holds a key frame. Times are milliseconds.
 */
export class SegmentGrid {
  readonly #targetMs: number
  #longestGopMs = 0
  #lastKeyMs: number | undefined
  #targetSeconds: number | undefined

  constructor(targetMs: number) {
    this.#targetMs = targetMs
  }

  /** Number of the segment that starts at `timeMs`, if it is the first. 0 is left for what comes before a key frame. */
  numberAt(timeMs: number, kind: LeaderKind): number {
    return 1 + this.#cell(timeMs, kind)
  }

  isDue(startMs: number, timeMs: number, kind: LeaderKind): boolean {
    const neededMs = this.#targetMs - (kind === 'video' ? JITTER_MS : 0)
    return timeMs - startMs >= neededMs || this.#cell(timeMs, kind) > this.#cell(startMs, kind)
  }

  noteKey(timeMs: number): void {
    if (this.#lastKeyMs !== undefined) this.#longestGopMs = Math.max(this.#longestGopMs, timeMs - this.#lastKeyMs)
    this.#lastKeyMs = timeMs
  }
  /** The key frames before a discontinuity say nothing of those behind it. */
  forgetKey(): void {
    this.#lastKeyMs = undefined
  }

  /**
   * EXT-X-TARGETDURATION (RFC 8216bis, 4.4.3.1), fixed with the first segment: as many whole key frame intervals as fit
   * a target duration, and one more where they do not divide it.
   */
  fixTargetSeconds(firstSegmentMs: number): number {
    if (this.#targetSeconds === undefined) {
      const gopMs = this.#longestGopMs
      const gopCount = gopMs === 0 ? 0 : Math.max(1, Math.ceil(this.#targetMs / gopMs - EARLY_SHARE))
      const seconds = Math.max(firstSegmentMs, gopCount * gopMs) / 1000
      this.#targetSeconds = Math.max(Math.ceil(this.#targetMs / 1000), Math.round(seconds))
    }
    return this.#targetSeconds
  }

  /** A segment of this length ends at whatever frame comes, so that it rounds to the target duration at most. */
  get limitMs(): number {
    const longestMs = Math.max(LONGEST_FIRST_SEGMENT_MS, 2 * this.#targetMs)
    return (this.#targetSeconds === undefined ? longestMs : this.#targetSeconds * 1000) + ROUNDING_ROOM_MS
  }

  #cell(timeMs: number, kind: LeaderKind): number {
    const earlyMs = kind === 'video' ? this.#targetMs * EARLY_SHARE : 0
    return Math.max(0, Math.floor((timeMs + earlyMs) / this.#targetMs))
  }
}
