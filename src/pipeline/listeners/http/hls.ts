import type { IncomingMessage, ServerResponse } from 'node:http'
import { plainAddress } from '../../../platform/auth/index.ts'
import { AccessDeniedError } from '../../../platform/errors.ts'
import { type HlsAnswer, parseHlsResource } from '../../delivery/index.ts'
import type { ListenerContext } from '../context.ts'
import { CORS, isHead } from './respond.ts'

const PLAYLIST_TYPE = 'application/vnd.apple.mpegurl'

export async function serveHls(
  context: ListenerContext,
  request: IncomingMessage,
  response: ServerResponse,
  { name, file }: { readonly name: string; readonly file: string },
): Promise<void> {
  const resource = parseHlsResource(file)
  if (!resource) throw new AccessDeniedError('no such file in an HLS stream', 'not-found')
  const left = new AbortController()
  response.on('close', () => left.abort())
  const answer = await context.hls.answer(name, resource, left.signal)
  if (response.destroyed) {
    if (answer.kind === 'segment') answer.held.done()
    return
  }
  if (resource.kind === 'segment')
    context.hls.seen(name, `${plainAddress(request.socket.remoteAddress)} ${request.headers['user-agent'] ?? ''}`)
  send(request, response, answer)
}

function send(request: IncomingMessage, response: ServerResponse, answer: HlsAnswer): void {
  if (answer.kind === 'playlist') {
    const headers = {
      ...CORS,
      'Content-Type': PLAYLIST_TYPE,
      'Cache-Control': `max-age=${answer.maxAgeSeconds}`,
      ETag: answer.etag,
    }
    if (request.headers['if-none-match'] === answer.etag) {
      response.writeHead(304, headers).end()
      return
    }
    response.writeHead(200, { ...headers, 'Content-Length': Buffer.byteLength(answer.text) })
    response.end(isHead(request) ? undefined : answer.text)
    return
  }
  const byteLength = answer.kind === 'init' ? answer.bytes.length : answer.held.byteLength
  response.writeHead(200, {
    ...CORS,
    'Content-Type': answer.kind === 'init' ? 'video/mp4' : 'video/iso.segment',
    'Content-Length': byteLength,
    'Cache-Control': 'public, max-age=31536000, immutable',
  })
  if (answer.kind === 'init') response.end(isHead(request) ? undefined : answer.bytes)
  else sendSegment(response, answer, isHead(request) ? 'head' : 'body')
}

/** The log is held until the socket has taken everything or is gone. */
function sendSegment(
  response: ServerResponse,
  { held }: Extract<HlsAnswer, { kind: 'segment' }>,
  what: 'head' | 'body',
): void {
  response.on('close', () => held.done())
  response.on('finish', () => held.done())
  if (what === 'body') {
    response.cork()
    for (const view of held.views) response.write(view)
    response.uncork()
  }
  response.end()
}
