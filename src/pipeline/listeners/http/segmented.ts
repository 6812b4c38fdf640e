import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { plainAddress } from '../../../platform/auth/index.ts'
import { AccessDeniedError } from '../../../platform/errors.ts'
import {
  type GrowingSegment,
  type HeldBytes,
  type ListText,
  parseSegmentedResource,
  type SegmentedAnswer,
} from '../../delivery/index.ts'
import type { ListenerContext } from '../context.ts'
import { CORS, isHead } from './respond.ts'

const LIST_TYPES = { m3u8: 'application/vnd.apple.mpegurl', mpd: 'application/dash+xml' } as const
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
  const left = new AbortController()
  response.on('close', () => left.abort())
  const answer = await context.segmented.answer(name, resource, { query, signal: left.signal })
  if (response.destroyed) {
    if (answer.kind === 'media') answer.held.done()
    return
  }
  if (answer.kind === 'media' || answer.kind === 'growing')
    context.segmented.audience.seen(
      name,
      `${plainAddress(request.socket.remoteAddress)} ${request.headers['user-agent'] ?? ''}`,
    )
  context.segmented.sentBytes += await send(request, response, answer, left.signal)
}

/** Returns the number of bytes of media. */
async function send(
  request: IncomingMessage,
  response: ServerResponse,
  answer: SegmentedAnswer,
  signal: AbortSignal,
): Promise<number> {
  if (answer.kind === 'list') {
    sendList(request, response, answer)
    return 0
  }
  if (answer.kind === 'clock') {
    sendClock(response)
    return 0
  }
  if (answer.kind === 'growing') return await sendGrowing(response, answer.segment, isHead(request) ? 'head' : signal)
  const byteLength = answer.kind === 'init' ? answer.bytes.length : answer.held.byteLength
  response.writeHead(200, mediaHeaders(answer.kind === 'init' ? 'video/mp4' : 'video/iso.segment', byteLength))
  if (answer.kind === 'init') response.end(isHead(request) ? undefined : answer.bytes)
  else sendHeld(response, answer.held, isHead(request) ? 'head' : 'body')
  return byteLength
}

function mediaHeaders(contentType: string, byteLength?: number): OutgoingHttpHeaders {
  return {
    ...CORS,
    'Content-Type': contentType,
    ...(byteLength === undefined ? {} : { 'Content-Length': byteLength }),
    'Cache-Control': FOR_EVER,
  }
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
    ETag: list.etag,
  }
  if (request.headers['if-none-match'] === list.etag) {
    response.writeHead(304, headers).end()
    return
  }
  response.writeHead(200, { ...headers, 'Content-Length': list.bytes.length })
  response.end(isHead(request) ? undefined : list.bytes)
}

/** UTCTiming of MPDs: an xs:dateTime. ISO/IEC 23009-1, 5.8.4.11. */
function sendClock(response: ServerResponse): void {
  response.writeHead(200, { ...CORS, 'Content-Type': 'text/plain', 'Cache-Control': 'no-store' })
  response.end(new Date().toISOString())
}

/** The log is held until the socket has taken everything or is gone. */
function sendHeld(response: ServerResponse, held: HeldBytes, what: 'head' | 'body'): void {
  response.on('close', () => held.done())
  response.on('finish', () => held.done())
  if (what === 'body') {
    response.cork()
    for (const view of held.views) response.write(view)
    response.uncork()
  }
  response.end()
}

/** Chunk by chunk as they are made. A segment that breaks off breaks the connection: nobody keeps half of it. */
async function sendGrowing(
  response: ServerResponse,
  segment: GrowingSegment,
  until: AbortSignal | 'head',
): Promise<number> {
  response.writeHead(200, mediaHeaders('video/iso.segment'))
  if (until === 'head') {
    response.end()
    return 0
  }
  let sentBytes = 0
  for (;;) {
    const held = await segment.next(until)
    if (held === 'lost') response.destroy()
    if (held === 'end') response.end()
    if (held === 'lost' || held === 'end') return sentBytes
    sentBytes += held.byteLength
    await written(response, held)
    held.done()
  }
}

/** Resolves when the socket has taken everything or is gone. */
function written(response: ServerResponse, { views }: HeldBytes): Promise<void> {
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
    if (response.destroyed) settle()
  })
}
