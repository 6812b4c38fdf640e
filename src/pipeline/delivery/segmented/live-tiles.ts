import type { HlsImageVariant } from '../../../media/formats/hls/index.ts'
import {
  type CmafIndex,
  endMsOf,
  type IndexedSegment,
  type IndexedTrack,
  imageVariant,
  isTileOf,
  listedTiles,
  liveTilePrefix,
  msOf,
  type PictureSize,
  startMsOf,
  type TileAnchors,
  type TiledRun,
  type TileKeyframe,
  type TileLayout,
  type TilePictures,
  type TilePlace,
  tilePictures,
  tilePlaylist,
} from '../../packaging/index.ts'
import { holdBacks } from './hls/media.ts'
import { recordingFolder } from './segment-address.ts'
import { copyOf, type SegmentedView } from './segmented-view.ts'

/** The track that tiles are made of. */
export function tiledTrack(index: CmafIndex): IndexedTrack | undefined {
  for (const track of index.tracks.values()) if (track.info.kind === 'video' && track.segments.length > 0) return track
  return undefined
}

export function videoSize({ info }: IndexedTrack): PictureSize {
  const isKnown = info.kind === 'video' && info.widthPx > 0 && info.heightPx > 0
  return isKnown ? { widthPx: info.widthPx, heightPx: info.heightPx } : { widthPx: 16, heightPx: 9 }
}

/** The runs of the window. Tiles of what is recorded are those of the recording, so that they stay. */
export function tiledRuns(name: string, index: CmafIndex, track: IndexedTrack): TiledRun[] {
  const { recordingId } = index.options
  const first = index.listed(track)[0]
  const last = track.segments.at(-1)
  const newestMs = last ? endMsOf(track, last) : 0
  return index.runs.map((run) => ({
    startMs: run.startMs,
    endMs: run.endMs ?? Math.max(run.startMs, newestMs),
    epochMs: run.epochMs + index.shift.epochMs,
    isOpen: run.endMs === undefined && !index.ended,
    prefix: recordingId === undefined ? liveTilePrefix(index.life) : recordingFolder(name, recordingId),
    windowMs: index.ended || !first ? 0 : startMsOf(track, first),
  }))
}

/** Players read the multivariant playlist once: the tiles are named as soon as there is one. */
export function imageVariants(layout: TileLayout | undefined, name: string, index: CmafIndex): HlsImageVariant[] {
  const track = tiledTrack(index)
  if (!layout || !track) return []
  const isAny = tiledRuns(name, index, track).some((run) => listedTiles(layout, run).length > 0)
  return isAny ? [imageVariant(layout, videoSize(track))] : []
}

/** Undefined where there is no video. */
export function liveTilePlaylist(layout: TileLayout, name: string, index: CmafIndex): string | undefined {
  const track = tiledTrack(index)
  const { forgotten } = index
  if (!track) return undefined
  const control = index.ended ? {} : { serverControl: holdBacks(index, index.targetSeconds) }
  const runs = tiledRuns(name, index, track)
  return tilePlaylist(layout, videoSize(track), { runs, type: 'live', forgotten, ...control })
}

/** What a tile of the live window is made of, as far as it is still in the log. */
export async function liveTile(
  view: SegmentedView,
  layout: TileLayout,
  place: TilePlace,
): Promise<TilePictures | undefined> {
  const { index } = view
  const track = tiledTrack(index)
  const last = track?.segments.at(-1)
  const endMs = track && last ? endMsOf(track, last) : 0
  if (!track || !isTileOf(layout, place, anchorsOf(index, endMs))) return undefined
  const keyframes = track.segments.flatMap((segment): TileKeyframe[] => {
    const { keyframes: found, place: where, parts, initId } = segment
    const init = track.inits.get(initId)?.bytes
    if (where !== 'log' || !init) return []
    return found.map(({ ticks, offsetBytes, sizeBytes }) => ({
      atMs: msOf(track, segment, ticks),
      initKey: String(initId),
      init: async () => init,
      sizeBytes,
      data: async () => copyOf(view, parts, { offsetBytes, sizeBytes }),
    }))
  })
  const kept = keptFrom(index, track)
  return await tilePictures(layout, place, {
    video: videoSize(track),
    keyframes,
    endMs,
    isEnded: index.ended,
    ...(kept ? { keptFromMs: startMsOf(track, kept) } : {}),
  })
}

function anchorsOf({ runs }: CmafIndex, newestMs: number): TileAnchors[] {
  return runs.map(({ startMs, gridMs, endMs }) => ({ startsMs: [startMs, gridMs], endMs: endMs ?? newestMs }))
}

/** The first segment that is in the log; undefined where nothing of its run is gone. */
function keptFrom({ runs }: CmafIndex, { segments }: IndexedTrack): IndexedSegment | undefined {
  const first = segments.find(({ place }) => place === 'log')
  return runs.some(({ sequence }) => sequence === first?.sequence) ? undefined : first
}
