import type { Server, Socket } from 'node:net'
import type { Logger } from '../../platform/telemetry/index.ts'

/** How many are answered before they are let go; what comes above these is dropped by the accepting call itself. */
const ANSWERED_AT_ONCE = 64
/** For the answer to arrive, and for what the peer was still sending. */
const LAST_WORDS_MS = 1000
const LOG_MS = 1000

export type ConnectionLimitOptions = {
  readonly listener: string
  readonly maxConnections: number
  readonly log: Logger
  /** What a refused peer is told; absent where its protocol has no words at this point. */
  readonly answer?: string
}

/**
 * Refuses the connections above `maxConnections`: those that are there do not notice. The operator is told once a
 * second at most, with the number.
 */
export class ConnectionLimit {
  readonly #options: ConnectionLimitOptions
  readonly #refused = new WeakSet<Socket>()
  #openCount = 0
  #refusedCount = 0
  #logTimer: NodeJS.Timeout | undefined

  constructor(server: Server, options: ConnectionLimitOptions) {
    this.#options = options
    server.maxConnections = options.maxConnections + ANSWERED_AT_ONCE
    server.on('drop', () => this.#count())
    server.on('connection', (socket) => this.#onConnection(socket))
  }

  /** Whether nothing more is to be done for this connection. */
  isRefused(socket: Socket): boolean {
    return this.#refused.has(socket)
  }

  #onConnection(socket: Socket): void {
    if (this.#openCount >= this.#options.maxConnections) return this.#refuse(socket)
    this.#openCount++
    socket.on('close', () => {
      this.#openCount--
    })
  }
  #refuse(socket: Socket): void {
    this.#count()
    this.#refused.add(socket)
    socket.on('error', () => {})
    const { answer } = this.#options
    if (answer === undefined) return void socket.destroy()
    // A reset would take the answer with it: the peer's bytes are read until it has closed, for a moment.
    socket.end(answer)
    socket.resume()
    const timer = setTimeout(() => socket.destroy(), LAST_WORDS_MS).unref()
    socket.on('close', () => clearTimeout(timer))
  }

  #count(): void {
    this.#refusedCount++
    if (this.#logTimer === undefined) this.#tell()
  }
  #tell(): void {
    const { listener, maxConnections, log } = this.#options
    log.warn('connections.refused', { listener, count: this.#refusedCount, maxConnections })
    this.#refusedCount = 0
    this.#logTimer = setTimeout(() => {
      this.#logTimer = undefined
      if (this.#refusedCount > 0) this.#tell()
    }, LOG_MS).unref()
  }
}
