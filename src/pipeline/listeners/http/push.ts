import type { IncomingMessage, ServerResponse } from 'node:http'
import { MalformedInputError, UnsupportedInputError } from '../../../media/errors.ts'
import { plainAddress } from '../../../platform/auth/index.ts'
import { errorFields } from '../../../platform/telemetry/index.ts'
import { isPushFormat, type PushFormat, PushSession } from '../../ingest/index.ts'
import type { ListenerContext } from '../context.ts'
import { type HttpProblem, problemOf, respondJson, respondProblem } from './respond.ts'

const LAST_WORDS_MS = 1000

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
  // The peer may have gone while the control thread decided; its 'close' is then past.
  if (request.destroyed || request.socket.destroyed) return publication.end('connection closed')
  const refuse = (problem: HttpProblem) => {
    publication.end(problem.message)
    if (response.headersSent) return
    response.setHeader('Connection', 'close')
    respondProblem(response, problem)
    // What still comes is read and dropped for a moment: a reset would take the answer with it.
    setTimeout(() => request.destroy(), LAST_WORDS_MS).unref()
  }
  const fail = (error: unknown) => {
    const { sessionId } = publication
    context.log.warn('publish.failed', { stream: target.name, session: sessionId, ...errorFields(error) })
    refuse(problemOf(error))
  }
  request.setTimeout(context.config.limits.idleMs, () => {
    fail(new MalformedInputError('body', session.receivedBytes, 'the publisher went silent'))
  })
  publication.onKick = (reason) => refuse({ status: 409, code: 'kicked', message: reason })
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
