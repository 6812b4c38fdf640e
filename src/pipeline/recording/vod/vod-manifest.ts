import { formatMpd, type MpdAdaptationSet, type MpdPeriod } from '../../../media/formats/dash/index.ts'
import type { RecordingDetail, SegmentFact, TrackFact } from '../../../platform/storage/index.ts'
import {
  adaptationSet,
  NEARLY_MS,
  representation,
  type TileLayout,
  tileSet,
  trickSet,
  UTC_TIMING,
} from '../../packaging/index.ts'
import { listedSegments } from './listed-segments.ts'
import { memberIdPrefix, partOfRun, type RecordedMember } from './recorded-member.ts'
import { durationMs, trackOf } from './recorded-track.ts'
import { startsWithKeyframe } from './vod-keyframes.ts'
import { bandwidth } from './vod-playlists.ts'
import { type RecordedRun, runsOf, tiledRun, tiledVideo } from './vod-tiles.ts'

/** How long a player may keep the MPD of a recording that is still being written. */
const OPEN_UPDATE_MS = 2000

/**
 * The MPD of a recording, or of several of one stream one after the other: static, or dynamic while the last is being
 * written. Every discontinuity starts a period.
 */
export function vodManifest(
  recordings: readonly RecordingDetail[],
  beside: ListedBeside,
  { folderOf, membersOf }: Places = { folderOf: () => '', membersOf: () => [] },
): string {
  const periods: MpdPeriod[] = []
  const isEnded = recordings.every(({ endedMs }) => endedMs !== undefined)
  let startMs = 0
  let zeroEpochMs = 0
  for (const recording of recordings) {
    const runs = runsOf(recording)
    zeroEpochMs = (runs[0] ? startEpochMs(runs[0]) : 0) - startMs
    const members = membersOf(recording)
    for (const [at, run] of runs.entries()) {
      const source = { recording, folder: folderOf(recording), members, untilMs: runs[at + 1]?.startMs, ...beside }
      const before = runs[at - 1]
      // While it grows its end is that of the clock: the time that a publisher was away is in it.
      if (before && !isEnded) startMs += Math.max(0, run.startMs - before.endMs)
      periods.push(periodOf(source, run, startMs))
      startMs += run.endMs - run.startMs
    }
  }
  const durationsMs = recordings.flatMap((each) => each.segments.map((segment) => durationMs(each, segment)))
  const longestMs = Math.max(1, ...durationsMs)
  const common = { periods, minBufferTimeMs: longestMs, maxSegmentDurationMs: longestMs }
  if (isEnded) {
    return formatMpd({ ...common, type: 'static', mediaPresentationDurationMs: startMs })
  }
  return formatMpd({
    ...common,
    type: 'dynamic',
    // So that the recording that grows lies at its wall clock; nothing of this changes as it grows.
    availabilityStartTimeMs: zeroEpochMs,
    publishTimeMs: zeroEpochMs + startMs,
    minimumUpdatePeriodMs: OPEN_UPDATE_MS,
    timeShiftBufferDepthMs: startMs + OPEN_UPDATE_MS,
    suggestedPresentationDelayMs: 3 * longestMs,
    utcTiming: UTC_TIMING,
  })
}

/** What lists have beside the tracks. */
export type ListedBeside = {
  /** Of thumbnails; absent where none can be made. */
  readonly tiles?: TileLayout
  /** MPDs list keyframes for fast playback. */
  readonly trickMode: boolean
}

type MembersOf = (recording: RecordingDetail) => readonly RecordedMember[]

/** Where lists of several recordings lead to. */
export type Places = {
  /** To the files of a recording. */
  readonly folderOf: (recording: RecordingDetail) => string
  readonly membersOf: MembersOf
}

type Source = ListedBeside & {
  readonly recording: RecordingDetail
  readonly folder: string
  readonly members: readonly RecordedMember[]
  /** Start of the next run. */
  readonly untilMs: number | undefined
}

