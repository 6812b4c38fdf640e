/**
 * Thumbnails lie in tiles: pictures of one size in rows, one for every `intervalMs` of the media time line. DASH-IF IOP
 * part 11, 6.2.6, and the image media playlists of HLS (EXT-X-IMAGES-ONLY).
 */
export type TileLayout = {
  readonly columns: number
  readonly rows: number
  readonly intervalMs: number
  /** Of one picture. */
  readonly widthPx: number
}

/** Tile `number`, counted from 0, of those that lie one after the other from `anchorMs` on. */
export type TilePlace = { readonly anchorMs: number; readonly number: number }

export type PictureSize = { readonly widthPx: number; readonly heightPx: number }

/** Generous, for a JPEG of small pictures. */
const BITS_PER_PIXEL = 4

export function tileMs({ columns, rows, intervalMs }: TileLayout): number {
  return columns * rows * intervalMs
}

/** One picture of a tile; even, as JPEG's colours want it. */
export function tileCell({ widthPx }: TileLayout, video: PictureSize): PictureSize {
  const even = (px: number) => Math.max(2, 2 * Math.round(px / 2))
  return { widthPx: even(widthPx), heightPx: even((widthPx * video.heightPx) / Math.max(1, video.widthPx)) }
}

/** Tiles are made when they are asked for, to what is declared before: see `maxTileBytes`. */
export function tileBitsPerSecond(layout: TileLayout, { widthPx, heightPx }: PictureSize): number {
  return (widthPx * heightPx * BITS_PER_PIXEL * 1000) / layout.intervalMs
}

/** A tile with so many pictures must not be larger. */
export function maxTileBytes({ widthPx, heightPx }: PictureSize, pictureCount: number): number {
  return Math.floor((widthPx * heightPx * BITS_PER_PIXEL * pictureCount) / 8)
}

/**
 * The file of a tile. The layout is in its name, so that what a name stands for never changes; `$Number$` makes a
 * template of ISO/IEC 23009-1, 5.3.9.4.4.
 */
export function tileFile(layout: TileLayout, anchorMs: number, number: number | '$Number$'): string {
  return `tile-${layoutText(layout)}-${Math.round(anchorMs)}-${number}.jpg`
}

const TILE_FILE = /^tile-(\d{1,2}x\d{1,2}-\d{1,4}-\d{1,6})-(\d{1,15})-(\d{1,9})\.jpg$/

export function isTileFile(file: string): boolean {
  return TILE_FILE.test(file)
}
/** Undefined where the name is none, or one of another layout. */
export function parseTileFile(file: string, layout: TileLayout): TilePlace | undefined {
  const [, text, anchor, number] = TILE_FILE.exec(file) ?? []
  return text === layoutText(layout) ? { anchorMs: Number(anchor), number: Number(number) } : undefined
}

/** The same in one life of a live stream: media times begin anew in each. */
export function liveTilePrefix(life: string): string {
  return `${life}-`
}
const LIVE_TILE_FILE = /^([0-9a-z]{1,12})-(tile-.*)$/

/** Undefined where it is none. */
export function splitLiveTileFile(file: string): { readonly life: string; readonly file: string } | undefined {
  const [, life, rest] = LIVE_TILE_FILE.exec(file) ?? []
  return life !== undefined && rest !== undefined && isTileFile(rest) ? { life, file: rest } : undefined
}

function layoutText({ columns, rows, intervalMs, widthPx }: TileLayout): string {
  return `${columns}x${rows}-${widthPx}-${intervalMs}`
}

/** Tiles of a run of media that lasts `runMs`: the last may be shorter. */
export function tilesOf(layout: TileLayout, runMs: number): { readonly number: number; readonly durationMs: number }[] {
  const wholeMs = tileMs(layout)
  const count = Math.ceil((runMs - layout.intervalMs / 10) / wholeMs)
  return Array.from({ length: Math.max(0, count) }, (_, number) => ({
    number,
    durationMs: Math.min(wholeMs, runMs - number * wholeMs),
  }))
}

/** A run of media: where its tiles may be counted from, and its end. Media time line. */
export type TileAnchors = { readonly startsMs: readonly number[]; readonly endMs: number }

/** Whether lists may name such a tile: it begins within a run, counted from one of its starts. */
export function isTileOf(layout: TileLayout, { anchorMs, number }: TilePlace, runs: readonly TileAnchors[]): boolean {
  return runs.some(
    ({ startsMs, endMs }) =>
      number < tilesOf(layout, endMs - anchorMs).length && startsMs.some((ms) => Math.round(ms) === anchorMs),
  )
}

/** A picture that begins a moment late is still the one of its place. */
const LATE_SHARE = 0.1

/**
 * Which of `keyframes` (their times, ascending) is at each place of a tile: the newest by then, else the first that
 * comes. Places from `endMs` on have none. Empty where there is no keyframe for any.
 */
export function placedKeyframes(
  layout: TileLayout,
  { anchorMs, number }: TilePlace,
  media: { readonly keyframesMs: readonly number[]; readonly endMs: number },
): number[] {
  const startMs = anchorMs + number * tileMs(layout)
  const places = Array.from({ length: layout.columns * layout.rows }, (_, at) => startMs + at * layout.intervalMs)
  const lateMs = layout.intervalMs * LATE_SHARE
  const filled = places.filter((ms) => ms < media.endMs - lateMs)
  const end = startMs + tileMs(layout)
  const first = media.keyframesMs.findIndex((ms) => ms >= startMs)
  const chosen = filled.map((ms) => media.keyframesMs.findLastIndex((each) => each <= ms + lateMs))
  const isAny = chosen.some((index) => index >= 0) || (first >= 0 && (media.keyframesMs[first] ?? end) < end)
  return isAny ? chosen.map((index) => (index >= 0 ? index : first)) : []
}
