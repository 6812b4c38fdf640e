import type { ServerResponse } from 'node:http'
import { MalformedInputError } from '../../../media/errors.ts'
import { AccessDeniedError } from '../../../platform/errors.ts'
import { parseTileFile, splitLiveTileFile, type TilePlace } from '../../packaging/index.ts'
import type { RecordedTime } from '../../recording/index.ts'
import type { ListenerContext } from '../context.ts'
import { CORS } from './respond.ts'

type PictureFormat = 'jpg' | 'webp'

const MAX_WIDTH_PX = 3840
const LIVE_AGE_SECONDS = 2
const RECORDED_AGE_SECONDS = 3600
/** Of a tile whose last pictures are yet to come. */
const GROWING_AGE_SECONDS = 1
const FOR_EVER = 'public, max-age=31536000, immutable'
const SNAPSHOT_FILE = /^snapshot\.(jpg|webp)$/

/** A picture of the newest keyframe. `?width=` scales down; it never scales up. */
export async function serveSnapshot(
  context: ListenerContext,
  response: ServerResponse,
  { name, format, query }: { readonly name: string; readonly format: PictureFormat; readonly query: URLSearchParams },
): Promise<void> {
  send(response, await context.snapshot(name, format, readWidth(query)), { format, ageSeconds: LIVE_AGE_SECONDS })
}

/** `snapshot.jpg` or `.webp`, as a file below `/vod/ID/`. */
export function pictureFile(file: string): PictureFormat | undefined {
  return SNAPSHOT_FILE.exec(file)?.[1] as PictureFormat | undefined
}

/** The picture at `?at=`: seconds from the start of the recording (0 where absent), or a date. */
export async function serveRecordedPicture(
  context: ListenerContext,
  response: ServerResponse,
  { id, format, query }: { readonly id: string; readonly format: PictureFormat; readonly query: URLSearchParams },
): Promise<void> {
  const request = { id, format, time: readTime(query), widthPx: readWidth(query) }
  send(response, await context.recordedPicture(request), { format, ageSeconds: RECORDED_AGE_SECONDS })
}

/** Thumbnails of the live window of a stream. */
export async function serveLiveTile(
  context: ListenerContext,
  response: ServerResponse,
  { name, file }: { readonly name: string; readonly file: string },
): Promise<void> {
  const split = splitLiveTileFile(file)
  await sendTile(context, response, split?.file ?? '', (place) => context.liveTile(name, split?.life ?? '', place))
}

/** Thumbnails of a recording: what they show does not change once all of it is recorded. */
export async function serveRecordedTile(
  context: ListenerContext,
  response: ServerResponse,
  { id, file }: { readonly id: string; readonly file: string },
): Promise<void> {
  await sendTile(context, response, file, (place) => context.recordedTile(id, place))
}

type MakeTile = (place: TilePlace) => Promise<{ readonly bytes: Uint8Array; readonly isWhole: boolean }>

async function sendTile(
  { config: { thumbnails } }: ListenerContext,
  response: ServerResponse,
  file: string,
  make: MakeTile,
): Promise<void> {
  const place = thumbnails.enabled ? parseTileFile(file, thumbnails) : undefined
  if (!place) throw new AccessDeniedError('tiles are not made in this layout (thumbnails)', 'not-found')
  const { bytes, isWhole } = await make(place)
  send(response, bytes, { format: 'jpg', ageSeconds: isWhole ? 'for ever' : GROWING_AGE_SECONDS })
}

function readWidth(query: URLSearchParams): number | undefined {
  const width = query.get('width')
  if (width === null) return undefined
  if (/^\d{1,4}$/.test(width) && Number(width) >= 16 && Number(width) <= MAX_WIDTH_PX) return Number(width)
  throw new MalformedInputError('width', 0, `expected 16 to ${MAX_WIDTH_PX} pixels`)
}

function readTime(query: URLSearchParams): RecordedTime {
  const at = query.get('at') ?? '0'
  if (/^\d{1,9}(\.\d{1,9})?$/.test(at)) return { seconds: Number(at) }
  const epochMs = /^\d{4}-\d\d-\d\dT/.test(at) ? Date.parse(at) : Number.NaN
  if (!Number.isNaN(epochMs)) return { epochMs }
  throw new MalformedInputError('at', 0, 'expected seconds from the start, or a date such as 2026-01-31T12:00:00Z')
}

function send(
  response: ServerResponse,
  bytes: Uint8Array,
  { format, ageSeconds }: { readonly format: PictureFormat; readonly ageSeconds: number | 'for ever' },
): void {
  response.writeHead(200, {
    ...CORS,
    'Content-Type': format === 'jpg' ? 'image/jpeg' : 'image/webp',
    'Content-Length': bytes.length,
    'Cache-Control': ageSeconds === 'for ever' ? FOR_EVER : `max-age=${ageSeconds}`,
  })
  response.end(bytes)
}
