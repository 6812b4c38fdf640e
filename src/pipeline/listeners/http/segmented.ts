import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { plainAddress } from '../../../platform/auth/index.ts'
import { chooseEncoding, isKnownToClient, type ListText } from '../../../platform/content/index.ts'
import { AccessDeniedError } from '../../../platform/errors.ts'
import {
  type GrowingSegment,
  type HeldBytes,
  parseSegmentedResource,
  type SegmentedAnswer,
} from '../../delivery/index.ts'
import { type ByteRange, parseByteRange, readTimeRange } from '../../recording/index.ts'
import type { ListenerContext } from '../context.ts'
import { readCmcd } from './cmcd.ts'
import { CORS, isHead } from './respond.ts'

const LIST_TYPES = { m3u8: 'application/vnd.apple.mpegurl', mpd: 'application/dash+xml' } as const
/** What `?from=`, `?to=` and `?at=` can be asked of. */
const LISTS: ReadonlySet<string> = new Set(['multivariant', 'playlist', 'manifest'])
const FOR_EVER = 'public, max-age=31536000, immutable'

export type SegmentedTarget = { readonly name: string; readonly file: string; readonly query: URLSearchParams }

/** HLS and DASH: lists, initialization segments, segments and their parts. */
export async function serveSegmented(
  context: ListenerContext,
  request: IncomingMessage,
  response: ServerResponse,
  { name, file, query }: SegmentedTarget,
): Promise<void> {
  const resource = parseSegmentedResource(file)
  if (!resource) throw new AccessDeniedError('no such file in a stream', 'not-found')
  const range = readTimeRange(query)
  if (range && LISTS.has(resource.kind))
    return await context.vod.serveRange(request, response, { stream: name, file, range })
  const left = new AbortController()
  response.on('close', () => {
    if (!response.writableFinished) left.abort()
  })
  const answer = await context.segmented.answer(name, resource, { query, signal: left.signal })
  if (left.signal.aborted) {
    if (answer.kind === 'media') answer.held.done()
    return
  }
  if (answer.kind === 'media' || answer.kind === 'ts' || answer.kind === 'growing' || answer.kind === 'recorded')
    context.segmented.audience.seen(name, viewerOf(request, query))
  if (answer.kind === 'recorded') return await context.vod.serve(request, response, answer)
  const etag = `"${file}"`
  context.segmented.sentBytes += await send({ request, response, etag }, answer, left.signal)
}

/** A player that says its session (CMCD) is known by it; else address and agent stand for it. */
function viewerOf(request: IncomingMessage, query: URLSearchParams): string {
  const sessionId = readCmcd(query, request.headers).get('sid')
  return typeof sessionId === 'string' && sessionId !== ''
    ? `cmcd ${sessionId}`
    : `${plainAddress(request.socket.remoteAddress)} ${request.headers['user-agent'] ?? ''}`
}

/** `etag` of media: their address says all, for what it names never changes. */
type Exchange = { readonly request: IncomingMessage; readonly response: ServerResponse; readonly etag: string }

type SentAnswer = Exclude<SegmentedAnswer, { kind: 'recorded' }>

/** Returns the number of bytes of media. */
async function send(exchange: Exchange, answer: SentAnswer, signal: AbortSignal): Promise<number> {
  const { request, response } = exchange
  if (answer.kind === 'list') sendList(request, response, answer)
  else if (answer.kind === 'clock') sendClock(response)
  else if (answer.kind === 'moved') sendMoved(response, answer.file)
  else if (answer.kind === 'ts') return sendMedia(exchange, [answer.bytes], 'video/mp2t')
  else if (answer.kind === 'init') return sendMedia(exchange, [answer.bytes], 'video/mp4')
  else if (answer.kind === 'media') return sendHeld(exchange, answer.held)
  else return await sendGrowing(exchange, answer.segment, signal)
  return 0
}

function mediaHeaders(contentType: string, etag: string): OutgoingHttpHeaders {
  return { ...CORS, 'Content-Type': contentType, 'Cache-Control': FOR_EVER, ETag: etag, 'Accept-Ranges': 'bytes' }
}

