import type { RecordingDetail, SegmentFact } from '../../../platform/storage/index.ts'
import { startMs } from './recorded-track.ts'

/** What was recorded of a rung or variant in the time of a recording. */
export type RecordedMember = {
  /** From the lists of the stream to the folder of the member: `720p/`. */
  readonly prefix: string
  /** Oldest first, each with a segment at least. */
  readonly recordings: readonly [RecordingDetail, ...RecordingDetail[]]
  /** Of a media playlist of the member, over all these recordings. */
  readonly listUri: (file: string) => string
  /** To the files of one of them. */
  readonly folderOf: (recording: RecordingDetail) => string
}

/** In front of the id of a member's representation. */
export function memberIdPrefix({ prefix }: RecordedMember): string {
  return prefix.replace(/[^A-Za-z0-9]/g, '-')
}

/** What a member has of the time of one recording of its source: media times of others have nothing to do with it. */
export function inTimeOf(source: RecordingDetail, member: RecordedMember): RecordedMember[] {
  const { startedMs, endedMs = Number.POSITIVE_INFINITY } = source
  const [first, ...others] = member.recordings.filter(
    (each) => each.startedMs < endedMs && (each.endedMs ?? Number.POSITIVE_INFINITY) > startedMs,
  )
  return first ? [{ ...member, recordings: [first, ...others] }] : []
}

/**
 * What a member has of a run of its source: of the most segments that go on without a break, for a representation has one
 * initialization segment, and numbers that count on.
 */
export function partOfRun({ recordings }: RecordedMember, fromMs: number, untilMs: number): MemberPart | undefined {
  const parts = recordings.flatMap((recording) => {
    const segments = recording.segments.filter((segment) => {
      const ms = startMs(recording, segment)
      return ms >= fromMs && ms < untilMs
    })
    return unbroken(recording, segments).map((part) => ({ recording, segments: part }))
  })
  const [most] = parts.toSorted((a, b) => b.segments.length - a.segments.length)
  return most && most.segments.length > 0 ? most : undefined
}

export type MemberPart = { readonly recording: RecordingDetail; readonly segments: readonly SegmentFact[] }

/** By the first video track, which is what members are listed for, or the first of sound where there is none. */
function unbroken({ tracks }: RecordingDetail, segments: readonly SegmentFact[]): SegmentFact[][] {
  const leading = tracks.find(({ kind }) => kind === 'video') ?? tracks[0]
  const parts: SegmentFact[][] = []
  for (const segment of segments) {
    if (segment.trackId !== leading?.trackId) continue
    const last = parts.at(-1)
    const isBreak = segment.discontinuity || segment.initId !== last?.at(-1)?.initId
    if (last && !isBreak) last.push(segment)
    else parts.push([segment])
  }
  return parts
}
