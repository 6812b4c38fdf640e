import { MalformedInputError } from '../../../media/errors.ts'
import type { RecordingDetail, SegmentFact } from '../../../platform/storage/index.ts'
import { durationMs } from './recorded-track.ts'

/** A part of a stream's past by wall clock: `?from=`, `?to=`, or `?at=` to start there and go on. */
export type TimeRange = {
  readonly fromMs: number
  /** Absent: up to now, and on. */
  readonly toMs?: number
  /** The query that the lists of this range carry on. */
  readonly query: string
}

/** Undefined where nothing is asked for. Throws MalformedInputError. */
export function readTimeRange(query: URLSearchParams): TimeRange | undefined {
  const [from, to, at] = ['from', 'to', 'at'].map((name) => readTime(query, name))
  if (from === undefined && to === undefined && at === undefined) return undefined
  const fromMs = at ?? from ?? 0
  if (to !== undefined && to <= fromMs) throw new MalformedInputError('to', 0, 'expected a time after the start')
  const kept = ['from', 'to', 'at'].flatMap((name) => {
    const value = query.get(name)
    return value === null ? [] : [`${name}=${encodeURIComponent(value)}`]
  })
  return { fromMs, ...(to === undefined ? {} : { toMs: to }), query: `?${kept.join('&')}` }
}

/** An ISO 8601 date with a time zone, or milliseconds since 1970. */
function readTime(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  const ms = /^\d{1,15}$/.test(text) ? Number(text) : Date.parse(text)
  const hasZone = /^\d+$|Z$|[+-]\d\d:?\d\d$/.test(text)
  if (Number.isNaN(ms) || !hasZone)
    throw new MalformedInputError(name, 0, 'expected 2026-11-25T22:00:00Z, or milliseconds')
  return ms
}

/**
 * The recording with the segments that touch the range, ended if nothing more can come into it. Segments of one number
 * cover the same time in all tracks: the first video track, or the first of all, says which.
 */
export function cutToRange(recording: RecordingDetail, { fromMs, toMs }: TimeRange): RecordingDetail {
  const leader = recording.tracks.find(({ kind }) => kind === 'video') ?? recording.tracks[0]
  const led = recording.segments.filter(({ trackId }) => trackId === leader?.trackId)
  const endMs = (segment: SegmentFact) => segment.epochMs + durationMs(recording, segment)
  const first = led[lowerBound(led, (segment) => endMs(segment) > fromMs)]
  const next = toMs === undefined ? undefined : led[lowerBound(led, ({ epochMs }) => epochMs >= toMs)]
  const until = next?.sequence ?? Number.POSITIVE_INFINITY
  const segments = recording.segments.filter(
    ({ sequence }) => first !== undefined && sequence >= first.sequence && sequence < until,
  )
  // Something behind the range is recorded: the range is complete, however the recording goes on.
  return next === undefined || toMs === undefined
    ? { ...recording, segments }
    : { ...recording, segments, endedMs: toMs }
}

/** Index of the first item that `is` holds for; it holds for all behind it. */
function lowerBound<T>(items: readonly T[], is: (item: T) => boolean): number {
  let [low, high] = [0, items.length]
  while (low < high) {
    const middle = (low + high) >> 1
    const item = items[middle]
    if (item !== undefined && is(item)) high = middle
    else low = middle + 1
  }
  return low
}
