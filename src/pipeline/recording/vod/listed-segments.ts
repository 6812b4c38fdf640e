import type { RecordingDetail, SegmentFact } from '../../../platform/storage/index.ts'
import { msOf } from './recorded-track.ts'

/**
 * What a list of a recording has under a number: a segment, or a gap, as the track was silent there or the disk failed.
 * Numbers count on over gaps, so that those of all tracks go together.
 */
export type ListedSegment = Pick<
  SegmentFact,
  'trackId' | 'sequence' | 'initId' | 'startTicks' | 'durationTicks' | 'discontinuity' | 'epochMs'
> & { readonly isGap: boolean }

/** The segments of one track among `segments` of a recording, in order, with the gaps between them. */
export function listedSegments(
  recording: RecordingDetail,
  segments: readonly SegmentFact[],
  trackId: number,
): ListedSegment[] {
  const listed: ListedSegment[] = []
  let last: SegmentFact | undefined
  const own = segments.filter((segment) => segment.trackId === trackId)
  const mostTicks = own.reduce((most, { durationTicks }) => Math.max(most, durationTicks), 1)
  for (const segment of own) {
    if (last) listed.push(...gapsBetween(last, segment, { mostTicks, recording }))
    listed.push({ ...segment, isGap: false })
    last = segment
  }
  return listed
}

/** The gap that a track of a recording has under a number. */
export function findGap(recording: RecordingDetail, trackId: number, sequence: number): ListedSegment | undefined {
  const { segments } = recording
  if (segments.some((each) => each.trackId === trackId && each.sequence === sequence)) return undefined
  return listedSegments(recording, segments, trackId).find((each) => each.sequence === sequence)
}

/** What is missing of the segments beside it makes no gap longer than the longest segment. */
type Limits = { readonly mostTicks: number; readonly recording: RecordingDetail }

/** Behind a discontinuity nothing goes on that could have a gap. */
function gapsBetween(before: SegmentFact, behind: SegmentFact, { mostTicks, recording }: Limits): ListedSegment[] {
  const count = behind.sequence - before.sequence - 1
  if (count <= 0 || behind.discontinuity) return []
  const fromTicks = before.startTicks + before.durationTicks
  // A long frame may cover the whole interval: a list has no room for segments of no length.
  const stepTicks = Math.max(1, (behind.startTicks - fromTicks) / count)
  const { trackId, initId } = before
  return Array.from({ length: count }, (_, at): ListedSegment => {
    const startTicks = Math.round(fromTicks + at * stepTicks)
    return {
      ...{ trackId, initId, startTicks, isGap: true, discontinuity: false },
      sequence: before.sequence + 1 + at,
      durationTicks: Math.min(mostTicks, Math.max(1, Math.round(fromTicks + (at + 1) * stepTicks) - startTicks)),
      epochMs: before.epochMs + Math.floor(msOf(recording, before, startTicks - before.startTicks)),
    }
  })
}
