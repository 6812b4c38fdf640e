import type { CmafIndex } from '../../../packaging/index.ts'
import type { SegmentedView } from '../segmented-view.ts'
import { tsTracks } from './ts-playlist.ts'
import { type TrackBytes, tsSegment } from './ts-segment.ts'

const MAX_KEPT = 4

/** MPEG-TS segments of one stream, made of its CMAF segments for the first who asks; the newest few are kept. */
export class TsSegments {
  readonly #kept = new Map<number, Uint8Array>()

  /** Undefined where the segment is not, or no longer, in the log. */
  get(view: SegmentedView, sequence: number): Uint8Array | undefined {
    const known = this.#kept.get(sequence)
    if (known) return known
    const tracks = tracksOf(view, sequence)
    if (!tracks) return undefined
    const bytes = tsSegment(tracks, sequence)
    this.#kept.set(sequence, bytes)
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= MAX_KEPT) break
      this.#kept.delete(oldest)
    }
    return bytes
  }
}

/** Whether every track has got past that segment. */
export function isTsSegmentWhole(index: CmafIndex, sequence: number): boolean {
  const tracks = tsTracks(index)
  return tracks.length > 0 && tracks.every(({ segments }) => (segments.at(-1)?.sequence ?? -1) >= sequence)
}

export function isTsListLong(index: CmafIndex, count: number): boolean {
  return index.ended || tsTracks(index).every(({ segments }) => segments.length >= count)
}

/** Tracks without media in that segment are not in it. */
function tracksOf(view: SegmentedView, sequence: number): TrackBytes[] | undefined {
  if (!isTsSegmentWhole(view.index, sequence)) return undefined
  const list = tsTracks(view.index).flatMap(({ segments, inits }): TrackBytes[] => {
    const segment = segments.findLast((each) => each.sequence === sequence)
    const init = segment?.place === 'log' ? inits.get(segment.initId)?.bytes : undefined
    const held = segment && init ? view.hold(segment.parts) : undefined
    if (!init || !held) return []
    const chunks = held.views.map((bytes) => new Uint8Array(bytes))
    held.done()
    return [{ init, chunks }]
  })
  return list.length > 0 ? list : undefined
}
