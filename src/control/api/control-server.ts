import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import { http } from '../../platform/net/index.ts'
import { errorFields } from '../../platform/telemetry/index.ts'
import type { ApiContext } from './api-context.ts'
import { metricsText } from './metrics.ts'

type Operation = { readonly status: number; readonly contentType: string; readonly text: string }

const JSON_TYPE = 'application/json; charset=utf-8'

/**
 * The control thread's HTTP server. Workers hand requests to it over a local socket. Health and metrics are answered
 * here; for all else the API is loaded when somebody asks for the first time: its framework takes more memory than all
 * the rest of this thread.
 */
export function controlServer(context: ApiContext): Server {
  let api: Promise<RequestListener> | undefined
  const answer: RequestListener = async (request, response) => {
    response.setHeader('Access-Control-Allow-Origin', '*')
    response.setHeader('X-Content-Type-Options', 'nosniff')
    try {
      const operation = await operationOf(context, request)
      if (operation) return send(request, response, operation)
      api ??= import('./control-api.ts').then(({ controlApi }) => controlApi(context))
      return (await api)(request, response)
    } catch (error) {
      context.log.error('api.failed', errorFields(error))
      send(request, response, { status: 500, ...json({ error: { code: 'internal', message: 'see the log' } }) })
    }
  }
  // The workers keep their connections: one that this side closed would take their next request with it.
  return http.createServer({ keepAliveTimeout: 0 }, answer)
}

async function operationOf(context: ApiContext, { method, url = '' }: IncomingMessage): Promise<Operation | undefined> {
  if (method !== 'GET' && method !== 'HEAD') return undefined
  const [path] = url.split('?')
  if (path === '/healthz') return { status: 200, ...json({ status: 'ok' }) }
  if (path === '/readyz') {
    const isReady = context.isReady()
    return { status: isReady ? 200 : 503, ...json({ status: isReady ? 'ready' : 'not ready' }) }
  }
  return path === '/metrics' ? { status: 200, ...(await metricsText(context)) } : undefined
}
function json(value: unknown): Omit<Operation, 'status'> {
  return { contentType: JSON_TYPE, text: JSON.stringify(value) }
}

function send({ method }: IncomingMessage, response: ServerResponse, { status, contentType, text }: Operation): void {
  const length = Buffer.byteLength(text)
  response.writeHead(status, { 'Content-Type': contentType, 'Content-Length': length })
  response.end(method === 'HEAD' ? undefined : text)
}
