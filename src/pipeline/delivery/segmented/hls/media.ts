import {
  formatMediaPlaylist,
  type HlsRenditionReport,
  type HlsSegment,
  type HlsServerControl,
} from '../../../../media/formats/hls/index.ts'
import { type CmafIndex, type IndexedSegment, type IndexedTrack, msOf } from '../../../packaging/index.ts'
import type { Member } from '../ladder.ts'
import { trackPlaylistUri } from '../segment-address.ts'
import { SegmentLists } from './segment-lists.ts'

/** Parts of segments older than this many target durations are left out. RFC 8216bis, 4.4.4.9. */
const SEGMENTS_WITH_PARTS = 3
/** Least skip boundary and hold-backs, in target durations. RFC 8216bis, 4.4.3.8. */
const SKIP_TARGETS = 6
const HOLD_BACK_TARGETS = 3
const PART_HOLD_BACK_TARGETS = 3

export type MediaForm = 'whole' | 'delta'

/** What a list names in front of a track's own segments, as it did before these were there. */
export type Front = {
  /** As far as there are: the track's own are listed when they are all there. */
  readonly segments: readonly HlsSegment[]
  /** Numbers, in the list, of the first of them and of the first behind them. */
  readonly from: number
  readonly until: number
  /** What is behind them does not continue their times. */
  readonly isBreak: boolean
  /** What the list has said so far; it does not become less. */
  readonly targetSeconds: number
}
export type MediaContext = {
  /** Members of the ladder, for rendition reports. */
  readonly others?: readonly Member[]
  readonly front?: Front | undefined
  /** From the folder of the list to that of the stream. */
  readonly prefix?: string
}

/** The media playlist of one track, Low-Latency where the track keeps to the rules for it. RFC 8216bis, 4.4 and B.1. */
export function mediaPlaylist(
  index: CmafIndex,
  track: IndexedTrack,
  form: MediaForm,
  context: MediaContext = {},
): string {
  const { front, prefix = '', others = [] } = context
  const lists = new SegmentLists(index, track, prefix)
  const { before, own, isReached } = listed(index, track, front)
  const targetSeconds = Math.max(index.targetSeconds, front?.targetSeconds ?? 0)
  const skipped = form === 'delta' && !index.ended ? countOld(targetSeconds, { track, before, own }) : 0
  const shown = own
    .slice(Math.max(0, skipped - before.length))
    .map((segment, at, all) => lists.segment(segment, all.length - at <= SEGMENTS_WITH_PARTS))
  const first = (own[0]?.sequence ?? track.open?.sequence ?? 0) + index.shift.numbers
  const number = front && own.length === 0 ? front.from + front.segments.length : first
  const isBroken = front?.isBreak === true && number === front.until
  if (isBroken && shown[0] && skipped <= before.length) shown[0] = { ...shown[0], discontinuity: true }
  const gone =
    discontinuitiesBefore(track, number - index.shift.numbers) + (front?.isBreak && number > front.until ? 1 : 0)
  return formatMediaPlaylist({
    type: 'live',
    targetDurationSeconds: targetSeconds,
    mediaSequence: number - before.length,
    discontinuitySequence:
      track.discontinuitySequence + index.shift.discontinuities + gone - countDiscontinuities(before),
    independentSegments: track.dependentCount === 0,
    isEnded: index.ended,
    segments: [...before.slice(skipped), ...shown],
    ...(index.ended ? {} : liveParts(index, track, lists, { others, targetSeconds, isOwn: isReached })),
    ...(skipped > 0 ? { skippedSegments: skipped } : {}),
  })
}

/** What of a front and of a track's segments its list shows. */
function listed(index: CmafIndex, { segments }: IndexedTrack, front: Front | undefined) {
  if (!front)
    return { before: [], own: index.ended ? segments : segments.slice(-index.windowSegments), isReached: true }
  const isReached = front.from + front.segments.length === front.until
  const firstOwn = front.until - index.shift.numbers
  const own = isReached ? segments.filter(({ sequence }) => sequence >= firstOwn) : []
  const room = index.ended ? Number.POSITIVE_INFINITY : index.windowSegments
  const roomBefore = Math.max(0, room - own.length)
  const before = front.segments.slice(Math.max(0, front.segments.length - roomBefore))
  return { before, own: own.slice(Math.max(0, own.length - room)), isReached }
}

function countDiscontinuities(segments: readonly HlsSegment[]): number {
  return segments.reduce((count, { discontinuity }) => count + (discontinuity ? 1 : 0), 0)
}
/** Of the segments that are kept in front of the list. */
function discontinuitiesBefore({ segments }: IndexedTrack, sequence: number): number {
  let count = 0
  for (const segment of segments) {
    if (segment.sequence >= sequence) break
    if (segment.discontinuity) count++
  }
  return count
}

type Listed = {
  readonly track: IndexedTrack
  readonly before: readonly HlsSegment[]
  readonly own: readonly IndexedSegment[]
}

/** Segments behind the skip boundary, which a delta update leaves out. RFC 8216bis, 6.2.5.1. */
function countOld(targetSeconds: number, { track, before, own }: Listed): number {
  const boundaryMs = SKIP_TARGETS * targetSeconds * 1000
  let first = before.length + own.length
  for (let aheadMs = 0; first > 0 && aheadMs < boundaryMs; first--) {
    const segment = own[first - 1 - before.length]
    aheadMs += segment ? msOf(track, segment, segment.durationTicks) : (before[first - 1]?.durationMs ?? 0)
  }
  return first
}

/** How far players stay behind the live edge. */
export function holdBacks({ options, isLowLatency }: CmafIndex, targetSeconds: number): HlsServerControl {
  return {
    holdBackMs: HOLD_BACK_TARGETS * targetSeconds * 1000,
    ...(isLowLatency ? { partHoldBackMs: PART_HOLD_BACK_TARGETS * options.partTargetMs } : {}),
  }
}

type LiveContext = { readonly others: readonly Member[]; readonly targetSeconds: number; readonly isOwn: boolean }

function liveParts(
  index: CmafIndex,
  track: IndexedTrack,
  lists: SegmentLists,
  { others, targetSeconds, isOwn }: LiveContext,
) {
  const { options, isLowLatency } = index
  const serverControl = {
    canBlockReload: true,
    canSkipUntilMs: SKIP_TARGETS * targetSeconds * 1000,
    ...holdBacks(index, targetSeconds),
  }
  const members = [{ prefix: '', index }, ...others]
  const reports = { renditionReports: members.flatMap((member) => renditionReports(member, track)) }
  if (!isLowLatency) return { serverControl, ...reports }
  const open = isOwn && track.open && track.open.regularCount > 0 ? { open: lists.open(track.open) } : {}
  const hint = isOwn ? lists.hint(track) : undefined
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
    const lastMsn = place.msn + index.shift.numbers
    return [{ uri: prefix + trackPlaylistUri(track.info.id), lastMsn, ...lastPart }]
  })
}
