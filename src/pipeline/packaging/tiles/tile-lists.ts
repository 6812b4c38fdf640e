import type { MpdAdaptationSet } from '../../../media/formats/dash/index.ts'
import {
  formatMediaPlaylist,
  type HlsImageVariant,
  type HlsMediaPlaylist,
  type HlsSegment,
  type HlsServerControl,
} from '../../../media/formats/hls/index.ts'
import {
  type PictureSize,
  type TileLayout,
  tileBitsPerSecond,
  tileCell,
  tileFile,
  tileMs,
  tilesOf,
} from './tile-grid.ts'

export const TILE_PLAYLIST = 'tiles.m3u8'
/** No track has such a number. */
const TILE_SET_ID = 90_000
const TIMESCALE_HZ = 1000

/** Media from one discontinuity to the next, as far as tiles of it are to be listed. */
export type TiledRun = {
  /** On the media time line, and on that of the presentation. */
  readonly startMs: number
  readonly endMs: number
  /** Wall clock of `startMs`. */
  readonly epochMs: number
  /** It goes on: only whole tiles are listed. */
  readonly isOpen: boolean
  /** In front of the tile's file: leads from the list to it. */
  readonly prefix: string
  /** Tiles that end before this have left the window. */
  readonly windowMs?: number
}

type ListedTile = { readonly number: number; readonly durationMs: number }

export function listedTiles(layout: TileLayout, { startMs, endMs, isOpen, windowMs }: TiledRun): ListedTile[] {
  const wholeMs = tileMs(layout)
  return tilesOf(layout, endMs - startMs).filter(({ number, durationMs }) => {
    const isGone = windowMs !== undefined && startMs + (number + 1) * wholeMs <= windowMs
    return !isGone && (!isOpen || durationMs === wholeMs)
  })
}

function goneTiles(layout: TileLayout, { startMs, endMs, windowMs }: TiledRun): number {
  if (windowMs === undefined) return 0
  const gone = Math.floor(Math.max(0, windowMs - startMs) / tileMs(layout))
  return Math.min(gone, tilesOf(layout, endMs - startMs).length)
}

export function imageVariant(layout: TileLayout, video: PictureSize, query = ''): HlsImageVariant {
  const cell = tileCell(layout, video)
  const bandwidthBps = tileBitsPerSecond(layout, cell)
  return { uri: TILE_PLAYLIST + query, bandwidthBps, codecs: ['jpeg'], resolution: cell }
}

type TileList = {
  readonly runs: readonly TiledRun[]
  readonly type: HlsMediaPlaylist['type']
  /** While it grows, that of the media: players that read this list too (shaka) take it for the whole presentation. */
  readonly serverControl?: HlsServerControl
  /** What lay in front of the first run and has left the window. */
  readonly forgotten?: { readonly runs: number; readonly tiles: number }
}

/** The image media playlist of `runs`, one after the other. */
export function tilePlaylist(
  layout: TileLayout,
  video: PictureSize,
  { runs, type, serverControl, forgotten }: TileList,
): string {
  const { columns, rows, intervalMs } = layout
  const segments = runs.flatMap((run, at) =>
    listedTiles(layout, run).map(
      ({ number, durationMs }, index): HlsSegment => ({
        uri: run.prefix + tileFile(layout, run.startMs, number),
        durationMs,
        discontinuity: at > 0 && index === 0,
        programDateTimeMs: Math.round(run.epochMs + number * tileMs(layout)),
      }),
    ),
  )
  return formatMediaPlaylist({
    type,
    targetDurationSeconds: tileMs(layout) / 1000,
    mediaSequence: runs.reduce((sum, run) => sum + goneTiles(layout, run), forgotten?.tiles ?? 0),
    ...(forgotten ? { discontinuitySequence: forgotten.runs } : {}),
    independentSegments: true,
    isEnded: runs.every(({ isOpen }) => !isOpen),
    ...(serverControl ? { serverControl } : {}),
    tiles: { resolution: tileCell(layout, video), columns, rows, pictureMs: intervalMs },
    segments,
  })
}

/**
 * The tiles of one period. With their times, not by number alone: a player that reckons with the longest segment would
 * stay as far behind the live edge as a tile is long. Undefined while there is none.
 */
export function tileSet(
  layout: TileLayout,
  video: PictureSize,
  run: TiledRun & { readonly availabilityTimeOffsetMs?: number },
): MpdAdaptationSet | undefined {
  const tiles = listedTiles(layout, run)
  const [first] = tiles
  if (!first) return undefined
  const { columns, rows } = layout
  const { availabilityTimeOffsetMs } = run
  const cell = tileCell(layout, video)
  return {
    id: TILE_SET_ID,
    contentType: 'image',
    tiles: { columns, rows },
    representations: [
      {
        id: 'tiles',
        bandwidthBps: tileBitsPerSecond(layout, cell),
        widthPx: cell.widthPx * columns,
        heightPx: cell.heightPx * rows,
        template: {
          timescaleHz: TIMESCALE_HZ,
          media: run.prefix + tileFile(layout, run.startMs, '$Number$'),
          startNumber: first.number,
          presentationTimeOffsetTicks: 0,
          segments: {
            kind: 'timeline',
            // A player takes the least of all sets for what the stream allows.
            ...(availabilityTimeOffsetMs === undefined ? {} : { availabilityTimeOffsetMs }),
            // Whole tiles to the end: their pictures are found by their place.
            entries: tiles.map(({ number }) => ({
              startTicks: number * tileMs(layout),
              durationTicks: tileMs(layout),
            })),
          },
        },
      },
    ],
  }
}
