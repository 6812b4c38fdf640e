import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { plainAddress } from '../../../platform/auth/index.ts'
import { byteLengthOf, type Exchange, type ResponseHeaders, type WholeAnswer } from './exchange.ts'

/** RFC 9110, 15.4.5. */
const NOT_MODIFIED = 304

/** An exchange of `node:http` or, through its compatibility layer, of `node:http2`. */
export class NodeExchange implements Exchange {
  readonly isHead: boolean
  readonly headers: IncomingHttpHeaders
  readonly remoteAddress: string
  readonly signal: AbortSignal
  readonly #response: ServerResponse

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.isHead = request.method === 'HEAD'
    this.headers = request.headers
    this.remoteAddress = plainAddress(request.socket.remoteAddress)
    this.#response = response
    const left = new AbortController()
    this.signal = left.signal
    response.on('close', () => {
      if (!response.writableFinished) left.abort()
    })
  }

  send({ status, headers, body }: WholeAnswer, onDone?: () => void): void {
    const response = this.#response
    if (onDone) whenGone(response, onDone)
    const length = status === NOT_MODIFIED ? {} : { 'Content-Length': byteLengthOf(body) }
    response.writeHead(status, { ...headers, ...length })
    response.cork()
    if (!this.isHead) for (const view of body) response.write(view)
    response.uncork()
    response.end()
  }

  begin(status: number, headers: ResponseHeaders): void {
    this.#response.writeHead(status, headers)
  }
  write(views: readonly Uint8Array[]): Promise<void> {
    return new Promise((resolve) => {
      const response = this.#response
      const settle = () => {
        response.off('close', settle)
        resolve()
      }
      response.on('close', settle)
      response.cork()
      views.forEach((view, at) => {
        response.write(view, at === views.length - 1 ? settle : undefined)
      })
      response.uncork()
      if (this.signal.aborted) settle()
    })
  }
  end(): void {
    this.#response.end()
  }
  destroy(): void {
    this.#response.destroy()
  }
}

function whenGone(response: ServerResponse, onDone: () => void): void {
  let isDone = false
  const done = () => {
    if (!isDone) onDone()
    isDone = true
  }
  response.on('close', done)
  response.on('finish', done)
}
