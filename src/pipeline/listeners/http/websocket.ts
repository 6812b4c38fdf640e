import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'
import { MalformedInputError } from '../../../media/errors.ts'
import { plainAddress } from '../../../platform/auth/index.ts'
import { errorFields } from '../../../platform/telemetry/index.ts'
import { Viewer } from '../../delivery/index.ts'
import type { PushSession } from '../../ingest/index.ts'
import { orderedFormat, webSocketFormat } from '../../packaging/index.ts'
import type { ListenerContext } from '../context.ts'
import { parseTarget } from './address.ts'
import { progressiveFormat, wantedOrdering } from './progressive.ts'
import { openPush } from './push.ts'
import { type HttpProblem, problemOf, rawProblem } from './respond.ts'

/** RFC 6455, 7.4.1. */
const CLOSE_NORMAL = 1000
const CLOSE_UNACCEPTABLE = 1003
/** Normal, going away, and a close without a code: the publisher has said all that it had to say. */
const CLEAN_CLOSES: ReadonlySet<number> = new Set([CLOSE_NORMAL, 1001, 1005])
const CLOSE_TRY_AGAIN = 1013
const MAX_REASON_BYTES = 120

/** WebSocket play and push on the addresses of HTTP play and push. */
export class WebSocketListener {
  readonly #context: ListenerContext
  readonly #server: WebSocketServer

  constructor(context: ListenerContext) {
    this.#context = context
    this.#server = new WebSocketServer({
      noServer: true,
      perMessageDeflate: false,
      maxPayload: context.config.limits.maxMessageBytes,
    })
  }

  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => {})
    const { address, query } = parseTarget(request.url ?? '')
    if (address.kind !== 'progressive')
      return refuse(socket, {
        status: 404,
        code: 'not-found',
        message: 'a WebSocket is answered at .flv, .ts and .mp4 addresses',
      })
    const target = { name: address.name, format: address.format, query }
    try {
      if (query.has('publish')) await this.#publish(request, socket, head, target)
      else await this.#play(request, socket as Socket, head, target)
    } catch (error) {
      const problem = problemOf(error)
      if (problem.status === 500) this.#context.log.error('websocket.failed', errorFields(error))
      refuse(socket, problem)
    }
  }

  async #publish(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    target: { readonly name: string; readonly format: string; readonly query: URLSearchParams },
  ): Promise<void> {
    const session = await openPush(this.#context, request, { ...target, protocol: `ws-${target.format}` })
    const { publication } = session
    const lost = () => publication.end('connection closed')
    socket.once('close', lost)
    if (socket.destroyed) return lost()
    const webSocket = await this.#accept(request, socket, head)
    publication.onKick = (reason) => webSocket.close(CLOSE_TRY_AGAIN, shortened(reason))
    // From here on the WebSocket tells of the end: messages may still be on their way when the socket closes.
    socket.off('close', lost)
    const fail = this.#receive(webSocket, session)
    const silent = () => fail(new MalformedInputError('message', session.receivedBytes, 'the publisher went silent'))
    request.socket.setTimeout(this.#context.config.limits.idleMs, silent)
  }

  /** What it returns ends the publication for that reason. */
  #receive(webSocket: WebSocket, session: PushSession): (error: unknown) => void {
    const { publication } = session
    let isFailed = false
    const fail = (error: unknown) => {
      if (isFailed) return
      isFailed = true
      const { message } = problemOf(error)
      publication.end(message)
      const { name: stream, sessionId } = publication
      this.#context.log.warn('publish.failed', { stream, session: sessionId, ...errorFields(error) })
      webSocket.close(CLOSE_UNACCEPTABLE, shortened(message))
    }
    const attempt = (work: () => void) => {
      if (isFailed) return
      try {
        work()
      } catch (error) {
        fail(error)
      }
    }
    webSocket.on('message', (data: RawData) => attempt(() => session.receive(data as Buffer)))
    webSocket.on('close', (code) => {
      if (CLEAN_CLOSES.has(code)) attempt(() => session.finish())
      publication.end('connection closed')
    })
    return fail
  }

  async #play(
    request: IncomingMessage,
    socket: Socket,
    head: Buffer,
    { name, format, query }: { readonly name: string; readonly format: string; readonly query: URLSearchParams },
  ): Promise<void> {
    const output = webSocketFormat(orderedFormat(progressiveFormat(format), wantedOrdering(query.get('bframes'))))
    // The stream must exist before the handshake is answered: after it there is no status code any more.
    await this.#context.hub.subscribe(name, output)
    const webSocket = await this.#accept(request, socket, head)
    const viewer = new Viewer(
      socket,
      {
        id: this.#context.newSessionId(),
        protocol: `ws-${format}`,
        remoteAddress: plainAddress(socket.remoteAddress),
        socketUse: 'shared',
        onEnd: (reason) => {
          webSocket.close(reason === 'stream-ended' ? CLOSE_NORMAL : CLOSE_TRY_AGAIN, reason)
          if (reason !== 'stream-ended') webSocket.terminate()
        },
      },
      performance.now(),
    )
    socket.setNoDelay(true)
    await this.#context.delivery.watch(name, output, viewer)
  }

  #accept(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<WebSocket> {
    return new Promise((resolve) => {
      this.#server.handleUpgrade(request, socket, head, (webSocket) => {
        webSocket.on('error', () => {})
        resolve(webSocket)
      })
    })
  }
}

function refuse(socket: Duplex, problem: HttpProblem): void {
  socket.end(rawProblem(problem))
}
function shortened(reason: string): string {
  return Buffer.from(reason).subarray(0, MAX_REASON_BYTES).toString()
}
