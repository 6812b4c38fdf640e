import {
  type CmafIndex,
  type IndexedSegment,
  type IndexedTrack,
  type LadderShift,
  msOf,
  type OpenSegment,
} from '../../packaging/index.ts'

/** Who is further apart was not made by one encoder: each has a clock of its own. */
const MOST_APART_MS = 5000
/** Times are rounded, and frames of two rates do not start together. */
const NEARLY_MS = 100
/** Of a member, so many of its newest segments are looked for among those of its source. */
const COMPARED = 10

/**
 * What the lists of a member of a ladder add to say the same as those of its source: players line up what they switch
 * between by the wall clock, and by numbers. RFC 8216bis, 6.2.4. Undefined while one of the two has nothing whole.
 */
export function shiftTo(source: CmafIndex, own: CmafIndex): LadderShift | undefined {
  const apartMs = source.zeroEpochMs - own.zeroEpochMs
  const epochMs = Math.abs(apartMs) > MOST_APART_MS ? 0 : apartMs
  for (const kind of ['video', 'audio'] as const) {
    const [ours, theirs] = [own, source].map((index) => spoken(index, kind))
    const first = ours?.segments[0]
    if (!ours || !theirs || !first) continue
    const met = ours.segments.slice(-COMPARED).flatMap((segment) => {
      const same = theirs.segments.findLast((each) => isIn(theirs, each, segment.epochMs + epochMs))
      return same ? [{ segment, sequence: same.sequence }] : []
    })
    const { segment, sequence } = met.at(-1) ?? { segment: first, sequence: aboutAt(theirs, first.epochMs + epochMs) }
    return {
      epochMs,
      numbers: sequence - segment.sequence,
      // Where its making was interrupted a rendition has some that its source has not.
      discontinuities: Math.max(0, discontinuitiesAt(theirs, sequence) - discontinuitiesAt(ours, segment.sequence)),
    }
  }
  return undefined
}

function spoken({ tracks }: CmafIndex, kind: 'video' | 'audio'): IndexedTrack | undefined {
  return [...tracks.values()].find(({ info, segments }) => info.kind === kind && segments.length > 0)
}

function isIn(track: IndexedTrack, segment: IndexedSegment, epochMs: number): boolean {
  const endMs = segment.epochMs + msOf(track, segment, segment.durationTicks)
  return segment.epochMs <= epochMs + NEARLY_MS && epochMs + NEARLY_MS < endMs
}

/** Number of the segment that holds a moment before or behind those that are whole. */
function aboutAt({ segments, open }: IndexedTrack, epochMs: number): number {
  const oldest = segments[0]
  if (oldest && epochMs < oldest.epochMs) return oldest.sequence
  if (open) return open.sequence
  return (segments.at(-1)?.sequence ?? -1) + 1
}

/** Discontinuity number of a segment. */
function discontinuitiesAt({ segments, open, discontinuitySequence }: IndexedTrack, sequence: number): number {
  const all: readonly (IndexedSegment | OpenSegment)[] = open ? [...segments, open] : segments
  return all.reduce(
    (sum, each) => sum + (each.discontinuity && each.sequence <= sequence ? 1 : 0),
    discontinuitySequence,
  )
}
