import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { plainAddress } from '../../../platform/auth/index.ts'
import { http } from '../../../platform/net/index.ts'
import { respondProblem } from './respond.ts'

/** Tells the control thread who really asks; what a client sends under this name is dropped. */
export const PEER_HEADER = 'x-millrace-peer'

const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'upgrade', 'transfer-encoding', 'te', 'trailer', PEER_HEADER])

/** Hands requests for the API and the pages to the control thread's HTTP server. */
export class ControlProxy {
  readonly #socketPath: string
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 64 })

  constructor(socketPath: string) {
    this.#socketPath = socketPath
  }

  forward(request: IncomingMessage, response: ServerResponse): void {
    const headers = endToEnd(request.headers)
    // RFC 9113, 8.3.1: HTTP/2 has the host in a pseudo-header.
    headers.host ??= request.headers[':authority']?.toString()
    const upstream = http.request({
      socketPath: this.#socketPath,
      agent: this.#agent,
      method: request.method,
      path: request.url,
      headers: { ...headers, [PEER_HEADER]: plainAddress(request.socket.remoteAddress) },
    })
    upstream.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, endToEnd(answer.headers))
      answer.pipe(response)
    })
    upstream.on('error', () =>
      respondProblem(response, { status: 503, code: 'unavailable', message: 'the control thread does not answer' }),
    )
    response.on('close', () => upstream.destroy())
    request.pipe(upstream)
  }
  close(): void {
    this.#agent.destroy()
  }
}

/** Headers that concern one connection only stay on it (RFC 9110, 7.6.1), as do the pseudo-headers of HTTP/2. */
function endToEnd(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const kept = Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name) && !name.startsWith(':'))
  return Object.fromEntries(kept)
}
