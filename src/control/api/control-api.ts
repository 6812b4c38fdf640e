import type { RequestListener } from 'node:http'
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify'
import { MillraceError } from '../../media/errors.ts'
import { PEER_HEADER } from '../../pipeline/listeners/index.ts'
import { isLoopback } from '../../platform/auth/index.ts'
import { AccessDeniedError } from '../../platform/errors.ts'
import { errorFields } from '../../platform/telemetry/index.ts'
import type { ApiContext } from './api-context.ts'
import type { ApiRoute } from './api-route.ts'
import { openApiDocument } from './openapi.ts'
import { type PageFile, Pages } from './pages.ts'
import { ROUTES } from './routes.ts'

const STATUS: Readonly<Record<string, number>> = {
  'not-found': 404,
  'access-denied': 403,
  'malformed-input': 400,
  'unsupported-input': 415,
  unavailable: 503,
}

/** API and pages. */
export async function controlApi(context: ApiContext): Promise<RequestListener> {
  const app = fastify({ bodyLimit: 1_048_576 })
  // Bodies are files; who wants one reads it as it comes.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_, payload, done) => done(null, payload))
  app.setErrorHandler((error, _, reply) => answerError(context, error, reply))
  for (const route of ROUTES) addRoute(app, context, route)
  app.get('/api/v1/openapi.json', async () => openApiDocument(context.version))
  addPages(app, new Pages(context.webFolder))
  await app.ready()
  return (request, response) => app.routing(request, response)
}

function addRoute(app: FastifyInstance, context: ApiContext, route: ApiRoute): void {
  app.route({
    method: route.method,
    url: `/api/v1${route.path}`,
    handler: async (request, reply) => {
      if (route.access === 'admin') requireAdmin(context, request)
      reply.header('Cache-Control', 'no-store')
      const { '*': wildcard = '' } = request.params as { '*'?: string }
      // Of a name that is there twice, the last.
      const query = Object.fromEntries(new URL(request.raw.url ?? '', 'http://localhost').searchParams)
      const asked = { wildcard, query, headers: request.headers, body: request.raw }
      if ('handle' in route) return await route.handle(context, asked)
      route.begin(context, asked, reply.raw)
      return reply.hijack()
    },
  })
}

/** For this machine itself and for who has the admin token. */
function requireAdmin(context: ApiContext, request: FastifyRequest): void {
  const bearer = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1]
  if (bearer !== undefined && context.isAdminToken(bearer)) return
  if (bearer === undefined && isLoopback(peerOf(request)) && isOwnOrigin(request)) return
  throw new AccessDeniedError('this needs the admin token (Authorization: Bearer …), printed at the first start')
}
function peerOf(request: FastifyRequest): string | undefined {
  const peer = request.headers[PEER_HEADER]
  return typeof peer === 'string' ? peer : undefined
}
/** A web page of another origin, open in a browser on this machine, is not this machine's operator. */
function isOwnOrigin({ headers }: FastifyRequest): boolean {
  if (headers.origin === undefined)
    return headers['sec-fetch-site'] === undefined || headers['sec-fetch-site'] === 'same-origin'
  return URL.parse(headers.origin)?.host === headers.host
}

function addPages(app: FastifyInstance, pages: Pages): void {
  const send = (reply: FastifyReply, file: PageFile | undefined) => {
    if (!file)
      return reply
        .code(404)
        .send({ error: { code: 'not-found', message: 'the web page is not built; run npm run setup' } })
    return reply.type(file.contentType).header('Cache-Control', file.cacheControl).send(file.bytes)
  }
  app.get('/assets/*', (request, reply) =>
    send(reply, pages.file(`assets/${(request.params as { '*': string })['*']}`)),
  )
  app.get('/favicon.svg', (_, reply) => send(reply, pages.file('favicon.svg')))
  app.get('/favicon.ico', (_, reply) => send(reply, pages.file('favicon.svg')))
  app.setNotFoundHandler((request, reply) => {
    const isPage = (request.method === 'GET' || request.method === 'HEAD') && !request.url.startsWith('/api/')
    if (isPage) return send(reply, pages.index())
    return reply.code(404).send({ error: { code: 'not-found', message: 'no such address' } })
  })
}

function answerError(context: ApiContext, error: unknown, reply: FastifyReply): void {
  if (error instanceof MillraceError && STATUS[error.code]) {
    reply.code(STATUS[error.code] ?? 500).send({ error: { code: error.code, message: error.message } })
    return
  }
  const status = (error as { statusCode?: number }).statusCode ?? 500
  if (status < 500) {
    reply.code(status).send({ error: { code: 'malformed-input', message: (error as Error).message } })
    return
  }
  context.log.error('api.failed', errorFields(error))
  reply.code(500).send({ error: { code: 'internal', message: 'the server failed; see its log' } })
}
