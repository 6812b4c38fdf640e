import type { HlsSegment } from '../../../../media/formats/hls/index.ts'
import { type CmafIndex, endMsOf, type IndexedSegment, type IndexedTrack, startMsOf } from '../../../packaging/index.ts'
import type { Front } from './media.ts'
import { SegmentLists } from './segment-lists.ts'

/** Which numbers of a member's list stand for segments of its source, from before it was there. */
export type StandIn = {
  readonly from: number
  /** The first that is the member's own; open while it is away. */
  until?: number
  /** The newest that was listed. */
  readonly to: number
  readonly targetSeconds: number
}
/** A track in its stream. */
export type TrackOf = { readonly index: CmafIndex; readonly track: IndexedTrack }

/** Times are rounded, and frames of two rates do not start or end together. */
const NEARLY_MS = 50
/** A member begins near the end of what its source has stood in for, or its times are not those of before. */
const MOST_BACK = 5

/**
 * What the list of a member of a ladder that has left names in front of its source's segments. What is listed keeps its
 * number and its address (RFC 8216bis, 6.2.1); a last segment that was cut short is its source's: the log ends with it,
 * so that no list has named it. To be asked once, when the source has come as far as the member.
 */
export function frontOfLeft(own: TrackOf, source: TrackOf, before: Front | undefined): Front {
  const last = own.track.segments.at(-1)
  const { numbers } = own.index.shift
  const number = last ? last.sequence + numbers : 0
  // It was not there for long enough to be listed.
  if (before && number < before.until) return { ...before, until: before.from + before.segments.length }
  const same = source.track.segments.find(({ sequence }) => sequence === number)
  const isShort = last && same && endMs(own, last) < endMs(source, same) - NEARLY_MS
  const until = last && !isShort ? number + 1 : number
  const kept = own.track.segments.filter(({ sequence }) => sequence + numbers < until)
  const ownFrom = before ? before.until - numbers : 0
  const segments = [
    ...(before?.segments ?? []),
    ...kept.filter(({ sequence }) => sequence >= ownFrom).map(whole(own, '')),
  ]
  const targetSeconds = Math.max(own.index.targetSeconds, before?.targetSeconds ?? 0)
  const from = until - segments.length
  return { segments, from, until, targetSeconds, isBreak: isBreak(own, kept.at(-1), source, until) }
}

/**
 * Where a member's own segments begin: with its first, or behind that where it begins in the middle of its source's, or
 * where that may have been listed while it was away: on all workers alike. Undefined while it has none.
 */
export function ownFrom({ index, track }: TrackOf, source: TrackOf, away: StandIn | undefined): StandIn | undefined {
  const first = track.segments[0]
  if (!first) return undefined
  const number = first.sequence + index.shift.numbers
  const same = source.track.segments.find(({ sequence }) => sequence === number)
  const isPart = same !== undefined && first.epochMs + index.shift.epochMs > same.epochMs + NEARLY_MS
  const known = away && away.to < number + MOST_BACK ? away : undefined
  // One that is back begins everywhere with its second, whether its source was listed for the first there or not.
  const isLate = isPart || index.options.isBack === true
  const until = Math.max(isLate ? number + 1 : number, (known?.to ?? 0) + 1)
  const from = Math.min(until, known?.from ?? number)
  return { from, to: until - 1, until, targetSeconds: Math.max(known?.targetSeconds ?? 0, source.index.targetSeconds) }
}

/** What a member has in front of its own segments; undefined: nothing, or nothing any more. */
export function frontOfOwn(standIn: StandIn, source: TrackOf, prefix: string): Front | undefined {
  const { from, until = from, targetSeconds } = standIn
  const oldest = source.track.segments[0]?.sequence
  if (source.index.ended || from >= until || oldest === undefined || oldest >= until) return undefined
  const shown = source.track.segments.filter(({ sequence }) => sequence >= from && sequence < until)
  return {
    segments: shown.map(whole(source, prefix)),
    from: shown[0]?.sequence ?? from,
    until,
    targetSeconds,
    isBreak: false,
  }
}

function whole({ index, track }: TrackOf, prefix: string): (segment: IndexedSegment) => HlsSegment {
  const lists = new SegmentLists(index, track, prefix)
  return (segment) => lists.segment(segment, false)
}

function endMs({ index, track }: TrackOf, segment: IndexedSegment): number {
  return endMsOf(track, segment) + index.zeroEpochMs + index.shift.epochMs
}

/** RFC 8216bis, 4.4.4.3. */
function isBreak(own: TrackOf, last: IndexedSegment | undefined, source: TrackOf, until: number): boolean {
  const [one, other] = [own.track.info, source.track.info]
  if (one.id !== other.id || one.codec !== other.codec) return true
  const next = source.track.segments.find(({ sequence }) => sequence === until)
  if (!last || !next) return false
  return Math.abs(startMsOf(source.track, next) - endMsOf(own.track, last)) > source.index.targetSeconds * 1000
}
