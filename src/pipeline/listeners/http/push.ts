import type { IncomingMessage, ServerResponse } from 'node:http'
import { MalformedInputError, UnsupportedInputError } from '../../../media/errors.ts'
import { plainAddress } from '../../../platform/auth/index.ts'
import { errorFields } from '../../../platform/telemetry/index.ts'
import { isPushFormat, type PushFormat, PushSession } from '../../ingest/index.ts'
import type { ListenerContext } from '../context.ts'
import { problemOf, respondJson, respondProblem } from './respond.ts'

export function pushFormat(format: string): PushFormat {
  if (isPushFormat(format)) return format
  throw new UnsupportedInputError(
    `push FLV to the .flv address or MPEG-TS to the .ts address; .${format} is not taken yet`,
  )
}

/** `?key=`, `?token=` or `Authorization: Bearer`. */
export function keyOf(request: IncomingMessage, query: URLSearchParams): string | undefined {
  const bearer = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1]
  return query.get('key') ?? query.get('token') ?? bearer ?? undefined
}

export type PushRequest = {
  readonly name: string
  readonly format: string
  readonly protocol: string
  readonly query: URLSearchParams
}

export async function openPush(
  context: ListenerContext,
  request: IncomingMessage,
  { name, format, protocol, query }: PushRequest,
): Promise<PushSession> {
  const container = pushFormat(format)
  const key = keyOf(request, query)
  const agent = request.headers['user-agent']
  const publication = await context.hub.publish({
    name,
    protocol,
    remoteAddress: plainAddress(request.socket.remoteAddress),
    ...(key === undefined ? {} : { key }),
    ...(agent === undefined ? {} : { agent }),
  })
  return new PushSession(publication, container, context.config.limits)
}

/** A `POST` or `PUT` whose body is a stream of FLV or MPEG-TS; ends with the body. */
export async function pushHttp(
  context: ListenerContext,
  request: IncomingMessage,
  response: ServerResponse,
  target: Omit<PushRequest, 'protocol'>,
): Promise<void> {
  const session = await openPush(context, request, { ...target, protocol: `http-${target.format}` })
  const { publication } = session
  request.socket.setTimeout(context.config.limits.idleMs, () =>
    fail(new MalformedInputError('body', session.receivedBytes, 'the publisher went silent')),
  )
  const fail = (error: unknown) => {
    publication.end(problemOf(error).message)
    context.log.warn('publish.failed', { stream: target.name, session: publication.sessionId, ...errorFields(error) })
    respondProblem(response, problemOf(error))
    response.once('finish', () => request.destroy())
  }
  publication.onKick = (reason) => {
    respondProblem(response, { status: 409, code: 'kicked', message: reason })
    response.once('finish', () => request.destroy())
  }
  request.on('data', (bytes: Buffer) => {
    try {
      if (!response.headersSent) session.receive(bytes)
    } catch (error) {
      fail(error)
    }
  })
  request.on('end', () => {
    if (response.headersSent) return
    try {
      session.finish()
      respondJson(response, 200, { stream: target.name, bytes: session.receivedBytes, frames: session.frameCount })
    } catch (error) {
      fail(error)
    }
  })
  request.on('close', () => publication.end('connection closed'))
  request.on('error', () => publication.end('connection lost'))
}
