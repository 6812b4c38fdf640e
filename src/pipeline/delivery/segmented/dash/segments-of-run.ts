import {
  type CmafIndex,
  type IndexedRun,
  type IndexedSegment,
  type IndexedTrack,
  NEARLY_MS,
  startMsOf,
} from '../../../packaging/index.ts'
import type { LadderTrack, Member } from '../ladder.ts'
import { isSilent } from '../list-age.ts'

/** Those that all tracks have begun: until then it is not known where a run starts, and what is listed does not move. */
export function begunRuns(index: CmafIndex): readonly IndexedRun[] {
  const isBegun = (run: IndexedRun) =>
    [...index.tracks.values()].every(
      (track) => isSilent(index, track) || (track.segments.at(-1)?.sequence ?? -1) >= run.sequence,
    )
  return index.runs.filter((run, at) => at === 0 || index.ended || isBegun(run))
}

/**
 * Listed segments of a track in run `at` of the source, of one initialization segment, as a representation has one: of
 * the source's own tracks by their numbers, which all of them have in common, of other members by their times.
 */
export function segmentsOfRun({ member, track }: LadderTrack, source: Member, at: number): readonly IndexedSegment[] {
  const [run, next] = [source.index.runs[at], source.index.runs[at + 1]]
  if (!run) return []
  const fromMs = run.startMs - NEARLY_MS
  const untilMs = (next?.startMs ?? Number.POSITIVE_INFINITY) - NEARLY_MS
  const from = at === 0 ? Number.NEGATIVE_INFINITY : run.sequence
  const until = next?.sequence ?? Number.POSITIVE_INFINITY
  const isOfRun = (segment: IndexedSegment) => {
    if (member === source) return segment.sequence >= from && segment.sequence < until
    const startMs = startMsOf(track, segment)
    return startMs >= fromMs && startMs < untilMs
  }
  const segments = member.index.listed(track).filter(isOfRun)
  const last = segments.at(-1)
  return last ? segments.filter((segment) => haveSameInit(track, segment, last)) : []
}

function haveSameInit({ inits }: IndexedTrack, one: IndexedSegment, other: IndexedSegment): boolean {
  const [first, second] = [one, other].map(({ initId }) => inits.get(initId)?.bytes)
  return one.initId === other.initId || (first !== undefined && second !== undefined && isSame(first, second))
}
function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at])
}
