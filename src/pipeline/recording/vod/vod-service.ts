import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { writeEmptyFragment } from '../../../media/formats/mp4/index.ts'
import { chooseEncoding, isKnownToClient, ListText } from '../../../platform/content/index.ts'
import { AccessDeniedError } from '../../../platform/errors.ts'
import type { BlobStore, RecordingDetail, SegmentFact } from '../../../platform/storage/index.ts'
import { TILE_PLAYLIST, type TileLayout } from '../../packaging/index.ts'
import { prefixTo } from '../../stream/index.ts'
import { ProgressiveMp4 } from '../progressive/index.ts'
import { parseByteRange } from './byte-range.ts'
import { listable, notListable } from './listable.ts'
import { findGap, type ListedSegment } from './listed-segments.ts'
import { inTimeOf, type RecordedMember } from './recorded-member.ts'
import { cutToRange, type TimeRange } from './time-range.ts'
import type { RangeTarget, VodHandler, VodTarget } from './vod-handler.ts'
import { keyedSegment, keyPlaylistUri, readKeySegment, vodKeyPlaylist } from './vod-keyframes.ts'
import { type ListedBeside, vodManifest } from './vod-manifest.ts'
import { rangeTrackPlaylist, vodMultivariantPlaylist, vodTrackPlaylist } from './vod-playlists.ts'
import { vodTilePlaylist } from './vod-tiles.ts'

export type VodOptions = {
  readonly store: BlobStore
  /** Facts of a recording from the catalogue. */
  readonly recording: (id: string) => Promise<RecordingDetail | undefined>
  /** Ids of the recordings of a stream that touch a time, oldest first. */
  readonly recordingsOf: (stream: string, fromMs: number, toMs: number | undefined) => Promise<readonly string[]>
  /** Names of the streams that are in the ladder of another. */
  readonly membersOf: (stream: string) => readonly string[]
  readonly beside: ListedBeside
  readonly nowMs: () => number
}

