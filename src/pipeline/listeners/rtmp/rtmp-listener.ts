import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
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
    const accept = (socket: Socket) => {
      const connection = new RtmpConnection(context, socket, tls ? 'rtmps' : 'rtmp')
      this.#connections.add(connection)
      socket.on('close', () => this.#connections.delete(connection))
    }
    this.server = tls
      ? createTlsServer({ ...tls, handshakeTimeout: context.config.limits.handshakeMs }, accept)
      : createServer(accept)
    this.server.maxConnections = context.config.limits.maxConnections
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