function periodOf(source: Source, run: RecordedRun, startMs: number): MpdPeriod {
  const { recording, folder, tiles: layout, trickMode } = source
  const own = tracksOf({ recording, folder, idPrefix: '', segments: run.segments })
  const adaptationSets = switchable([...own, ...membersIn(source, run)]).flatMap((tracks) => {
    const set = switchingSet(recording, tracks, run)
    return [set, ...(trickMode ? keysOf(set, tracks[0], run) : [])]
  })
  const video = layout && tiledVideo({ ...recording, segments: run.segments })
  const tiles = layout && video && tileSet(layout, video, tiledRun(recording, run, folder))
  if (tiles) adaptationSets.push(tiles)
  return { id: `${recording.id}-${run.segments[0]?.sequence ?? 0}`, startMs, adaptationSets }
}

/** A track in a run: of the recording, or of a member of its ladder. */
type Listed = {
  readonly recording: RecordingDetail
  readonly folder: string
  readonly idPrefix: string
  readonly segments: readonly SegmentFact[]
  readonly track: TrackFact
}
type Tracks = readonly [Listed, ...Listed[]]

function tracksOf(part: Omit<Listed, 'track'>): Listed[] {
  return part.recording.tracks.flatMap(({ trackId }) => {
    const first = part.segments.find((each) => each.trackId === trackId)
    const track = first && trackOf(part.recording, first)
    return track ? [{ ...part, track }] : []
  })
}

/** Their videos; the sound is that of the recording itself, and of members that have nothing else. */
function membersIn({ members, untilMs = Number.POSITIVE_INFINITY }: Source, run: RecordedRun): Listed[] {
  return members.flatMap((member) => {
    const part = partOfRun(member, run.startMs - NEARLY_MS, untilMs - NEARLY_MS)
    if (!part) return []
    const place = { folder: member.folderOf(part.recording), idPrefix: memberIdPrefix(member) }
    const tracks = tracksOf({ ...part, ...place })
    const video = tracks.filter(({ track }) => track.kind === 'video')
    return video.length > 0 ? video : tracks
  })
}

/** Players switch inside a set: videos of one codec are one set, every audio track is a set of its own. */
function switchable(tracks: readonly Listed[]): Tracks[] {
  const sets = Map.groupBy(tracks, ({ idPrefix, track: { kind, codec, trackId } }) =>
    kind === 'video' ? codec : `${idPrefix}${trackId}`,
  )
  return [...sets.values()] as unknown as Tracks[]
}

function switchingSet(recording: RecordingDetail, tracks: Tracks, run: RecordedRun): MpdAdaptationSet {
  const [{ track, idPrefix }] = tracks
  const { trackId, kind } = track
  const isOwn = idPrefix === ''
  const isMain = isOwn && recording.tracks.find((each) => each.kind === kind)?.trackId === trackId
  const representations = tracks.map((each) => representationOf(each, run))
  return adaptationSet({ trackId, of: idPrefix, isMain }, track, representations)
}

function representationOf({ recording, folder, idPrefix, segments, track }: Listed, run: RecordedRun) {
  const { trackId, clockRateHz } = track
  const entries = listedSegments(recording, segments, trackId)
  const [first] = entries
  return representation(track, {
    id: `${idPrefix}t${trackId}`,
    bandwidthBps: bandwidth(recording, track).peakBps,
    template: {
      timescaleHz: clockRateHz,
      initialization: `${folder}t${trackId}-init${first?.initId ?? 0}.mp4`,
      media: `${folder}t${trackId}-$Number$.m4s`,
      startNumber: first?.sequence ?? 0,
      presentationTimeOffsetTicks: Math.round((run.startMs * clockRateHz) / 1000),
      segments: { kind: 'timeline', entries },
    },
  })
}

/** Where every segment starts with a keyframe. */
function keysOf({ representations: [main] }: MpdAdaptationSet, { track, idPrefix }: Listed, run: RecordedRun) {
  const { trackId, kind, clockRateHz } = track
  const segments = run.segments.filter((each) => each.trackId === trackId)
  if (!main || kind !== 'video' || idPrefix !== '' || !segments.every(startsWithKeyframe)) return []
  const template = { ...main.template, media: main.template.media.replace('$Number$', 'key$Number$') }
  return [trickSet({ trackId, clockRateHz, main }, segments, template)]
}

function startEpochMs({ segments }: RecordedRun): number {
  return Math.min(...segments.map(({ epochMs }) => epochMs))
}
