import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import type { z } from 'zod'
import type { ApiContext } from './api-context.ts'

export type ApiRequest = {
  readonly wildcard: string
  readonly query: Readonly<Record<string, string>>
  readonly headers: IncomingHttpHeaders
  /** What is posted. */
  readonly body: Readable
}
export type ApiRoute = {
  readonly method: 'GET' | 'DELETE' | 'POST'
  /** Below `/api/v1`; `*` takes a stream name with its slashes. */
  readonly path: string
  readonly summary: string
  /** `admin`: what changes something, or tells who publishes from where; for loopback and the admin token. */
  readonly access: 'anyone' | 'admin'
} & (JsonRoute | EndlessRoute)

type JsonRoute = {
  readonly answer: z.ZodType
  handle(context: ApiContext, request: ApiRequest): Promise<unknown>
}
/** Writes the answer itself, for as long as the client wants it. What it throws before is answered as ever. */
type EndlessRoute = {
  readonly contentType: string
  begin(context: ApiContext, request: ApiRequest, response: ServerResponse): void
}
