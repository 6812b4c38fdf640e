import type { MpdTimelineEntry } from '../../../../media/formats/dash/index.ts'
import { type CmafIndex, type IndexedSegment, type IndexedTrack, startMsOf } from '../../../packaging/index.ts'
import { isBeginning } from '../find-media.ts'

type Part = { readonly track: IndexedTrack; readonly segments: readonly IndexedSegment[] }

/**
 * Times of segments that a member of a ladder does not have, as it began after its source: players ask for them all the
 * same, from where they are, and go no further where a representation has no such time. They get empty segments.
 */
export function leadingTimes(index: CmafIndex, own: Part, source: Part): readonly MpdTimelineEntry[] {
  const [first] = own.segments
  if (!first || !isBeginning(index, first)) return []
  const { windowSegments, segmentMs } = index.options
  const untilMs = startMsOf(own.track, first) - segmentMs / 2
  const { clockRateHz } = own.track.info
  const scale = clockRateHz / source.track.info.clockRateHz
  return source.segments
    .slice(-windowSegments)
    .filter((segment) => startMsOf(source.track, segment) < untilMs)
    .map(({ startTicks, durationTicks }) => ({
      startTicks: Math.round(startTicks * scale),
      durationTicks: Math.round(durationTicks * scale),
    }))
}
