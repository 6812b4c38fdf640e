import type { ServerResponse } from 'node:http'
import { MalformedInputError } from '../../media/errors.ts'
import type { Logger } from '../../platform/telemetry/index.ts'
import type { EventFeed, EventFilter, ServerEvent } from './event-feed.ts'
import { EVENT_TYPES, type EventType, isEventType } from './event-types.ts'

/** Proxies close what says nothing for longer. */
const HEARTBEAT_MS = 15_000
const RECONNECT_MS = 2000
/** Who reads so slowly that more waits is closed; it comes back with what it has had. */
const MAX_WAITING_BYTES = 256 * 1024

export type EventStreamOptions = {
  readonly feed: EventFeed
  readonly filter: EventFilter
  /** What the reader has had. */
  readonly lastId: string | undefined
  readonly log: Logger
}

/** `?stream=` and `?types=`. Throws MalformedInputError. */
export function readEventFilter({ stream, types }: Readonly<Record<string, string>>): EventFilter {
  const named = types?.split(',').map((type): EventType => {
    if (isEventType(type)) return type
    throw new MalformedInputError(
      'types',
      0,
      `"${type.slice(0, 64)}" is none of ${Object.keys(EVENT_TYPES).join(', ')}`,
    )
  })
  return { ...(stream === undefined ? {} : { stream }), ...(named === undefined ? {} : { types: named }) }
}

/** Events as they come, until the reader goes. WHATWG HTML, 9.2 (Server-sent events). */
export function sendEvents(response: ServerResponse, { feed, filter, lastId, log }: EventStreamOptions): void {
  response.writeHead(200, {
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store',
    'X-Accel-Buffering': 'no',
  })
  if (response.req.method === 'HEAD') return void response.end()
  response.write(`retry: ${RECONNECT_MS}\n\n`)
  const send = (text: string) => {
    response.write(text)
    if (response.writableLength <= MAX_WAITING_BYTES) return
    log.warn('events.reader-too-slow', { waitingBytes: response.writableLength })
    response.destroy()
  }
  const heartbeat = setInterval(() => send(':\n\n'), HEARTBEAT_MS)
  const reading = feed.subscribe(filter, lastId, (event) => send(formatEvent(event)))
  response.on('close', () => {
    clearInterval(heartbeat)
    reading[Symbol.dispose]()
  })
}

/** JSON has no line breaks of its own, so that one `data` line is enough. */
export function formatEvent({ id, type, atMs, fields }: ServerEvent): string {
  const data = JSON.stringify({ at: new Date(atMs).toISOString(), ...fields })
  return `id: ${id}\nevent: ${type}\ndata: ${data}\n\n`
}
