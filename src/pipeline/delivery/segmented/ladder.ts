import { UnsupportedInputError } from '../../../media/errors.ts'
import type { CodecId, Track } from '../../../media/model/index.ts'
import { CMAF_FORMAT, type CmafIndex, type CmafTrackInfo, type IndexedTrack, misfit } from '../../packaging/index.ts'
import type { PlannedRung } from '../../stream/index.ts'

/** Which live streams belong together. */
export interface Ladders {
  /** Renditions and variants of a stream, whether they are live or not. */
  membersOf(source: string): readonly string[]
  /** The stream whose ladder `name` is in; undefined where it is in none. */
  sourceOf(name: string): string | undefined
  /** Members that start when somebody asks for them. */
  onDemandOf(source: string): readonly string[]
  /** What is worth listing of these where the stream has these tracks. */
  plannedOf(source: string, tracks: readonly CmafTrackInfo[]): readonly PlannedRung[]
}

/** A stream in the lists of another, or in its own. */
export type Member = {
  /** In front of its addresses; empty for the stream itself, `720p/` for a rendition. */
  readonly prefix: string
  readonly index: CmafIndex
}

/** A rendition that does not run: it starts when its playlist or one of its segments is asked for. */
export type PlannedMember = { readonly prefix: string; readonly rung: PlannedRung }

/** The stream itself first. */
export type Ladder = readonly [source: Member, ...others: readonly Member[]]

/** How far the bit rate of a segment may lie above the mean that an encoder was told: it starts with a keyframe. */
const PLANNED_PEAK = 1.5

export function plannedPeakBps(meanBps: number): number {
  return Math.ceil(meanBps * PLANNED_PEAK)
}

export type LadderTrack = { readonly member: Member; readonly track: IndexedTrack }

/** Tracks that have something to play. What a recording has as it came, and no player of HLS and DASH knows, is not listed. */
export function tracksOf(members: readonly Member[], kind: 'video' | 'audio'): LadderTrack[] {
  return members.flatMap((member) =>
    [...member.index.tracks.values()]
      .filter(({ info, segments }) => info.kind === kind && segments.length > 0 && isListable(info.codec))
      .map((track) => ({ member, track })),
  )
}

/** Sound of members that have nothing else; what others have is that of the stream itself. */
export function soundAlone(members: readonly Member[]): LadderTrack[] {
  return tracksOf(members, 'audio').filter(({ member }) => tracksOf([member], 'video').length === 0)
}

/** Changes whenever a list of the ladder does. */
export function ladderVersion(ladder: Ladder, planned: readonly PlannedMember[]): string {
  const running = ladder.map(({ index, prefix }) => `${prefix}${index.life}.${index.segmentVersion}`)
  return [...running, ...planned.map(({ prefix }) => prefix)].join(' ')
}

/** Throws UnsupportedInputError where a stream has something to play, and nothing of it can be listed. */
export function assertListable({ tracks }: CmafIndex): void {
  const infos = [...tracks.values()].filter(({ segments }) => segments.length > 0).map(({ info }) => info)
  const lack = lackOf(infos)
  if (lack && !infos.some(({ codec }) => isListable(codec))) throw new UnsupportedInputError(lack.problem)
}

/** Whether players of HLS and DASH know the codec. */
export function isListable(codec: CodecId): boolean {
  return !lackOf([{ codec }])
}

function lackOf(tracks: readonly { readonly codec: CodecId }[]): ReturnType<typeof misfit> {
  // Which codecs they are of is all that is asked.
  return misfit(CMAF_FORMAT, tracks as readonly Track[])
}
