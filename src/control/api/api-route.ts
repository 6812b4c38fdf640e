import type { Readable } from 'node:stream'
import type { z } from 'zod'
import type { ApiContext } from './api-context.ts'

export type ApiRequest = {
  readonly wildcard: string
  readonly query: Readonly<Record<string, string>>
  /** What is posted. */
  readonly body: Readable
}
export type ApiRoute = {
  readonly method: 'GET' | 'DELETE' | 'POST'
  /** Below `/api/v1`; `*` takes a stream name with its slashes. */
  readonly path: string
  readonly summary: string
  /** `admin` routes change something: loopback or the admin token. */
  readonly access: 'anyone' | 'admin'
  readonly answer: z.ZodType
  handle(context: ApiContext, request: ApiRequest): Promise<unknown>
}
