import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { ConnectionLimit } from '../connection-limit.ts'
import type { ListenerContext } from '../context.ts'
import type { TlsFiles } from '../http/http-listener.ts'
import { RtmpConnection } from './rtmp-connection.ts'

const CHECK_MS = 1000

/** RTMP, or RTMPS with certificate files. */
export class RtmpListener {
  readonly server: Server
  readonly #connections = new Set<RtmpConnection>()
  readonly #check: NodeJS.Timeout

  constructor(context: ListenerContext, tls?: TlsFiles) {
    const { maxConnections, handshakeMs } = context.config.limits
    this.server = tls ? createTlsServer({ ...tls, handshakeTimeout: handshakeMs }) : createServer()
    // RTMP has no words before its handshake.
    const listener = tls ? 'rtmps' : 'rtmp'
    const limit = new ConnectionLimit(this.server, { listener, maxConnections, log: context.log })
    this.server.on(tls ? 'secureConnection' : 'connection', (socket: Socket) => {
      if (limit.isRefused(socket)) return
      const connection = new RtmpConnection(context, socket, listener)
      this.#connections.add(connection)
      socket.on('close', () => this.#connections.delete(connection))
    })
    this.#check = setInterval(() => this.#checkAll(), CHECK_MS)
    this.#check.unref()
  }

  close(): void {
    clearInterval(this.#check)
    this.server.close()
    for (const connection of this.#connections) connection.close()
  }

  #checkAll(): void {
    const nowMs = performance.now()
    for (const connection of this.#connections) connection.check(nowMs)
  }
}
