import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import { UnsupportedInputError } from '../../../media/errors.ts'
import { plainAddress } from '../../../platform/auth/index.ts'
import { Viewer } from '../../delivery/index.ts'
import {
  orderedFormat,
  type PictureOrdering,
  PROGRESSIVE_FORMATS,
  type ProgressiveFormat,
} from '../../packaging/index.ts'
import type { ListenerContext } from '../context.ts'
import { http2Stream, viewerSocket } from './http2.ts'
import { isHead } from './respond.ts'

export function progressiveFormat(format: string): ProgressiveFormat {
  if (Object.hasOwn(PROGRESSIVE_FORMATS, format)) return format as ProgressiveFormat
  throw new UnsupportedInputError(`live streams are served as .flv, .ts and .mp4, not as .${format}`)
}

/** `?bframes=0`: the viewer shows pictures in the order in which they come. */
export function wantedOrdering(bframes: string | null | undefined): PictureOrdering {
  return bframes === '0' ? 'as-shown' : 'any'
}

/**
 * Endless FLV, MPEG-TS or fragmented MP4. After the head the socket belongs to delivery: no chunked framing, the end
 * of the stream is the end of the connection.
 */
export async function playProgressive(
  context: ListenerContext,
  request: IncomingMessage,
  response: ServerResponse,
  { name, format, query }: { readonly name: string; readonly format: string; readonly query: URLSearchParams },
): Promise<void> {
  const progressive = progressiveFormat(format)
  const ordering = wantedOrdering(query.get('bframes'))
  const { contentType } = PROGRESSIVE_FORMATS[progressive]
  const stream = http2Stream(response)
  if (stream) return playOnHttp2(context, { request, response, stream }, { name, format: progressive, ordering })
  if (isHead(request)) {
    request.socket.end(responseHead(contentType))
    return
  }
  await playOnSocket(context, request.socket, { name, format: progressive, ordering })
  response.on('error', () => {})
}

export type ProgressiveTarget = {
  readonly name: string
  readonly format: ProgressiveFormat
  readonly ordering: PictureOrdering
}

/** From now on `socket` is delivery's. Rejects where the stream does not exist, with nothing written. */
export async function playOnSocket(
  context: ListenerContext,
  socket: Socket,
  { name, format, ordering }: ProgressiveTarget,
): Promise<void> {
  const head = responseHead(PROGRESSIVE_FORMATS[format].contentType)
  const viewer = new Viewer(
    socket,
    {
      id: context.newSessionId(),
      protocol: `http-${format}`,
      remoteAddress: plainAddress(socket.remoteAddress),
      head,
      socketUse: 'exclusive',
    },
    performance.now(),
  )
  socket.setNoDelay(true)
  socket.setTimeout(0)
  await context.delivery.watch(name, orderedFormat(format, ordering), viewer)
}

type Http2Exchange = {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly stream: ServerHttp2Stream
}

/** Over HTTP/2 the body of one stream of the connection is delivery's, not its socket. */
async function playOnHttp2(
  context: ListenerContext,
  { request, response, stream }: Http2Exchange,
  { name, format, ordering }: { readonly name: string; readonly format: ProgressiveFormat; ordering: PictureOrdering },
): Promise<void> {
  const output = orderedFormat(format, ordering)
  const headers = { 'Content-Type': PROGRESSIVE_FORMATS[format].contentType, ...ENDLESS_HEADERS }
  if (isHead(request)) {
    response.writeHead(200, headers).end()
    return
  }
  // The stream must exist before the head is sent: after it there is no status code any more.
  await context.hub.subscribe(name, output)
  response.writeHead(200, headers)
  response.flushHeaders()
  const remoteAddress = plainAddress(request.socket.remoteAddress)
  const id = context.newSessionId()
  const options = { id, protocol: `http-${format}`, remoteAddress, socketUse: 'shared' } as const
  await context.delivery.watch(name, output, new Viewer(viewerSocket(stream), options, performance.now()))
}

const ENDLESS_HEADERS = { 'Cache-Control': 'no-store', 'Access-Control-Allow-Origin': '*' } as const

function responseHead(contentType: string): Buffer {
  return Buffer.from(
    `HTTP/1.1 200 OK\r\nContent-Type: ${contentType}\r\nCache-Control: no-store\r\nAccess-Control-Allow-Origin: *\r\nConnection: close\r\n\r\n`,
  )
}
