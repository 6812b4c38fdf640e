import { AccessDeniedError } from '../../../platform/errors.ts'
import type { BlobStore, RecordingDetail, SegmentFact } from '../../../platform/storage/index.ts'
import {
  isTileOf,
  onGrid,
  type TileAnchors,
  type TileKeyframe,
  type TileLayout,
  type TilePictures,
  type TilePlace,
  tilePictures,
} from '../../packaging/index.ts'
import { msOf, startMs } from './recorded-track.ts'
import { runsOf } from './vod-tiles.ts'

export type RecordedTileRequest = {
  readonly layout: TileLayout
  readonly place: TilePlace
  /** Nominal length of live segments: MPDs of a live stream count its tiles from their grid. */
  readonly segmentMs: number
}

/**
 * Of the first video track. Undefined where there is none, or nothing of that time. Rejects with UnavailableError where
 * the store does not answer.
 */
export async function recordedTile(
  detail: RecordingDetail,
  store: BlobStore,
  { layout, place, segmentMs }: RecordedTileRequest,
): Promise<TilePictures | undefined> {
  const track = detail.tracks.find(({ kind }) => kind === 'video')
  if (!track || !isTileOf(layout, place, anchorsOf(detail, segmentMs))) return undefined
  const segments = detail.segments.filter(({ trackId }) => trackId === track.trackId)
  const last = segments.at(-1)
  const initKeys = new Map(detail.inits.map(({ trackId, initId, key }) => [`${trackId} ${initId}`, key]))
  const keyframes = segments.flatMap((segment) => {
    const initKey = initKeys.get(`${segment.trackId} ${segment.initId}`)
    return initKey === undefined
      ? []
      : keyframesOf(segment, { initKey, store, toMs: (ticks) => msOf(detail, segment, ticks) })
  })
  return await tilePictures(layout, place, {
    video: { widthPx: track.widthPx ?? 16, heightPx: track.heightPx ?? 9 },
    keyframes,
    endMs: last ? msOf(detail, last, last.startTicks + last.durationTicks) : 0,
    isEnded: detail.endedMs !== undefined,
  })
}

type Where = { readonly initKey: string; readonly store: BlobStore; readonly toMs: (ticks: number) => number }

function keyframesOf({ key, keyframes }: SegmentFact, { initKey, store, toMs }: Where): TileKeyframe[] {
  return keyframes.map(({ ticks, offsetBytes, sizeBytes }) => ({
    atMs: toMs(ticks),
    initKey,
    init: async () => await store.read(initKey, 0, await store.size(initKey)),
    sizeBytes,
    // Deleted meanwhile: the place shows the picture before.
    data: async () => await store.read(key, offsetBytes, offsetBytes + sizeBytes).catch(undefinedWhereGone),
  }))
}

function undefinedWhereGone(error: unknown): undefined {
  if (!(error instanceof AccessDeniedError) || error.code !== 'not-found') throw error
}

/** Tiles are counted from the start of a run, as any of its tracks tells it. */
function anchorsOf(detail: RecordingDetail, segmentMs: number): TileAnchors[] {
  return runsOf(detail).map(({ segments, endMs }) => {
    const firsts = segments.filter(({ trackId }, at) => segments.findIndex((each) => each.trackId === trackId) === at)
    const startsMs = firsts.map((segment) => startMs(detail, segment))
    return { startsMs: [...startsMs, ...startsMs.map((ms) => onGrid(ms, segmentMs))], endMs }
  })
}
