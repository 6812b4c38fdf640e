import type { RecordingDetail, SegmentFact } from '../../../platform/storage/index.ts'
import { listedTiles, type PictureSize, type TiledRun, type TileLayout, tilePlaylist } from '../../packaging/index.ts'
import { durationMs, startMs } from './recorded-track.ts'

/** Segments of all tracks from one discontinuity to the next; milliseconds of the media time line. */
export type RecordedRun = {
  readonly segments: readonly SegmentFact[]
  readonly startMs: number
  readonly endMs: number
}

export function runsOf(recording: RecordingDetail): RecordedRun[] {
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

/** Size of the pictures that tiles are made of; undefined where there is no video. */
export function tiledVideo({ tracks, segments }: RecordingDetail): PictureSize | undefined {
  const video = tracks.find(
    ({ kind, trackId }) => kind === 'video' && segments.some((each) => each.trackId === trackId),
  )
  return video && { widthPx: video.widthPx ?? 16, heightPx: video.heightPx ?? 9 }
}

/** A run as tiles cover it. */
export function tiledRun(recording: RecordingDetail, run: RecordedRun, prefix: string): TiledRun {
  const first = run.segments.find((segment) => startMs(recording, segment) === run.startMs)
  const isLast = run.segments.includes(recording.segments.at(-1) as SegmentFact)
  return {
    startMs: run.startMs,
    endMs: run.endMs,
    epochMs: first?.epochMs ?? 0,
    isOpen: isLast && recording.endedMs === undefined,
    prefix,
  }
}

type Folders = (recording: RecordingDetail) => string

function tiledRuns(recordings: readonly RecordingDetail[], folderOf: Folders): TiledRun[] {
  return recordings.flatMap((recording) =>
    runsOf(recording).map((run) => tiledRun(recording, run, folderOf(recording))),
  )
}

/** Whether there is a tile to list. */
export function hasTiles(layout: TileLayout, recording: RecordingDetail): boolean {
  if (!tiledVideo(recording)) return false
  return tiledRuns([recording], () => '').some((run) => listedTiles(layout, run).length > 0)
}

/** Players of a recording that grows stay so far behind its end. */
const HOLD_BACK_SEGMENTS = 3

/** Undefined where there is no video. */
export function vodTilePlaylist(
  layout: TileLayout,
  recordings: readonly RecordingDetail[],
  folderOf: Folders = () => '',
): string | undefined {
  const [video] = recordings.flatMap((recording) => tiledVideo(recording) ?? [])
  if (!video) return undefined
  const runs = tiledRuns(recordings, folderOf)
  const isEnded = runs.every(({ isOpen }) => !isOpen)
  const longestMs = Math.max(...recordings.flatMap((each) => each.segments.map((segment) => durationMs(each, segment))))
  const control = isEnded ? {} : { serverControl: { holdBackMs: HOLD_BACK_SEGMENTS * Math.ceil(longestMs) } }
  return tilePlaylist(layout, video, { runs, type: isEnded ? 'vod' : 'event', ...control })
}
