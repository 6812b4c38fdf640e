import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { AccessDeniedError } from '../../../platform/errors.ts'
import type { BlobStore, RecordingDetail, SegmentFact } from '../../../platform/storage/index.ts'
import { ProgressiveMp4 } from '../progressive/index.ts'
import { parseByteRange } from './byte-range.ts'
import { cutToRange } from './time-range.ts'
import type { RangeTarget, VodHandler, VodTarget } from './vod-handler.ts'
import { vodManifest } from './vod-manifest.ts'
import { rangeTrackPlaylist, vodMultivariantPlaylist, vodTrackPlaylist } from './vod-playlists.ts'

export type VodOptions = {
  readonly store: BlobStore
  /** Facts of a recording from the catalogue. */
  readonly recording: (id: string) => Promise<RecordingDetail | undefined>
  /** Ids of the recordings of a stream that touch a time, oldest first. */
  readonly recordingsOf: (stream: string, fromMs: number, toMs: number | undefined) => Promise<readonly string[]>
  readonly nowMs: () => number
}

type Cached = { readonly detail: RecordingDetail; readonly loadedMs: number; movie?: Promise<ProgressiveMp4> }
type Body = {
  readonly totalBytes: number
  readonly contentType: string
  readonly cacheControl: string
  read(from: number, to: number): AsyncIterable<Uint8Array>
}

/** A recording that is still being written changes every segment; a closed one may be deleted. */
const OPEN_MS = 500
const CLOSED_MS = 30_000
const MAX_CACHED = 32
const READ_BYTES = 262_144

const CORS = { 'Access-Control-Allow-Origin': '*', 'Access-Control-Expose-Headers': '*' }

/** Recordings over HTTP, on every worker: facts from the catalogue, bytes from the store. */
export class VodService implements VodHandler {
  readonly #options: VodOptions
  readonly #cache = new Map<string, Cached>()

  constructor(options: VodOptions) {
    this.#options = options
  }

  async serve(request: IncomingMessage, response: ServerResponse, { id, file }: VodTarget): Promise<void> {
    const cached = this.#cache.get(id)
    // What is recorded does not change: a stale list that knows the file will do.
    const isKnown = cached !== undefined && blobKey(cached.detail, file) !== undefined
    const entry = isKnown ? cached : await this.#load(id)
    const body = await this.#body(entry, file)
    await send(request, response, body)
  }

