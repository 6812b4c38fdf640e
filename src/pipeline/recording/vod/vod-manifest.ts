import { formatMpd, type MpdAdaptationSet, type MpdPeriod } from '../../../media/formats/dash/index.ts'
import { keyFragmentBytes } from '../../../media/formats/mp4/index.ts'
import type { RecordingDetail, SegmentFact, TrackFact } from '../../../platform/storage/index.ts'
import { type TileLayout, tileSet } from '../../packaging/index.ts'
import { startsWithKeyframe } from './vod-keyframes.ts'
import { bandwidth } from './vod-playlists.ts'
import { durationMs, type RecordedRun, runsOf, tiledRun, tiledVideo } from './vod-tiles.ts'

/** No track has such a number. */
const TRICK_SET_ID = 80_000
const MAX_PLAYOUT_RATE = 32
/** How long a player may keep the MPD of a recording that is still being written. */
const OPEN_UPDATE_MS = 2000

/**
 * The MPD of a recording, or of several of one stream one after the other: static, or dynamic while the last is being
 * written. Every discontinuity starts a period. `folderOf` leads to the files of a recording.
 */
export function vodManifest(
  recordings: readonly RecordingDetail[],
  beside: ListedBeside,
  folderOf: (recording: RecordingDetail) => string = () => '',
): string {
  const periods: MpdPeriod[] = []
  let startMs = 0
  for (const recording of recordings) {
    for (const run of runsOf(recording)) {
      periods.push(periodOf({ recording, folder: folderOf(recording), ...beside }, run, startMs))
      startMs += run.endMs - run.startMs
    }
  }
  const durationsMs = recordings.flatMap((each) => each.segments.map((segment) => durationMs(each, segment)))
  const longestMs = Math.max(1, ...durationsMs)
  const common = { periods, minBufferTimeMs: longestMs, maxSegmentDurationMs: longestMs }
  if (recordings.every(({ endedMs }) => endedMs !== undefined)) {
    return formatMpd({ ...common, type: 'static', mediaPresentationDurationMs: startMs })
  }
  // Everything that is listed is there, whatever the clocks say: the presentation starts so that it ends now.
  const endMs = Math.max(...recordings.flatMap((each) => each.segments.map((segment) => endEpochMs(each, segment))))
  return formatMpd({
    ...common,
    type: 'dynamic',
    availabilityStartTimeMs: endMs - startMs,
    publishTimeMs: endMs,
    minimumUpdatePeriodMs: OPEN_UPDATE_MS,
    timeShiftBufferDepthMs: startMs + OPEN_UPDATE_MS,
    suggestedPresentationDelayMs: 3 * longestMs,
    utcTiming: { schemeIdUri: 'urn:mpeg:dash:utc:http-xsdate:2014', value: 'manifest.mpd?utc' },
  })
}

/** What lists have beside the tracks. */
export type ListedBeside = {
  /** Of thumbnails; absent where none can be made. */
  readonly tiles?: TileLayout
  /** MPDs list keyframes for fast playback. */
  readonly trickMode: boolean
}

type Source = ListedBeside & { readonly recording: RecordingDetail; readonly folder: string }

function periodOf(source: Source, run: RecordedRun, startMs: number): MpdPeriod {
  const { recording, folder, tiles: layout, trickMode } = source
  const adaptationSets = recording.tracks.flatMap((track) => {
    const segments = run.segments.filter(({ trackId }) => trackId === track.trackId)
    if (segments.length === 0) return []
    const set = adaptationSet(source, track, { ...run, segments })
    return [set, ...(trickMode && track.kind === 'video' ? trickSet(set, track, segments) : [])]
  })
  const video = layout && tiledVideo({ ...recording, segments: run.segments })
  const tiles = layout && video && tileSet(layout, video, tiledRun(recording, run, folder))
  if (tiles) adaptationSets.push(tiles)
  return { id: `${recording.id}-${run.segments[0]?.sequence ?? 0}`, startMs, adaptationSets }
}

function adaptationSet({ recording, folder }: Source, track: TrackFact, run: RecordedRun): MpdAdaptationSet {
  const { trackId, kind, clockRateHz, language, widthPx, heightPx, frameRate, sampleRateHz, channelCount } = track
  const [first] = run.segments
  return {
    id: trackId,
    contentType: kind,
    isMain: recording.tracks.find((each) => each.kind === kind) === track,
    ...(language === undefined ? {} : { lang: language }),
    representations: [
      {
        id: `t${trackId}`,
        bandwidthBps: bandwidth(recording, track).peakBps,
        codecs: track.codecString,
        ...(widthPx && heightPx ? { widthPx, heightPx } : {}),
        ...(frameRate === undefined ? {} : { frameRate }),
        ...(sampleRateHz === undefined ? {} : { audioSamplingRateHz: sampleRateHz }),
        ...(channelCount === undefined ? {} : { channelCount }),
        template: {
          timescaleHz: clockRateHz,
          initialization: `${folder}t${trackId}-init${first?.initId ?? 0}.mp4`,
          media: `${folder}t${trackId}-$Number$.m4s`,
          startNumber: first?.sequence ?? 0,
          presentationTimeOffsetTicks: Math.round((run.startMs * clockRateHz) / 1000),
          segments: { kind: 'timeline', entries: run.segments },
        },
      },
    ],
  }
}

/** Keyframes only, where every segment starts with one. */
function trickSet(
  of: MpdAdaptationSet,
  { clockRateHz }: TrackFact,
  segments: readonly SegmentFact[],
): MpdAdaptationSet[] {
  const [main] = of.representations
  if (!main || !segments.every(startsWithKeyframe)) return []
  const bitsPerSecond = segments.map(
    ({ keyframes, durationTicks }) =>
      (keyFragmentBytes(keyframes[0]?.sizeBytes ?? 0) * 8 * clockRateHz) / Math.max(1, durationTicks),
  )
  const { frameRate: _, ...shape } = main
  const template = { ...main.template, media: main.template.media.replace('$Number$', 'key$Number$') }
  const bandwidthBps = Math.max(1, ...bitsPerSecond)
  const keys = { ...shape, id: `${main.id}-keys`, bandwidthBps, maxPlayoutRate: MAX_PLAYOUT_RATE, template }
  return [
    { id: TRICK_SET_ID + of.id, contentType: 'video', trickModeOf: of.id, startWithSap: 1, representations: [keys] },
  ]
}

function endEpochMs(recording: RecordingDetail, segment: SegmentFact): number {
  return segment.epochMs + durationMs(recording, segment)
}
