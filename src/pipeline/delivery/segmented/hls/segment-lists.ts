import type { HlsOpenSegment, HlsPart, HlsSegment } from '../../../../media/formats/hls/index.ts'
import {
  type CmafIndex,
  type IndexedPart,
  type IndexedSegment,
  type IndexedTrack,
  msOf,
  type OpenSegment,
} from '../../../packaging/index.ts'
import { initUri, partUri, segmentUri } from '../segment-address.ts'

type Known = { whole?: HlsSegment; plain?: HlsSegment }
/** What was made of an indexed segment, with its parts and without: the texts of segments hang on these. */
const KNOWN = new WeakMap<IndexedSegment, Map<string, Known>>()

/** A track's segments and parts in the words of a playlist, `prefix` being the way from its folder to the stream's. */
export class SegmentLists {
  readonly #index: CmafIndex
  readonly #track: IndexedTrack
  readonly #prefix: string

  constructor(index: CmafIndex, track: IndexedTrack, prefix = '') {
    this.#index = index
    this.#track = track
    this.#prefix = prefix
  }

  segment(segment: IndexedSegment, isRecent: boolean): HlsSegment {
    const known = this.#known(segment)
    const hasParts =
      isRecent && !this.#index.ended && this.#index.isLowLatency && segment.isRegular && segment.parts.length > 0
    if (!hasParts) {
      known.plain ??= this.#plain(segment)
      return known.plain
    }
    known.whole ??= { ...this.#plain(segment), parts: this.#parts(segment, segment.parts) }
    return known.whole
  }
  open(open: OpenSegment): HlsOpenSegment {
    return {
      discontinuity: open.discontinuity,
      map: this.#map(open.initId),
      programDateTimeMs: open.epochMs + this.#index.shift.epochMs,
      parts: this.#parts(open, open.parts.slice(0, open.regularCount)),
    }
  }
  /** The part that comes next. None while the open segment has left the tolerances: its rest is no part. */
  hint({ open, segments }: IndexedTrack): string | undefined {
    const last = segments.at(-1)
    if (!open) return last && this.#partUri(last.sequence + 1, 0)
    return open.regularCount === open.parts.length ? this.#partUri(open.sequence, open.parts.length) : undefined
  }

  #known(segment: IndexedSegment): Known {
    const byPrefix = KNOWN.get(segment) ?? new Map<string, Known>()
    KNOWN.set(segment, byPrefix)
    const known = byPrefix.get(this.#prefix) ?? {}
    byPrefix.set(this.#prefix, known)
    return known
  }
  #plain(segment: IndexedSegment): HlsSegment {
    return {
      uri: this.#prefix + segmentUri(this.#index.life, this.#track.info.id, segment.sequence),
      durationMs: msOf(this.#track, segment, segment.durationTicks),
      discontinuity: segment.discontinuity,
      map: this.#map(segment.initId),
      programDateTimeMs: segment.epochMs + this.#index.shift.epochMs,
      gap: segment.place === 'gap',
    }
  }
  #parts(segment: IndexedSegment | OpenSegment, parts: readonly IndexedPart[]): HlsPart[] {
    return parts.map(({ durationTicks, isIndependent }, at) => ({
      uri: this.#partUri(segment.sequence, at),
      durationMs: msOf(this.#track, segment, durationTicks),
      independent: isIndependent,
    }))
  }
  #partUri(sequence: number, part: number): string {
    return this.#prefix + partUri(this.#index.life, this.#track.info.id, sequence, part)
  }
  #map(initId: number) {
    return { uri: this.#prefix + initUri(this.#index.life, this.#track.info.id, initId) }
  }
}
