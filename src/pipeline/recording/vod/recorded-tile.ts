import type { BlobStore, RecordingDetail, SegmentFact } from '../../../platform/storage/index.ts'
import {
  type TileKeyframe,
  type TileLayout,
  type TilePictures,
  type TilePlace,
  tilePictures,
} from '../../packaging/index.ts'

/** Of the first video track. Undefined where there is none, or nothing of that time. */
export async function recordedTile(
  detail: RecordingDetail,
  store: BlobStore,
  { layout, place }: { readonly layout: TileLayout; readonly place: TilePlace },
): Promise<TilePictures | undefined> {
  const track = detail.tracks.find(({ kind }) => kind === 'video')
  if (!track) return undefined
  const segments = detail.segments.filter(({ trackId }) => trackId === track.trackId)
  const last = segments.at(-1)
  const toMs = (ticks: number) => (ticks * 1000) / track.clockRateHz
  const initKeys = new Map(detail.inits.map(({ trackId, initId, key }) => [`${trackId} ${initId}`, key]))
  const keyframes = segments.flatMap((segment) => {
    const initKey = initKeys.get(`${segment.trackId} ${segment.initId}`)
    return initKey === undefined ? [] : keyframesOf(segment, { initKey, store, toMs })
  })
  return await tilePictures(layout, place, {
    video: { widthPx: track.widthPx ?? 16, heightPx: track.heightPx ?? 9 },
    keyframes,
    endMs: last ? toMs(last.startTicks + last.durationTicks) : 0,
    isEnded: detail.endedMs !== undefined,
  })
}

type Where = { readonly initKey: string; readonly store: BlobStore; readonly toMs: (ticks: number) => number }

function keyframesOf({ key, keyframes }: SegmentFact, { initKey, store, toMs }: Where): TileKeyframe[] {
  return keyframes.map(({ ticks, offsetBytes, sizeBytes }) => ({
    atMs: toMs(ticks),
    initKey,
    init: async () => await store.read(initKey, 0, await store.size(initKey)),
    // Deleted meanwhile: the place shows the picture before.
    data: async () => await store.read(key, offsetBytes, offsetBytes + sizeBytes).catch(() => undefined),
  }))
}
