import { createServer, type Server } from 'node:http'
import type { Logger } from '../../platform/telemetry/index.ts'
import type { StreamRegistry } from '../registry.ts'
import type { WorkerStats } from '../stats.ts'

export type ControlApiOptions = {
  readonly registry: StreamRegistry
  readonly stats: WorkerStats
  readonly log: Logger
  /** False until every worker listens, and while the server stops. */
  readonly isReady: () => boolean
}

/** The control thread's HTTP server: API, pages, metrics, health. Workers hand requests to it. */
export function openControlApi(options: ControlApiOptions): Server {
  return createServer((request, response) => {
    const path = request.url?.split('?')[0]
    if (path === '/healthz') response.end('ok\n')
    else if (path === '/api/v1/streams') {
      const streams = [...options.registry.streams].map(({ name }) => ({
        name,
        ...options.stats.stream(name),
        viewers: options.stats.viewers(name),
      }))
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ streams }))
    } else response.writeHead(404).end('not found\n')
  })
}
