import type { Frame, Track } from '../../../media/model/index.ts'

/**
 * Tells a stream with B-frames by its times, whatever the codec: a decoder that is to show pictures in another order
 * than they come in shows the first of them late, so that the later ones are there in time.
 */
export class PictureOrder {
  readonly #videoIds = new Set<number>()
  readonly #newestTicks = new Map<number, number>()
  #isReordered = false

  /** What was seen of the tracks before is no longer true. */
  onTracks(tracks: readonly Track[]): void {
    this.#videoIds.clear()
    this.#newestTicks.clear()
    this.#isReordered = false
    for (const { id, kind } of tracks) if (kind === 'video') this.#videoIds.add(id)
  }
  /** The next frame does not continue the one before. */
  onDiscontinuity(): void {
    this.#newestTicks.clear()
  }
  /** True from the first frame on that shows it. */
  isReordered({ trackId, isKey, ptsTicks, dtsTicks }: Frame): boolean {
    if (!this.#videoIds.has(trackId)) return this.#isReordered
    const newest = this.#newestTicks.get(trackId) ?? Number.NEGATIVE_INFINITY
    if ((isKey && ptsTicks > dtsTicks) || ptsTicks < newest) this.#isReordered = true
    this.#newestTicks.set(trackId, Math.max(newest, ptsTicks))
    return this.#isReordered
  }
  isVideo({ trackId }: Frame): boolean {
    return this.#videoIds.has(trackId)
  }
  get hasVideo(): boolean {
    return this.#videoIds.size > 0
  }
}
