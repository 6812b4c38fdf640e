import type { RecordedSegment } from './recorded-segment.ts'

/** Seconds to add to a segment's own times. */
export type RecordingTimeline = { shiftSecondsOf(segment: RecordedSegment): number }

type Period = { readonly firstSequence: number; startSeconds: number; endSeconds: number }

/** Behind a discontinuity, times that go on within this are left as they are. */
const CONTINUES_WITHIN_SECONDS = 1

/**
 * One timeline for a recording with discontinuities. All tracks of a period (what lies between two discontinuities)
 * are moved alike, so they stay in step; a period starts where the one before ended, unless its times go on anyway.
 */
export function planRecordingTimeline(
  segments: readonly RecordedSegment[],
  clockHzOf: (segment: RecordedSegment) => number,
): RecordingTimeline {
  const periods = toPeriods(segments, clockHzOf)
  const shifts: { firstSequence: number; shiftSeconds: number }[] = []
  let shiftSeconds = 0
  let endSeconds: number | undefined
  for (const period of periods) {
    if (endSeconds !== undefined) {
      const gapSeconds = period.startSeconds + shiftSeconds - endSeconds
      if (Math.abs(gapSeconds) > CONTINUES_WITHIN_SECONDS) shiftSeconds -= gapSeconds
    }
    shifts.push({ firstSequence: period.firstSequence, shiftSeconds })
    endSeconds = period.endSeconds + shiftSeconds
  }
  return {
    shiftSecondsOf: ({ sequence }) => shifts.findLast((each) => each.firstSequence <= sequence)?.shiftSeconds ?? 0,
  }
}

function toPeriods(segments: readonly RecordedSegment[], clockHzOf: (segment: RecordedSegment) => number): Period[] {
  const breaks = new Set(segments.filter((segment) => segment.discontinuity).map((segment) => segment.sequence))
  const periods: Period[] = []
  for (const segment of segments.toSorted((a, b) => a.sequence - b.sequence)) {
    const startSeconds = segment.startTicks / clockHzOf(segment)
    const endSeconds = startSeconds + segment.durationTicks / clockHzOf(segment)
    const last = periods.at(-1)
    if (last === undefined || (breaks.has(segment.sequence) && segment.sequence > last.firstSequence)) {
      periods.push({ firstSequence: segment.sequence, startSeconds, endSeconds })
    } else {
      last.startSeconds = Math.min(last.startSeconds, startSeconds)
      last.endSeconds = Math.max(last.endSeconds, endSeconds)
    }
  }
  return periods
}
