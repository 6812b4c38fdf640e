import type { IncomingHttpHeaders } from 'node:http'
import type { RequestHead } from '../../../../media/protocols/http/index.ts'
import { byteLengthOf, type Exchange, type ResponseHeaders, type WholeAnswer } from '../exchange.ts'
import { type AnswerFraming, answerBytes, answerHead } from './answer-bytes.ts'

/** What an exchange does to its connection. */
export interface ExchangeConnection {
  readonly remoteAddress: string
  /** `onTaken` is called once: the kernel has everything, or the connection is gone. */
  write(views: readonly Uint8Array[], onTaken: () => void): void
  /** The answer is whole and gone; the next request can be answered. */
  finish(framing: AnswerFraming): void
  destroy(): void
}

const CHUNK_END = Buffer.from('\r\n')
/** RFC 9112, 7.1. */
const LAST_CHUNK = Buffer.from('0\r\n\r\n')

/** A request that was read off a bare socket. */
export class DirectExchange implements Exchange {
  readonly isHead: boolean
  readonly headers: IncomingHttpHeaders
  readonly #connection: ExchangeConnection
  readonly #framing: AnswerFraming
  #left: AbortController | undefined
  #isLeft = false
  #onLeft: (() => void) | undefined
  /** Whether anything of the answer is on its way. */
  isBegun = false

  constructor(head: RequestHead, connection: ExchangeConnection) {
    this.isHead = head.method === 'HEAD'
    this.headers = head.headers
    this.#framing = head.isLast ? 'close' : 'keep-alive'
    this.#connection = connection
  }

  get remoteAddress(): string {
    return this.#connection.remoteAddress
  }
  get signal(): AbortSignal {
    if (!this.#left) {
      this.#left = new AbortController()
      if (this.#isLeft) this.#left.abort()
    }
    return this.#left.signal
  }
  /** Cheaper than `signal`. One listener. */
  onLeft(listener: () => void): void {
    this.#onLeft = listener
    if (this.#isLeft) listener()
  }
  /** The connection is gone. */
  leave(): void {
    this.#isLeft = true
    this.#onLeft?.()
    this.#left?.abort()
  }

  send(answer: WholeAnswer, onDone?: () => void): void {
    this.isBegun = true
    this.#connection.write(answerBytes(answer, this.isHead ? 'HEAD' : 'GET', this.#framing), () => {
      onDone?.()
      this.#connection.finish(this.#framing)
    })
  }

  begin(status: number, headers: ResponseHeaders): void {
    this.isBegun = true
    const head = `${answerHead(status, headers, this.#framing)}Transfer-Encoding: chunked\r\n\r\n`
    this.#connection.write([Buffer.from(head, 'latin1')], () => {})
  }
  write(views: readonly Uint8Array[]): Promise<void> {
    const size = Buffer.from(`${byteLengthOf(views).toString(16)}\r\n`, 'latin1')
    return new Promise((resolve) => this.#connection.write([size, ...views, CHUNK_END], resolve))
  }
  end(): void {
    const finish = () => this.#connection.finish(this.#framing)
    if (this.isHead) finish()
    else this.#connection.write([LAST_CHUNK], finish)
  }
  destroy(): void {
    this.#connection.destroy()
  }
}
