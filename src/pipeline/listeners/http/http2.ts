import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  constants,
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerResponse,
  type ServerHttp2Stream,
} from 'node:http2'
import type { Socket } from 'node:net'

/**
 * HTTP/2 (RFC 9113) with HTTP/1.1 beside it on the same TLS port. Requests of both come as those of `node:http`: the
 * compatibility layer has all that the handlers use.
 */
export class Http2Server {
  readonly server: Http2SecureServer
  /** Of either protocol: what `closeAllConnections` of an HTTP/1.1 server would know. */
  readonly #sockets = new Set<Socket>()

  constructor(options: Parameters<typeof createSecureServer>[0]) {
    this.server = createSecureServer({ ...options, allowHTTP1: true })
    this.server.on('secureConnection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    })
    // A client that breaks the protocol loses its session; nothing else does.
    this.server.on('sessionError', () => {})
  }

  closeAllConnections(): void {
    for (const socket of this.#sockets) socket.destroy()
  }
}

/** The HTTP/2 stream of a response; undefined over HTTP/1.1. */
export function http2Stream(response: ServerResponse): ServerHttp2Stream | undefined {
  return (response as unknown as Partial<Http2ServerResponse>).stream
}

export function isHttp2(request: IncomingMessage): boolean {
  return request.httpVersionMajor === 2
}

/** An HTTP/2 stream as the socket of a viewer: what it writes is the body. */
export function viewerSocket(stream: ServerHttp2Stream): Socket {
  const resetAndDestroy = () => stream.close(constants.NGHTTP2_CANCEL)
  return Object.assign(stream, { resetAndDestroy }) as unknown as Socket
}
