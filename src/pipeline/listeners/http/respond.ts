import type { IncomingMessage, ServerResponse } from 'node:http'
import { MillraceError } from '../../../media/errors.ts'
import { http } from '../../../platform/net/index.ts'
import { errorFields, type Logger } from '../../../platform/telemetry/index.ts'
import type { WholeAnswer } from './exchange.ts'

const STATUS: Readonly<Record<string, number>> = {
  'malformed-input': 400,
  'unsupported-input': 415,
  'limit-exceeded': 413,
  'access-denied': 403,
  'name-in-use': 409,
  'not-found': 404,
  unavailable: 503,
}

export type HttpProblem = { readonly status: number; readonly code: string; readonly message: string }

export function problemOf(error: unknown): HttpProblem {
  if (!(error instanceof MillraceError))
    return { status: 500, code: 'internal', message: 'the server failed; see its log' }
  return { status: STATUS[error.code] ?? 500, code: error.code, message: error.message }
}

/** The same; a fault of our own goes to the log. */
export function reportedProblem(log: Logger, error: unknown): HttpProblem {
  const problem = problemOf(error)
  if (problem.status === 500) log.error('http.failed', errorFields(error))
  return problem
}

export const CORS = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Methods': 'GET, HEAD, POST, PUT, OPTIONS',
  'Access-Control-Allow-Headers': '*',
  'Access-Control-Expose-Headers': '*',
} as const

export function respondJson(response: ServerResponse, status: number, body: unknown): void {
  const text = `${JSON.stringify(body)}\n`
  response.writeHead(status, {
    ...CORS,
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
  })
  response.end(text)
}

/** A problem in the words of `respondProblem`. */
export function problemAnswer({ status, code, message }: HttpProblem): WholeAnswer {
  const headers = { ...CORS, 'Content-Type': 'application/json', 'Cache-Control': 'no-store' }
  return { status, headers, body: [Buffer.from(`${JSON.stringify({ error: { code, message } })}\n`)] }
}

export function respondProblem(response: ServerResponse, { status, code, message }: HttpProblem): void {
  if (response.headersSent) response.destroy()
  else respondJson(response, status, { error: { code, message } })
}

/** A whole answer as text, for a connection that is closed with it. */
export function rawProblem({ status, code, message }: HttpProblem): string {
  const body = `${JSON.stringify({ error: { code, message } })}\n`
  const fields = [
    `HTTP/1.1 ${status} ${http.STATUS_CODES[status] ?? 'Refused'}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Access-Control-Allow-Origin: *',
    'Connection: close',
  ]
  return `${fields.join('\r\n')}\r\n\r\n${body}`
}

export function isHead(request: IncomingMessage): boolean {
  return request.method === 'HEAD'
}
