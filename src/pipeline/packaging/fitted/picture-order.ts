import type { Frame, Track } from '../../../media/model/index.ts'

/** Containers round presentation and decoding times each: RTMP and FLV to milliseconds. */
const ROUNDING_SECONDS = 0.002

/** What is known of a stream: pictures are shown in the order in which they come, or not, or that is yet to be seen. */
export type Ordering = 'as-shown' | 'reordered' | 'unknown'

type Seen = {
  /** Of the first picture. */
  readonly offsetTicks: number
  newestTicks: number
}

/**
 * Tells a stream with B-frames by its times, whatever the codec: a picture that is shown before one that came earlier,
 * and pictures that wait unequally long between decoding and showing. That all of them wait equally long says nothing:
 * some encoders delay everything.
 */
export class PictureOrder {
  readonly #roundingTicks = new Map<number, number>()
  readonly #seen = new Map<number, Seen>()
  #isReordered = false

  /** What was seen of the tracks before is no longer true. */
  onTracks(tracks: readonly Track[]): void {
    this.#roundingTicks.clear()
    this.#seen.clear()
    this.#isReordered = false
    for (const { id, kind, clockRateHz } of tracks)
      if (kind === 'video') this.#roundingTicks.set(id, clockRateHz * ROUNDING_SECONDS)
  }
  /** The next frame does not continue the one before. */
  onDiscontinuity(): void {
    this.#seen.clear()
  }
  /** `reordered` from the first picture on that shows it. One that comes when it is shown is enough for `as-shown`. */
  look({ trackId, ptsTicks, dtsTicks }: Frame): Ordering {
    const rounding = this.#roundingTicks.get(trackId)
    if (rounding === undefined) return this.#isReordered ? 'reordered' : 'unknown'
    const offsetTicks = ptsTicks - dtsTicks
    const seen = this.#seen.get(trackId)
    if (seen) {
      const isUnequal = Math.abs(offsetTicks - seen.offsetTicks) > rounding
      if (isUnequal || ptsTicks < seen.newestTicks) this.#isReordered = true
      seen.newestTicks = Math.max(seen.newestTicks, ptsTicks)
    } else this.#seen.set(trackId, { offsetTicks, newestTicks: ptsTicks })
    if (this.#isReordered) return 'reordered'
    return !seen && offsetTicks > rounding ? 'unknown' : 'as-shown'
  }
  isVideo({ trackId }: Frame): boolean {
    return this.#roundingTicks.has(trackId)
  }
  get hasVideo(): boolean {
    return this.#roundingTicks.size > 0
  }
}