type Cached = {
  readonly detail: RecordingDetail
  readonly loadedMs: number
  /** Lists that were asked for, by their file. */
  readonly lists: Map<string, List>
  movie?: Promise<ProgressiveMp4>
}
/** Its address says all: what it names never changes, or is a list. */
type List = { readonly list: ListText; readonly contentType: string; readonly cacheControl: string }
type Body = {
  readonly totalBytes: number
  readonly contentType: string
  readonly cacheControl: string
  readonly etag?: string
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
    const isKnown = cached !== undefined && isRecorded(cached.detail, file)
    const entry = isKnown ? cached : await this.#load(id)
    const list = file === 'mp4' ? undefined : await this.#list(entry, file)
    if (list) return sendList(request, response, list)
    await send(request, response, await this.#body(entry, file))
  }

  async serveRange(
    request: IncomingMessage,
    response: ServerResponse,
    { stream, file, range }: RangeTarget,
  ): Promise<void> {
    const ids = await this.#options.recordingsOf(stream, range.fromMs, range.toMs)
    const details = await Promise.all(ids.map(async (id) => (await this.#load(id)).detail))
    const cut = details.map((detail) => cutToRange(detail, range)).filter(({ segments }) => segments.length > 0)
    const listed = cut.flatMap((detail) => listable(detail) ?? [])
    if (cut[0] && listed.length === 0) throw notListable(cut[0])
    const members = WITH_LADDER.has(file) ? await this.#members({ stream, range, prefix: '', query: range.query }) : []
    const list = rangeList(listed, { stream, file, range, members }, this.#options.beside)
    if (list === undefined) throw new AccessDeniedError(`nothing of "${stream}" is recorded of that time`, 'not-found')
    sendList(request, response, list)
  }

  async #list({ detail, lists }: Cached, file: string): Promise<List | undefined> {
    const known = lists.get(file)
    if (known) return known
    if (detail.segments.length === 0) return undefined
    const members = WITH_LADDER.has(file) ? await this.#membersOf(detail) : []
    if (!LIST.test(file)) return undefined
    const listed = listable(detail)
    if (!listed) throw notListable(detail)
    const made = recordingList(listed, file, { ...this.#options.beside, members })
    if (made) lists.set(file, made)
    return made
  }

  /** What was recorded of the ladder of a stream while it was recorded itself. */
  async #membersOf({ stream, startedMs, endedMs }: RecordingDetail): Promise<RecordedMember[]> {
    const toMs = endedMs === undefined ? {} : { toMs: endedMs }
    const query = `?from=${startedMs}${endedMs === undefined ? '' : `&to=${endedMs}`}`
    const prefix = `../../${stream}/`
    return await this.#members({ stream, range: { fromMs: startedMs, ...toMs, query }, prefix, query })
  }
  /** `prefix` leads to the folder of the stream, `query` to what is asked for. */
  async #members({ stream, range, prefix, query }: LadderRequest): Promise<RecordedMember[]> {
    const found = this.#options.membersOf(stream).map(async (name): Promise<RecordedMember[]> => {
      const ids = await this.#options.recordingsOf(name, range.fromMs, range.toMs)
      const details = await Promise.all(ids.map(async (id) => (await this.#load(id)).detail))
      const [first, ...others] = details
        .map((detail) => cutToRange(detail, range))
        .filter(({ segments }) => segments.length > 0)
      if (!first) return []
      const own = prefixTo(stream, name)
      const root = prefix === '' ? '../'.repeat(stream.split('/').length) : '../../'
      return [
        {
          prefix: own,
          recordings: [first, ...others],
          listUri: (file) => `${prefix}${own}${file}${query}`,
          folderOf: ({ id }) => `${root}vod/${id}/`,
        },
      ]
    })
    return (await Promise.all(found)).flat()
  }

  async #body(entry: Cached, file: string): Promise<Body> {
    const { detail } = entry
    if (file === 'mp4') return this.#movie(entry)
    const keyed = keyedSegment(detail, file)
    if (keyed) return wholeBody(detail, file, await readKeySegment(this.#options.store, keyed))
    const gap = gapAt(detail, file)
    if (gap) return wholeBody(detail, file, writeEmptyFragment(gap))
    const key = blobKey(detail, file)
    if (key === undefined) throw new AccessDeniedError(problemOf(detail), 'not-found')
    const totalBytes = await this.#options.store.size(key)
    const { store } = this.#options
    return {
      totalBytes,
      contentType: 'video/mp4',
      cacheControl: FOR_EVER,
      etag: `"${detail.id}/${file}"`,
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
    if (detail.segments.length === 0) throw new AccessDeniedError(problemOf(detail), 'not-found')
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
    const isUnchanged = isSame && known.detail.endedMs === detail.endedMs
    const lists = isUnchanged ? known.lists : new Map<string, List>()
    const entry: Cached = { detail, loadedMs: nowMs, lists, ...(isSame && known.movie ? { movie: known.movie } : {}) }
    this.#cache.delete(id)
    this.#cache.set(id, entry)
    for (const oldest of this.#cache.keys()) {
      if (this.#cache.size <= MAX_CACHED) break
      this.#cache.delete(oldest)
    }
    return entry
  }
}

const LIST = /\.(m3u8|mpd)$/
const WITH_LADDER: ReadonlySet<string> = new Set(['index.m3u8', 'manifest.mpd'])
type LadderRequest = {
  readonly stream: string
  readonly range: TimeRange
  readonly prefix: string
  readonly query: string
}

const FOR_EVER = 'public, max-age=31536000, immutable'

function wholeBody(detail: RecordingDetail, file: string, bytes: Uint8Array): Body {
  return {
    totalBytes: bytes.length,
    contentType: 'video/mp4',
    cacheControl: FOR_EVER,
    etag: `"${detail.id}/${file}"`,
    async *read(from, to) {
      yield bytes.subarray(from, to)
    },
  }
}

const LIST_TYPES = { hls: 'application/vnd.apple.mpegurl', dash: 'application/dash+xml' } as const

function listOf(text: string, kind: keyof typeof LIST_TYPES, isEnded: boolean): List {
  return {
    list: new ListText(text),
    contentType: LIST_TYPES[kind],
    cacheControl: isEnded ? 'max-age=60' : 'max-age=1',
  }
}

type WithMembers = { readonly members: readonly RecordedMember[] }

/** Undefined where that file is no list. */
function recordingList(detail: RecordingDetail, file: string, beside: ListedBeside & WithMembers): List | undefined {
  const { tiles, members } = beside
  const isEnded = detail.endedMs !== undefined
  if (file === 'index.m3u8') return listOf(vodMultivariantPlaylist(detail, { tiles, members }), 'hls', isEnded)
  if (file === 'manifest.mpd')
    return listOf(vodManifest([detail], beside, { folderOf: () => '', membersOf: () => members }), 'dash', isEnded)
  if (file === TILE_PLAYLIST) return tileList(tiles, [detail], isEnded)
  const keyed = detail.tracks.find((each) => file === keyPlaylistUri(each))
  const keys = keyed && vodKeyPlaylist(detail, keyed)
  if (keys !== undefined) return listOf(keys, 'hls', isEnded)
  const asPlaylist = /^t(\d+)\.m3u8$/.exec(file)
  const track = detail.tracks.find(({ trackId }) => trackId === Number(asPlaylist?.[1]))
  return track && listOf(vodTrackPlaylist(detail, track), 'hls', isEnded)
}

function tileList(
  tiles: TileLayout | undefined,
  recordings: readonly RecordingDetail[],
  isEnded: boolean,
  folderOf?: (recording: RecordingDetail) => string,
): List | undefined {
  const text = tiles && vodTilePlaylist(tiles, recordings, folderOf)
  return text === undefined ? undefined : listOf(text, 'hls', isEnded)
}

/** Undefined where there is no such list. */
function rangeList(
  recordings: readonly RecordingDetail[],
  { stream, file, range, members }: RangeTarget & WithMembers,
  beside: ListedBeside,
): List | undefined {
  const { tiles } = beside
  const [first] = recordings
  if (!first) return undefined
  const isEnded = recordings.every(({ endedMs }) => endedMs !== undefined)
  const folder = `${'../'.repeat(stream.split('/').length)}vod/`
  const folderOf = ({ id }: RecordingDetail) => `${folder}${id}/`
  if (file === 'index.m3u8')
    return listOf(vodMultivariantPlaylist(first, { tiles, query: range.query, members }), 'hls', isEnded)
  if (file === 'manifest.mpd')
    return listOf(
      vodManifest(recordings, beside, {
        folderOf,
        membersOf: (recording) => members.flatMap((each) => inTimeOf(recording, each)),
      }),
      'dash',
      isEnded,
    )
  if (file === TILE_PLAYLIST) return tileList(tiles, recordings, isEnded, folderOf)
  const track = /^t(\d+)\.m3u8$/.exec(file)?.[1]
  return track === undefined ? undefined : listOf(rangeTrackPlaylist(recordings, Number(track), folder), 'hls', isEnded)
}

function isRecorded(detail: RecordingDetail, file: string): boolean {
  return blobKey(detail, file) !== undefined || keyedSegment(detail, file) !== undefined
}

/** Lists that cannot leave numbers out name what is not there; old players ask for it. */
function gapAt(detail: RecordingDetail, file: string): ListedSegment | undefined {
  const [, trackId, sequence] = /^t(\d+)-(?:key)?(\d+)\.m4s$/.exec(file) ?? []
  return trackId === undefined ? undefined : findGap(detail, Number(trackId), Number(sequence))
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

/** 200 or 304, compressed as the client likes. RFC 9110, 12.5.3 and 13.1.2. */
function sendList(request: IncomingMessage, response: ServerResponse, { list, contentType, cacheControl }: List): void {
  const headers = {
    ...CORS,
    'Content-Type': contentType,
    'Cache-Control': cacheControl,
    Vary: 'Accept-Encoding',
    ETag: `W/${list.etag}`,
  }
  if (isKnownToClient(request.headers, list.etag)) {
    response.writeHead(304, headers).end()
    return
  }
  const encoding = chooseEncoding(request.headers)
  const bytes = encoding === undefined ? list.bytes : list.encoded(encoding)
  const coding = encoding === undefined ? {} : { 'Content-Encoding': encoding }
  response.writeHead(200, { ...headers, ...coding, 'Content-Length': bytes.length })
  response.end(request.method === 'HEAD' ? undefined : bytes)
}

/** 200, 206, 304 or 416, in bounded pieces; what the client does not take is not read. */
async function send(request: IncomingMessage, response: ServerResponse, body: Body): Promise<void> {
  const etag = body.etag === undefined ? {} : { ETag: body.etag }
  if (body.etag !== undefined && isKnownToClient(request.headers, body.etag)) {
    response.writeHead(304, { ...CORS, ...etag, 'Cache-Control': body.cacheControl }).end()
    return
  }
  const range = parseByteRange(request.headers.range, body.totalBytes)
  if (range === 'unsatisfiable') {
    response.writeHead(416, { ...CORS, 'Content-Range': `bytes */${body.totalBytes}` }).end()
    return
  }
  const { from, to } = range ?? { from: 0, to: body.totalBytes }
  response.writeHead(range ? 206 : 200, {
    ...CORS,
    ...etag,
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

function problemOf({ segments, endedMs }: RecordingDetail): string {
  if (segments.length > 0) return 'no such file in this recording'
  return endedMs === undefined ? 'this recording holds nothing yet' : 'this recording is empty'
}
