import type { Socket } from 'node:net'
import { parseRequestHead, type RequestHead } from '../../../../media/protocols/http/index.ts'
import { plainAddress } from '../../../../platform/auth/index.ts'
import { queuedBytes, type TakenSocket } from '../../../../platform/net/index.ts'
import { type AnswerFraming, KEEP_ALIVE_SECONDS } from './answer-bytes.ts'
import { DirectExchange, type ExchangeConnection } from './direct-exchange.ts'

/** How a connection's requests are answered. */
export interface DirectHost {
  readonly limits: { readonly handshakeMs: number; readonly stallMs: number }
  /** What is to be done for a request; undefined: it is not for a bare socket. */
  route(head: RequestHead): ((exchange: DirectExchange, connection: DirectConnection) => void) | undefined
  /** From now on the socket is that of a complete HTTP server: everything that was not answered yet is in it again. */
  handOver(socket: Socket): void
  onClose(connection: DirectConnection): void
}

/** Then the others have their turn. */
const MAX_ANSWERS_AT_ONCE = 32

/** RFC 9110, 15.5.9: a client that says nothing. */
const TIMED_OUT = 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n'

/**
 * HTTP/1.1 on a bare socket: requests by GET and HEAD that are plain and whole, answered one after the other. The first
 * byte of anything else makes the connection one of Node's HTTP server, with that byte and all behind it.
 */
export class DirectConnection implements ExchangeConnection {
  readonly remoteAddress: string
  readonly socket: Socket
  readonly #taken: TakenSocket
  readonly #host: DirectHost
  #exchange: DirectExchange | undefined
  /** Read, but not answered: from the head of `#exchange` on while there is one. */
  #text = ''
  #headEnd = 0
  #isRunning = false
  #isClosing = false
  #isPaused = false
  #isEnded = false
  #isViewer = false
  #answeredCount = 0
  #queuedBytes = 0
  #lastMs: number

  constructor(socket: Socket, taken: TakenSocket, host: DirectHost) {
    this.socket = socket
    this.remoteAddress = plainAddress(socket.remoteAddress)
    this.#taken = taken
    this.#host = host
    this.#lastMs = performance.now()
    taken.onRead = (buffer, count) => this.#onRead(buffer, count)
    socket.on('error', ignore)
    socket.on('end', this.#onEnd)
    socket.on('close', this.#onClose)
  }

  /** Closes what is past its time: clients that say nothing, or take nothing. */
  check(nowMs: number): void {
    if (this.#isViewer) return
    const { handshakeMs, stallMs } = this.#host.limits
    const queued = queuedBytes(this.socket)
    if (queued !== this.#queuedBytes) {
      this.#queuedBytes = queued
      this.#lastMs = nowMs
    }
    const silentMs = nowMs - this.#lastMs
    if (queued > 0) {
      if (silentMs > stallMs) this.socket.destroy()
    } else if (!this.#exchange && silentMs > (this.#answeredCount > 0 ? KEEP_ALIVE_SECONDS * 1000 : handshakeMs)) {
      this.socket.end(this.#answeredCount > 0 ? '' : TIMED_OUT)
      this.socket.destroySoon()
    }
  }
  destroy(): void {
    this.socket.destroy()
  }

  write(views: readonly Uint8Array[], onTaken: () => void): void {
    if (this.socket.destroyed || this.#taken.write(views, onTaken)) onTaken()
  }
  finish(framing: AnswerFraming): void {
    this.#text = this.#headEnd === this.#text.length ? '' : this.#text.slice(this.#headEnd)
    this.#exchange = undefined
    this.#answeredCount++
    this.#lastMs = performance.now()
    if (framing === 'close' || (this.#isEnded && this.#text === '')) {
      this.#isClosing = true
      this.socket.destroySoon()
    } else if (!this.#isRunning) this.#run()
  }
  /** The socket is that of a viewer from now on; what the client still says is not heard. */
  becomeViewer(): void {
    this.#isViewer = true
    this.#text = ''
    this.#resume()
  }
  /** The exchange that goes on turned out to be for a complete HTTP server. */
  handOver(): void {
    const { socket } = this
    this.#exchange = undefined
    if (socket.destroyed) return
    if (this.#isEnded) return void socket.destroy()
    socket.off('end', this.#onEnd)
    socket.off('close', this.#onClose)
    this.#taken.giveBack()
    socket.unshift(Buffer.from(this.#text, 'latin1'))
    this.#host.onClose(this)
    this.#host.handOver(socket)
  }

  #onRead(buffer: Buffer, count: number): void {
    if (this.#isViewer || this.#isClosing) return
    this.#text += buffer.toString('latin1', 0, count)
    this.#lastMs = performance.now()
    if (!this.#exchange) return this.#run()
    // More before the answer: what comes behind it waits in the kernel.
    this.#pause()
  }

  /** Answers what has been read, until an answer has to wait. */
  #run(): void {
    this.#isRunning = true
    let answers = 0
    while (!this.#exchange && this.#text !== '' && !this.#isClosing && !this.socket.destroyed) {
      if (answers++ === MAX_ANSWERS_AT_ONCE) return this.#runLater()
      const head = parseRequestHead(this.#text)
      const serve = head && this.#host.route(head)
      if (!serve) return this.handOver()
      this.#headEnd = head.end
      this.#exchange = new DirectExchange(head, this)
      serve(this.#exchange, this)
    }
    this.#isRunning = false
    if (!this.#exchange) this.#resume()
  }
  #runLater(): void {
    this.#isRunning = false
    this.#pause()
    setImmediate(() => this.#run())
  }
  #pause(): void {
    this.#isPaused = true
    this.#taken.pause()
  }
  #resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#taken.resume()
  }

  readonly #onEnd = () => {
    this.#isEnded = true
    if (!this.#exchange || this.#isViewer) this.socket.end()
  }
  readonly #onClose = () => {
    this.#exchange?.leave()
    this.#host.onClose(this)
  }
}

function ignore(): void {}