  async serveRange(
    request: IncomingMessage,
    response: ServerResponse,
    { stream, file, range }: RangeTarget,
  ): Promise<void> {
    const ids = await this.#options.recordingsOf(stream, range.fromMs, range.toMs)
    const details = await Promise.all(ids.map(async (id) => (await this.#load(id)).detail))
    const cut = details.map((detail) => cutToRange(detail, range)).filter(({ segments }) => segments.length > 0)
    const list = rangeList(cut, { stream, file, range })
    if (list === undefined) throw new AccessDeniedError(`nothing of "${stream}" is recorded of that time`, 'not-found')
    await send(request, response, list)
  }

  async #body(entry: Cached, file: string): Promise<Body> {
    const { detail } = entry
    if (file === 'mp4') return this.#movie(entry)
    const isEnded = detail.endedMs !== undefined
    if (file === 'index.m3u8') return listBody(vodMultivariantPlaylist(detail), 'hls', isEnded)
    if (file === 'manifest.mpd') return listBody(vodManifest([detail]), 'dash', isEnded)
    const asPlaylist = /^t(\d+)\.m3u8$/.exec(file)
    const track = detail.tracks.find(({ trackId }) => trackId === Number(asPlaylist?.[1]))
    if (track) return listBody(vodTrackPlaylist(detail, track), 'hls', isEnded)
    const key = blobKey(detail, file)
    if (key === undefined) throw new AccessDeniedError('no such file in this recording', 'not-found')
    const totalBytes = await this.#options.store.size(key)
    const { store } = this.#options
    return {
      totalBytes,
      contentType: 'video/mp4',
      cacheControl: 'public, max-age=31536000, immutable',
      read: (from, to) => readBlob(store, key, { from, to }),
    }
  }

  async #movie(entry: Cached): Promise<Body> {
    entry.movie ??= this.#openMovie(entry.detail)
    entry.movie.catch(() => {
      delete entry.movie
    })
    const movie = await entry.movie
    const isEnded = entry.detail.endedMs !== undefined
    return {
      totalBytes: movie.totalBytes,
      contentType: 'video/mp4',
      cacheControl: isEnded ? 'max-age=60' : 'no-store',
      read: (from, to) => movie.read(from, to),
    }
  }
  async #openMovie(detail: RecordingDetail): Promise<ProgressiveMp4> {
    if (detail.segments.length === 0) throw new AccessDeniedError('this recording holds nothing yet', 'not-found')
    const initKeys = new Map(detail.inits.map((init) => [`${init.trackId} ${init.initId}`, init.key]))
    const usable = detail.segments.flatMap((segment) => {
      const initKey = initKeys.get(`${segment.trackId} ${segment.initId}`)
      return initKey === undefined ? [] : [{ ...segment, initKey }]
    })
    return await ProgressiveMp4.open(usable, this.#options.store)
  }

  async #load(id: string): Promise<Cached> {
    const nowMs = this.#options.nowMs()
    const known = this.#cache.get(id)
    if (known && nowMs - known.loadedMs < (known.detail.endedMs === undefined ? OPEN_MS : CLOSED_MS)) return known
    const detail = await this.#options.recording(id)
    if (!detail) throw new AccessDeniedError(`no recording "${id}"`, 'not-found')
    const isSame = known && known.detail.segments.length === detail.segments.length
    const entry: Cached = { detail, loadedMs: nowMs, ...(isSame && known.movie ? { movie: known.movie } : {}) }
    this.#cache.delete(id)
    this.#cache.set(id, entry)
    for (const oldest of this.#cache.keys()) {
      if (this.#cache.size <= MAX_CACHED) break
      this.#cache.delete(oldest)
    }
    return entry
  }
}

const LIST_TYPES = { hls: 'application/vnd.apple.mpegurl', dash: 'application/dash+xml' } as const

function listBody(text: string, kind: keyof typeof LIST_TYPES, isEnded: boolean): Body {
  const bytes = Buffer.from(text)
  return {
    totalBytes: bytes.length,
    contentType: LIST_TYPES[kind],
    cacheControl: isEnded ? 'max-age=60' : 'max-age=1',
    read: async function* (from, to) {
      yield bytes.subarray(from, to)
    },
  }
}

/** Undefined where there is no such list. */
function rangeList(recordings: readonly RecordingDetail[], { stream, file, range }: RangeTarget): Body | undefined {
  const [first] = recordings
  if (!first) return undefined
  const isEnded = recordings.every(({ endedMs }) => endedMs !== undefined)
  const folder = `${'../'.repeat(stream.split('/').length)}vod/`
  if (file === 'index.m3u8') return listBody(vodMultivariantPlaylist(first, range.query), 'hls', isEnded)
  if (file === 'manifest.mpd') {
    return listBody(
      vodManifest(recordings, ({ id }) => `${folder}${id}/`),
      'dash',
      isEnded,
    )
  }
  const track = /^t(\d+)\.m3u8$/.exec(file)?.[1]
  return track === undefined
    ? undefined
    : listBody(rangeTrackPlaylist(recordings, Number(track), folder), 'hls', isEnded)
}

function blobKey(detail: RecordingDetail, file: string): string | undefined {
  const match = /^t(\d+)-(?:init(\d+)\.mp4|(\d+)\.m4s)$/.exec(file)
  if (!match) return undefined
  const trackId = Number(match[1])
  if (match[2] !== undefined) {
    return detail.inits.find((init) => init.trackId === trackId && init.initId === Number(match[2]))?.key
  }
  const sequence = Number(match[3])
  return detail.segments.find((segment: SegmentFact) => segment.trackId === trackId && segment.sequence === sequence)
    ?.key
}

async function* readBlob(
  store: BlobStore,
  key: string,
  { from, to }: { from: number; to: number },
): AsyncIterable<Uint8Array> {
  for (let at = from; at < to; at += READ_BYTES) yield await store.read(key, at, Math.min(to, at + READ_BYTES))
}

/** 200, 206 or 416, in bounded pieces; what the client does not take is not read. */
async function send(request: IncomingMessage, response: ServerResponse, body: Body): Promise<void> {
  const range = parseByteRange(request.headers.range, body.totalBytes)
  if (range === 'unsatisfiable') {
    response.writeHead(416, { ...CORS, 'Content-Range': `bytes */${body.totalBytes}` }).end()
    return
  }
  const { from, to } = range ?? { from: 0, to: body.totalBytes }
  response.writeHead(range ? 206 : 200, {
    ...CORS,
    'Content-Type': body.contentType,
    'Cache-Control': body.cacheControl,
    'Accept-Ranges': 'bytes',
    'Content-Length': to - from,
    ...(range ? { 'Content-Range': `bytes ${from}-${to - 1}/${body.totalBytes}` } : {}),
  })
  if (request.method === 'HEAD') {
    response.end()
    return
  }
  await pipeline(body.read(from, to), response).catch(() => response.destroy())
}
