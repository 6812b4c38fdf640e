import type { Server as HttpServer, IncomingMessage, ServerOptions, ServerResponse } from 'node:http'
import type { Server, Socket } from 'node:net'
import { InvariantError } from '../../../media/errors.ts'
import { http } from '../../../platform/net/index.ts'
import { isTileFile } from '../../packaging/index.ts'
import { readTimeRange } from '../../recording/index.ts'
import { ConnectionLimit } from '../connection-limit.ts'
import type { ListenerContext } from '../context.ts'
import { parseTarget } from './address.ts'
import { ControlProxy } from './control-proxy.ts'
import { KEEP_ALIVE_SECONDS } from './direct/answer-bytes.ts'
import { DirectServer } from './direct/direct-server.ts'
import { Http2Server } from './http2.ts'
import { NodeExchange } from './node-exchange.ts'
import { playProgressive } from './progressive.ts'
import { pushHttp } from './push.ts'
import { CORS, rawProblem, reportedProblem, respondProblem } from './respond.ts'
import { isClock, LISTS_OF_THE_PAST, segmentedTarget, serveClock, serveSegmented } from './segmented.ts'
import { pictureFile, serveLiveTile, serveRecordedPicture, serveRecordedTile, serveSnapshot } from './snapshot.ts'
import { WebSocketListener } from './websocket.ts'

const MAX_HEADER_BYTES = 16_384
const FULL = { status: 503, code: 'limit-exceeded', message: 'the server has as many connections as it may have' }

export type TlsFiles = { readonly cert: Buffer; readonly key: Buffer }

/** HTTP/1.1 and WebSocket on one port, with TLS HTTP/2 too: players, push, and everything else for the control thread. */
export class HttpListener {
  readonly server: Server
  readonly #context: ListenerContext
  readonly #proxy: ControlProxy
  readonly #closeAllConnections: () => void
  readonly #webSocket: WebSocketListener
  readonly #direct: DirectServer | undefined

  constructor(context: ListenerContext, tls?: TlsFiles) {
    this.#context = context
    this.#proxy = new ControlProxy(context.controlSocketPath)
    this.#webSocket = new WebSocketListener(context)
    const options: ServerOptions = {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: context.config.limits.handshakeMs,
      requestTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE_SECONDS * 1000,
      connectionsCheckingInterval: 1000,
      noDelay: true,
    }
    const server = tls ? undefined : http.createServer(options)
    const http2 = tls && new Http2Server({ ...options, ...tls })
    this.server = server ?? (http2 as Http2Server).server
    this.#closeAllConnections = () => (server ?? http2)?.closeAllConnections()
    const { maxConnections } = context.config.limits
    const limit = new ConnectionLimit(this.server, {
      listener: tls ? 'https' : 'http',
      maxConnections,
      log: context.log,
      // Before the TLS handshake there is nothing that could be said.
      ...(tls ? {} : { answer: rawProblem(FULL) }),
    })
    if (server) this.#direct = takeOver(context, server, limit)
    this.server.on('request', (request, response) => {
      if (!limit.isRefused(request.socket)) void this.#onRequest(request, response)
    })
    this.server.on('upgrade', (request, socket, head) => {
      if (!limit.isRefused(request.socket)) void this.#webSocket.upgrade(request, socket, head)
    })
  }

  close(): void {
    this.#proxy.close()
    this.server.close()
    this.#direct?.close()
    this.#closeAllConnections()
  }

  async #onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => {})
    try {
      await this.#route(request, response)
    } catch (error) {
      respondProblem(response, reportedProblem(this.#context.log, error))
    }
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { address, query } = parseTarget(request.url ?? '/')
    if (address.kind === 'control') return this.#proxy.forward(request, response)
    if (request.method === 'OPTIONS') {
      response.writeHead(204, { ...CORS, 'Access-Control-Max-Age': '86400' }).end()
      return
    }
    if (address.kind === 'invalid')
      return respondProblem(response, { status: 400, code: 'malformed-input', message: address.problem })
    const isPush = request.method === 'POST' || request.method === 'PUT'
    if (isPush && address.kind === 'progressive')
      return pushHttp(this.#context, request, response, { ...address, query })
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD, OPTIONS')
      return respondProblem(response, {
        status: 405,
        code: 'method',
        message: `${request.method} is not possible here`,
      })
    }
    if (address.kind === 'progressive') return playProgressive(this.#context, request, response, { ...address, query })
    if (address.kind === 'segmented') return this.#serveSegmented(request, response, { ...address, query })
    if (address.kind === 'vod') {
      const format = pictureFile(address.file)
      if (format) return serveRecordedPicture(this.#context, response, { id: address.id, format, query })
      if (isTileFile(address.file)) return serveRecordedTile(this.#context, response, address)
      if (isClock(address.file, query)) return serveClock(new NodeExchange(request, response))
      return this.#context.vod.serve(request, response, address)
    }
    if (address.kind === 'tile') return serveLiveTile(this.#context, response, address)
    return serveSnapshot(this.#context, response, { ...address, query })
  }

  async #serveSegmented(
    request: IncomingMessage,
    response: ServerResponse,
    { name, file, query }: { readonly name: string; readonly file: string; readonly query: URLSearchParams },
  ): Promise<void> {
    const { vod } = this.#context
    const target = segmentedTarget(name, file, query)
    const range = readTimeRange(query)
    if (range && LISTS_OF_THE_PAST.has(target.resource.kind))
      return await vod.serveRange(request, response, { stream: name, file, range })
    const recorded = await serveSegmented(this.#context, new NodeExchange(request, response), target)
    if (recorded) await vod.serve(request, response, recorded)
  }
}

/** Puts the bare sockets in front of Node's server, which gets what they leave to it. */
function takeOver(context: ListenerContext, server: HttpServer, limit: ConnectionLimit): DirectServer {
  const [nodeConnection] = server.listeners('connection') as ((socket: Socket) => void)[]
  if (!nodeConnection) throw new InvariantError('an HTTP server without a listener for its connections')
  server.off('connection', nodeConnection)
  const direct = new DirectServer(context, (socket) => nodeConnection.call(server, socket))
  server.on('connection', (socket) => {
    if (!limit.isRefused(socket)) direct.onConnection(socket)
  })
  return direct
}
