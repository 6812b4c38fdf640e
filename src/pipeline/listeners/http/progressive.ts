import type { IncomingMessage, ServerResponse } from 'node:http'
import { UnsupportedInputError } from '../../../media/errors.ts'
import { plainAddress } from '../../../platform/auth/index.ts'
import { Viewer } from '../../delivery/index.ts'
import { PROGRESSIVE_FORMATS, type ProgressiveFormat } from '../../packaging/index.ts'
import type { ListenerContext } from '../context.ts'
import { isHead } from './respond.ts'

export function progressiveFormat(format: string): ProgressiveFormat {
  if (Object.hasOwn(PROGRESSIVE_FORMATS, format)) return format as ProgressiveFormat
  throw new UnsupportedInputError(`live streams are served as .flv, .ts and .mp4, not as .${format}`)
}

/**
 * Endless FLV, MPEG-TS or fragmented MP4. After the head the socket belongs to delivery: no chunked framing, the end
 * of the stream is the end of the connection.
 */
export async function playProgressive(
  context: ListenerContext,
  request: IncomingMessage,
  response: ServerResponse,
  { name, format }: { readonly name: string; readonly format: string },
): Promise<void> {
  const progressive = progressiveFormat(format)
  const { socket } = request
  const head = responseHead(PROGRESSIVE_FORMATS[progressive].contentType)
  if (isHead(request)) {
    socket.end(head)
    return
  }
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
  await context.delivery.watch(name, progressive, viewer)
  response.on('error', () => {})
}

function responseHead(contentType: string): Buffer {
  return Buffer.from(
    `HTTP/1.1 200 OK\r\nContent-Type: ${contentType}\r\nCache-Control: no-store\r\nAccess-Control-Allow-Origin: *\r\nConnection: close\r\n\r\n`,
  )
}
