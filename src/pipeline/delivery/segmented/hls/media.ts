import {
  formatMediaPlaylist,
  type HlsOpenSegment,
  type HlsPart,
  type HlsRenditionReport,
  type HlsSegment,
  type HlsServerControl,
} from '../../../../media/formats/hls/index.ts'
import {
  type CmafIndex,
  type IndexedPart,
  type IndexedSegment,
  type IndexedTrack,
  msOf,
  type OpenSegment,
} from '../../../packaging/index.ts'
import type { Member } from '../ladder.ts'
import { initUri, partUri, segmentUri, trackPlaylistUri } from '../segment-address.ts'

/** Parts of segments older than this many target durations are left out. RFC 8216bis, 4.4.4.9. */
const SEGMENTS_WITH_PARTS = 3
/** Least skip boundary and hold-backs, in target durations. RFC 8216bis, 4.4.3.8. */
const SKIP_TARGETS = 6
const HOLD_BACK_TARGETS = 3
const PART_HOLD_BACK_TARGETS = 3

export type MediaForm = 'whole' | 'delta'

/** The media playlist of one track, Low-Latency where the track keeps to the rules for it. RFC 8216bis, 4.4 and B.1. */
export function mediaPlaylist(
  index: CmafIndex,
  track: IndexedTrack,
  form: MediaForm,
  others: readonly Member[] = [],
): string {
  const from = index.ended ? 0 : Math.max(0, track.segments.length - index.windowSegments)
  const skipped = form === 'delta' && !index.ended ? countOld(index, track, from) : 0
  const shown = track.segments.slice(from + skipped)
  const lists = new SegmentLists(index, track)
  const isLive = !index.ended
  return formatMediaPlaylist({
    type: 'live',
    targetDurationSeconds: index.targetSeconds,
    mediaSequence: track.segments[from]?.sequence ?? track.open?.sequence ?? 0,
    discontinuitySequence: track.discontinuitySequence + countDiscontinuities(track, from),
    independentSegments: track.dependentCount === 0,
    isEnded: index.ended,
    segments: shown.map((segment, at) => lists.segment(segment, shown.length - at <= SEGMENTS_WITH_PARTS)),
    ...(isLive ? liveParts(index, track, lists, others) : {}),
    ...(skipped > 0 ? { skippedSegments: skipped } : {}),
  })
}

/** Of the segments that are kept in front of the list. */
function countDiscontinuities({ segments }: IndexedTrack, until: number): number {
  let count = 0
  for (let at = 0; at < until; at++) if (segments[at]?.discontinuity) count++
  return count
}

/** Segments behind the skip boundary, which a delta update leaves out. RFC 8216bis, 6.2.5.1. */
function countOld({ targetSeconds }: CmafIndex, track: IndexedTrack, from: number): number {
  const boundaryMs = SKIP_TARGETS * targetSeconds * 1000
  let first = track.segments.length
  for (let aheadMs = 0; first > from && aheadMs < boundaryMs; first--) {
    const segment = track.segments[first - 1]
    aheadMs += segment ? msOf(track, segment, segment.durationTicks) : 0
  }
  return first - from
}

/** How far players stay behind the live edge. */
export function holdBacks({ targetSeconds, options, isLowLatency }: CmafIndex): HlsServerControl {
  return {
    holdBackMs: HOLD_BACK_TARGETS * targetSeconds * 1000,
    ...(isLowLatency ? { partHoldBackMs: PART_HOLD_BACK_TARGETS * options.partTargetMs } : {}),
  }
}

function liveParts(index: CmafIndex, track: IndexedTrack, lists: SegmentLists, others: readonly Member[]) {
  const { targetSeconds, options, isLowLatency } = index
  const serverControl = {
    canBlockReload: true,
    canSkipUntilMs: SKIP_TARGETS * targetSeconds * 1000,
    ...holdBacks(index),
  }
  const members = [{ prefix: '', index }, ...others]
  const reports = { renditionReports: members.flatMap((member) => renditionReports(member, track)) }
  if (!isLowLatency) return { serverControl, ...reports }
  const open = track.open && track.open.regularCount > 0 ? { open: lists.open(track.open) } : {}
  const hint = lists.hint(track)
  return {
    serverControl,
    partTargetMs: options.partTargetMs,
    ...open,
    ...(hint === undefined ? {} : { preloadHint: hint }),
    ...reports,
  }
}

/** The newest segment number of a track, and the newest part of it that is offered. */
function newest({ segments, open }: IndexedTrack, isLowLatency: boolean): { msn: number; part: number } | undefined {
  if (isLowLatency && open && open.regularCount > 0) return { msn: open.sequence, part: open.regularCount - 1 }
  const last = segments.at(-1)
  return last && { msn: last.sequence, part: isLowLatency && last.isRegular ? last.parts.length - 1 : -1 }
}

function renditionReports({ index, prefix }: Member, own: IndexedTrack): HlsRenditionReport[] {
  return [...index.tracks.values()].flatMap((track) => {
    const place = track === own ? undefined : newest(track, index.isLowLatency)
    if (!place) return []
    const lastPart = place.part < 0 ? {} : { lastPart: place.part }
    return [{ uri: prefix + trackPlaylistUri(track.info.id), lastMsn: place.msn, ...lastPart }]
  })
}

type Known = { whole?: HlsSegment; plain?: HlsSegment }
/** What was made of an indexed segment, with its parts and without: the texts of segments hang on these. */
const KNOWN = new WeakMap<IndexedSegment, Known>()

/** A track's segments and parts in the words of a playlist. */
class SegmentLists {
  readonly #index: CmafIndex
  readonly #track: IndexedTrack

  constructor(index: CmafIndex, track: IndexedTrack) {
    this.#index = index
    this.#track = track
  }

  segment(segment: IndexedSegment, isRecent: boolean): HlsSegment {
    const known = KNOWN.get(segment) ?? {}
    KNOWN.set(segment, known)
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
      programDateTimeMs: open.epochMs + this.#index.epochShiftMs,
      parts: this.#parts(open, open.parts.slice(0, open.regularCount)),
    }
  }
  /** The part that comes next. None while the open segment has left the tolerances: its rest is no part. */
  hint({ open, segments }: IndexedTrack): string | undefined {
    const { life } = this.#index
    const { id } = this.#track.info
    const last = segments.at(-1)
    if (!open) return last && partUri(life, id, last.sequence + 1, 0)
    return open.regularCount === open.parts.length ? partUri(life, id, open.sequence, open.parts.length) : undefined
  }

  #plain(segment: IndexedSegment): HlsSegment {
    return {
      uri: segmentUri(this.#index.life, this.#track.info.id, segment.sequence),
      durationMs: msOf(this.#track, segment, segment.durationTicks),
      discontinuity: segment.discontinuity,
      map: this.#map(segment.initId),
      programDateTimeMs: segment.epochMs + this.#index.epochShiftMs,
      gap: segment.place === 'gap',
    }
  }
  #parts(segment: IndexedSegment | OpenSegment, parts: readonly IndexedPart[]): HlsPart[] {
    const { id } = this.#track.info
    return parts.map(({ durationTicks, isIndependent }, at) => ({
      uri: partUri(this.#index.life, id, segment.sequence, at),
      durationMs: msOf(this.#track, segment, durationTicks),
      independent: isIndependent,
    }))
  }
  #map(initId: number) {
    return { uri: initUri(this.#index.life, this.#track.info.id, initId) }
  }
}
