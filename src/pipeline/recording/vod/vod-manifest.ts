import { formatMpd, type MpdAdaptationSet, type MpdPeriod } from '../../../media/formats/dash/index.ts'
import type { RecordingDetail, SegmentFact, TrackFact } from '../../../platform/storage/index.ts'
import { bandwidth } from './vod-playlists.ts'

/** How long a player may keep the MPD of a recording that is still being written. */
const OPEN_UPDATE_MS = 2000

/**
 * The MPD of a recording, or of several of one stream one after the other: static, or dynamic while the last is being
 * written. Every discontinuity starts a period. `folderOf` leads to the files of a recording.
 */
export function vodManifest(
  recordings: readonly RecordingDetail[],
  folderOf: (recording: RecordingDetail) => string = () => '',
): string {
  const periods: MpdPeriod[] = []
  let startMs = 0
  for (const recording of recordings) {
    for (const run of runsOf(recording)) {
      periods.push(periodOf({ recording, folder: folderOf(recording) }, run, startMs))
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

type Source = { readonly recording: RecordingDetail; readonly folder: string }

/** Segments of all tracks from one discontinuity to the next. */
type Run = { readonly segments: readonly SegmentFact[]; readonly startMs: number; readonly endMs: number }

function runsOf(recording: RecordingDetail): Run[] {
  const starts = [...new Set(recording.segments.flatMap((each) => (each.discontinuity ? [each.sequence] : [])))]
  const bounds = [Number.NEGATIVE_INFINITY, ...starts.sort((a, b) => a - b), Number.POSITIVE_INFINITY]
  return bounds.slice(0, -1).flatMap((from, at) => {
    const until = bounds[at + 1] ?? Number.POSITIVE_INFINITY
    const segments = recording.segments.filter(({ sequence }) => sequence >= from && sequence < until)
    if (segments.length === 0) return []
    const startsMs = segments.map((segment) => startMs(recording, segment))
    const endsMs = segments.map((segment) => startMs(recording, segment) + durationMs(recording, segment))
    return [{ segments, startMs: Math.min(...startsMs), endMs: Math.max(...endsMs) }]
  })
}

function periodOf(source: Source, run: Run, startMs: number): MpdPeriod {
  const { recording } = source
  const adaptationSets = recording.tracks.flatMap((track) => {
    const segments = run.segments.filter(({ trackId }) => trackId === track.trackId)
    return segments.length === 0 ? [] : [adaptationSet(source, track, { ...run, segments })]
  })
  return { id: `${recording.id}-${run.segments[0]?.sequence ?? 0}`, startMs, adaptationSets }
}

function adaptationSet({ recording, folder }: Source, track: TrackFact, run: Run): MpdAdaptationSet {
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

function clockOf(recording: RecordingDetail, { trackId }: SegmentFact): number {
  return recording.tracks.find((track) => track.trackId === trackId)?.clockRateHz ?? 1
}
function startMs(recording: RecordingDetail, segment: SegmentFact): number {
  return (segment.startTicks * 1000) / clockOf(recording, segment)
}
function durationMs(recording: RecordingDetail, segment: SegmentFact): number {
  return (segment.durationTicks * 1000) / clockOf(recording, segment)
}
function endEpochMs(recording: RecordingDetail, segment: SegmentFact): number {
  return segment.epochMs + durationMs(recording, segment)
}
