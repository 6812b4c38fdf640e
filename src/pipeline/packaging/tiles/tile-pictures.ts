import { Fmp4Demuxer } from '../../../media/formats/mp4/index.ts'
import type { VideoTrack } from '../../../media/model/index.ts'
import {
  maxTileBytes,
  type PictureSize,
  placedKeyframes,
  type TileLayout,
  type TilePlace,
  tileCell,
  tileMs,
} from './tile-grid.ts'

/** Of all keyframes of a tile together: beyond it the places show the last that there was room for. */
const MAX_INPUT_BYTES = 24 * 2 ** 20

/** A keyframe of the media that a tile may show. */
export type TileKeyframe = {
  /** On the media time line. */
  readonly atMs: number
  /** Another for every initialization segment. */
  readonly initKey: string
  readonly init: () => Promise<Uint8Array>
  readonly sizeBytes: number
  /** The coded picture in canonical form; undefined where it is gone. */
  readonly data: () => Promise<Uint8Array | undefined>
}

/** What a tile is made of. */
export type TilePictures = {
  readonly columns: number
  readonly rows: number
  readonly cell: PictureSize
  readonly pictures: readonly { readonly track: VideoTrack; readonly data: Uint8Array }[]
  /** Index into `pictures` for each place; those behind them are black. */
  readonly places: readonly number[]
  /** A tile of so many pictures must not be larger. */
  readonly maxBytes: number
  /** The media goes on behind its end, and nothing of it is gone: it never looked otherwise and never will. */
  readonly isWhole: boolean
}

/** `media.keyframes` ascending; the media may grow unless it has ended. Undefined where there is nothing to show. */
export async function tilePictures(
  layout: TileLayout,
  place: TilePlace,
  media: {
    readonly video: PictureSize
    readonly keyframes: readonly TileKeyframe[]
    readonly endMs: number
    readonly isEnded: boolean
    /** Media from here on is still there. */
    readonly keptFromMs?: number
  },
): Promise<TilePictures | undefined> {
  const { keyframes, endMs, isEnded, video, keptFromMs = 0 } = media
  const placed = placedKeyframes(layout, place, { keyframesMs: keyframes.map(({ atMs }) => atMs), endMs })
  const tracks = new Map<string, VideoTrack | undefined>()
  const pictures: { track: VideoTrack; data: Uint8Array }[] = []
  const indices = new Map<number, number | undefined>()
  let bytes = 0
  let isKept = place.anchorMs + place.number * tileMs(layout) >= keptFromMs
  for (const at of new Set(placed)) {
    const keyframe = keyframes[at]
    if (!keyframe || bytes + keyframe.sizeBytes > MAX_INPUT_BYTES) continue
    bytes += keyframe.sizeBytes
    const { initKey } = keyframe
    if (!tracks.has(initKey)) tracks.set(initKey, videoOf(await keyframe.init()))
    const track = tracks.get(initKey)
    const data = await keyframe.data()
    isKept &&= data !== undefined
    indices.set(at, track && data ? pictures.push({ track, data }) - 1 : undefined)
  }
  const places = filled(placed.map((at) => indices.get(at)))
  if (places.length === 0) return undefined
  const hasEnd = isEnded || endMs >= place.anchorMs + (place.number + 1) * tileMs(layout)
  const { columns, rows } = layout
  const cell = tileCell(layout, video)
  const maxBytes = maxTileBytes(cell, places.length)
  return { columns, rows, cell, pictures, places, maxBytes, isWhole: isKept && hasEnd }
}

/** A picture that is gone is that before it, or the first that is there. */
function filled(indices: readonly (number | undefined)[]): number[] {
  const first = indices.find((index) => index !== undefined)
  if (first === undefined) return []
  let last = first
  return indices.map((index) => {
    last = index ?? last
    return last
  })
}

function videoOf(init: Uint8Array): VideoTrack | undefined {
  let video: VideoTrack | undefined
  const demuxer = new Fmp4Demuxer({
    onTrack: (track) => {
      if (track.kind === 'video') video = track
    },
    onFrame: () => {},
  })
  demuxer.push(init)
  return video
}