function sendList(
  request: IncomingMessage,
  response: ServerResponse,
  { list, maxAgeSeconds }: { readonly list: ListText; readonly maxAgeSeconds: number },
): void {
  const headers = {
    ...CORS,
    'Content-Type': LIST_TYPES[list.text.startsWith('#EXTM3U') ? 'm3u8' : 'mpd'],
    'Cache-Control': maxAgeSeconds > 0 ? `max-age=${maxAgeSeconds}` : 'no-cache',
    Vary: 'Accept-Encoding',
    ETag: `W/${list.etag}`,
  }
  if (isKnownToClient(request.headers, list.etag)) {
    response.writeHead(304, headers).end()
    return
  }
  const encoding = chooseEncoding(request.headers)
  const bytes = encoding === undefined ? list.bytes : list.encoded(encoding)
  response.writeHead(200, {
    ...headers,
    ...(encoding === undefined ? {} : { 'Content-Encoding': encoding }),
    'Content-Length': bytes.length,
  })
  response.end(isHead(request) ? undefined : bytes)
}

/** UTCTiming of MPDs: an xs:dateTime. ISO/IEC 23009-1, 5.8.4.11. */
function sendClock(response: ServerResponse): void {
  response.writeHead(200, { ...CORS, 'Content-Type': 'text/plain', 'Cache-Control': 'no-store' })
  response.end(new Date().toISOString())
}

/** RFC 9110, 15.4.8. */
function sendMoved(response: ServerResponse, file: string): void {
  response.writeHead(307, { ...CORS, Location: file, 'Cache-Control': 'no-store', 'Content-Length': 0 }).end()
}

/** The log is held until the socket has taken everything or is gone. */
function sendHeld(exchange: Exchange, held: HeldBytes): number {
  exchange.response.on('close', () => held.done())
  exchange.response.on('finish', () => held.done())
  return sendMedia(exchange, held.views, 'video/iso.segment')
}

/** 200, 206, 304 or 416. RFC 9110, 14.2. */
function sendMedia({ request, response, etag }: Exchange, parts: readonly Uint8Array[], contentType: string): number {
  const totalBytes = parts.reduce((sum, part) => sum + part.length, 0)
  const headers = mediaHeaders(contentType, etag)
  const isKnown = isKnownToClient(request.headers, etag)
  const range = parseByteRange(request.headers.range, totalBytes)
  if (isKnown || range === 'unsatisfiable') {
    response.writeHead(
      isKnown ? 304 : 416,
      isKnown ? headers : { ...headers, 'Content-Range': `bytes */${totalBytes}` },
    )
    response.end()
    return 0
  }
  const { from, to } = range ?? { from: 0, to: totalBytes }
  const contentRange = range ? { 'Content-Range': `bytes ${from}-${to - 1}/${totalBytes}` } : {}
  response.writeHead(range ? 206 : 200, { ...headers, 'Content-Length': to - from, ...contentRange })
  if (!isHead(request)) {
    response.cork()
    for (const part of slices(parts, { from, to })) response.write(part)
    response.uncork()
  }
  response.end()
  return isHead(request) ? 0 : to - from
}

function slices(parts: readonly Uint8Array[], { from, to }: ByteRange): Uint8Array[] {
  let at = 0
  return parts.flatMap((part) => {
    const [start, end] = [Math.max(0, from - at), Math.min(part.length, to - at)]
    at += part.length
    return start < end ? [part.subarray(start, end)] : []
  })
}

/** Chunk by chunk as they are made. A segment that breaks off breaks the connection: nobody keeps half of it. */
async function sendGrowing(
  { request, response, etag }: Exchange,
  segment: GrowingSegment,
  signal: AbortSignal,
): Promise<number> {
  response.writeHead(200, mediaHeaders('video/iso.segment', etag))
  if (isHead(request)) {
    response.end()
    return 0
  }
  let sentBytes = 0
  for (;;) {
    const held = await segment.next(signal)
    if (held === 'lost') response.destroy()
    if (held === 'end') response.end()
    if (held === 'lost' || held === 'end') return sentBytes
    sentBytes += held.byteLength
    await written(response, held, signal)
    held.done()
  }
}

/** Resolves when the socket has taken everything or is gone. */
function written(response: ServerResponse, { views }: HeldBytes, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      response.off('close', settle)
      resolve()
    }
    response.on('close', settle)
    response.cork()
    views.forEach((view, at) => {
      response.write(view, at === views.length - 1 ? settle : undefined)
    })
    response.uncork()
    if (signal.aborted) settle()
  })
}
