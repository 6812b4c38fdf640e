import { matchesPattern } from '../../platform/config/index.ts'
import type { LogFields, LogLine } from '../../platform/telemetry/index.ts'
import { type EventType, isEventType } from './event-types.ts'

export type ServerEvent = {
  /** Grows; of another run of the server it begins otherwise. */
  readonly id: string
  readonly type: EventType
  /** Milliseconds since 1970. */
  readonly atMs: number
  readonly fields: LogFields
}
export type EventFilter = {
  /** A pattern, as in the configuration. */
  readonly stream?: string
  readonly types?: readonly EventType[]
}

/** Events that are kept for who comes back. */
const KEPT = 1000

/** What happens on this server, for programs: the newest events, and each as it comes. */
export class EventFeed {
  readonly #run: string
  readonly #nowEpochMs: () => number
  readonly #events: ServerEvent[] = []
  readonly #readers = new Set<(event: ServerEvent) => void>()
  #count = 0

  constructor(nowEpochMs: () => number = Date.now) {
    this.#nowEpochMs = nowEpochMs
    this.#run = nowEpochMs().toString(36)
  }

  /** Lines of the log that are no events are left out. */
  onLine({ event, fields }: LogLine): void {
    if (!isEventType(event)) return
    const id = `${this.#run}-${++this.#count}`
    const made: ServerEvent = { id, type: event, atMs: this.#nowEpochMs(), fields }
    this.#events.push(made)
    if (this.#events.length > KEPT) this.#events.shift()
    for (const read of [...this.#readers]) read(made)
  }
  /**
   * `read` gets what there is behind the event `lastId` at once (all of it where that is not known any more, nothing where
   * it is undefined), then what comes, until disposed of.
   */
  subscribe(filter: EventFilter, lastId: string | undefined, read: (event: ServerEvent) => void): Disposable {
    const reader = (event: ServerEvent) => {
      if (passes(filter, event)) read(event)
    }
    const known = this.#events.findIndex(({ id }) => id === lastId)
    if (lastId !== undefined) for (const event of this.#events.slice(known + 1)) reader(event)
    this.#readers.add(reader)
    return { [Symbol.dispose]: () => this.#readers.delete(reader) }
  }
}

function passes({ stream, types }: EventFilter, { type, fields }: ServerEvent): boolean {
  if (types && !types.includes(type)) return false
  if (stream === undefined) return true
  const name = fields.stream ?? fields.name
  return typeof name === 'string' && matchesPattern(stream, name)
}
