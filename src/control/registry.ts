import type { DirectoryEntry, PublishGrant, PublishRequest } from '../pipeline/stream/index.ts'
import { reservedFor } from '../pipeline/stream/index.ts'
import { isLoopback, sameSecret } from '../platform/auth/index.ts'
import { type Config, resolveStreamSettings, streamNameProblem } from '../platform/config/index.ts'
import { AccessDeniedError } from '../platform/errors.ts'
import { errorFields, type Logger } from '../platform/telemetry/index.ts'

/** What the registry tells the media workers. */
export interface WorkerControl {
  /** Resolves when every worker that lives knows the stream. */
  streamUp(entry: DirectoryEntry): Promise<void>
  streamDown(name: string): void
  kick(worker: number, sessionId: string, reason: string): void
}

export type PublishSession = {
  readonly id: string
  readonly name: string
  readonly protocol: string
  readonly worker: number
  readonly remoteAddress: string
  readonly agent: string | undefined
  /** Kept only to recognise the same publisher; never shown. */
  readonly key: string | undefined
  readonly startedMs: number
}

export type LiveEntry = {
  readonly name: string
  readonly owner: number
  readonly startedMs: number
  /** Undefined while the stream waits for its publisher to come back. */
  session: PublishSession | undefined
  lastSession: PublishSession
  grace: NodeJS.Timeout | undefined
  /** Resolves when the stream can be watched from every worker. */
  readonly known: Promise<void>
}

export interface RegistryObserver {
  /** From now on the stream can be watched from every worker. */
  onStreamStarted(entry: LiveEntry): void
  onStreamEnded(entry: LiveEntry, reason: string): void
  onSessionStarted(session: PublishSession): void
  onSessionEnded(session: PublishSession, reason: string): void
}

export type RegistryOptions = {
  readonly config: Config
  readonly workers: WorkerControl
  readonly observer: RegistryObserver
  readonly log: Logger
  readonly nowEpochMs: () => number
  /** Names of this server's own publishers (the demo), by the key they were given. */
  readonly internalKey: string
}

/** Protocol of the codec module's publications. */
export const TRANSCODE_PROTOCOL = 'transcode'

/** Who publishes what, on which worker. The one place where publishing is granted. */
export class StreamRegistry {
  readonly #options: RegistryOptions
  readonly #streams = new Map<string, LiveEntry>()
  readonly #sessions = new Map<string, PublishSession>()
  #sessionCount = 0

  constructor(options: RegistryOptions) {
    this.#options = options
  }

  get streams(): Iterable<LiveEntry> {
    return this.#streams.values()
  }
  stream(name: string): LiveEntry | undefined {
    return this.#streams.get(name)
  }

  /** Throws AccessDeniedError. */
  requestPublish(request: PublishRequest): PublishGrant {
    this.#authorize(request)
    const known = this.#streams.get(request.name)
    if (known?.session) this.#takeOver(known.session, request)
    const session = this.#newSession(request)
    const entry = known ? this.#resume(known, session) : this.#start(session)
    this.#sessions.set(session.id, session)
    this.#options.observer.onSessionStarted(session)
    return { sessionId: session.id, owner: entry.owner }
  }

  publishEnded(sessionId: string, reason: string): void {
    const session = this.#sessions.get(sessionId)
    if (!session) return
    this.#sessions.delete(sessionId)
    this.#options.observer.onSessionEnded(session, reason)
    const entry = this.#streams.get(session.name)
    if (entry?.session?.id !== sessionId) return
    entry.session = undefined
    // The codec module bridges its own gaps; a rendition without it has ended.
    if (session.protocol === TRANSCODE_PROTOCOL) return this.#end(entry, reason)
    const { graceMs } = resolveStreamSettings(this.#options.config, session.name)
    entry.grace = setTimeout(() => this.#end(entry, reason), graceMs)
  }

  /** Ends a stream at once, whoever publishes it. False where there is none. */
  remove(name: string, reason: string): boolean {
    const entry = this.#streams.get(name)
    if (!entry) return false
    if (entry.session) this.#kick(entry.session, reason)
    this.#end(entry, reason)
    return true
  }
  /** A worker died: its publishers are gone, and so are the streams it packaged. */
  workerDied(worker: number): void {
    for (const session of [...this.#sessions.values()]) {
      if (session.worker === worker) this.publishEnded(session.id, 'worker died')
    }
    for (const entry of [...this.#streams.values()]) {
      if (entry.owner === worker) this.remove(entry.name, 'worker died')
    }
  }
  close(): void {
    for (const entry of this.#streams.values()) clearTimeout(entry.grace)
  }

  #authorize({ name, key, remoteAddress }: PublishRequest): void {
    const problem = streamNameProblem(name)
    if (problem) throw new AccessDeniedError(problem)
    if (this.#isOwn(key)) return
    const source = reservedFor(this.#options.config, name)
    if (source !== undefined && this.#streams.has(source)) {
      throw new AccessDeniedError(`"${name}" is a rendition of the live stream "${source}"`, 'name-in-use')
    }
    const { publishKey } = resolveStreamSettings(this.#options.config, name)
    if (publishKey === undefined) {
      if (isLoopback(remoteAddress)) return
      throw new AccessDeniedError(`"${name}" has no publishKey, so only this machine itself may publish it`)
    }
    if (key === undefined) throw new AccessDeniedError(`publishing "${name}" needs a key (?key=…)`)
    if (!sameSecret(key, publishKey)) throw new AccessDeniedError(`the key for publishing "${name}" is not right`)
  }

  #isOwn(key: string | undefined): boolean {
    return key !== undefined && sameSecret(key, this.#options.internalKey)
  }

  #takeOver(present: PublishSession, request: PublishRequest): void {
    const { takeover } = resolveStreamSettings(this.#options.config, request.name)
    const sameSource =
      present.key !== undefined && request.key !== undefined
        ? sameSecret(request.key, present.key)
        : present.key === request.key && present.remoteAddress === request.remoteAddress
    const isOwnSuccessor = this.#isOwn(present.key) && this.#isOwn(request.key)
    if (!isOwnSuccessor && (takeover === 'never' || (takeover === 'same-source' && !sameSource))) {
      throw new AccessDeniedError(`"${request.name}" is already being published`, 'name-in-use')
    }
    this.#kick(present, 'another publisher took over')
  }
  #kick(session: PublishSession, reason: string): void {
    this.#sessions.delete(session.id)
    this.#options.workers.kick(session.worker, session.id, reason)
    this.#options.observer.onSessionEnded(session, reason)
  }

  #newSession(request: PublishRequest): PublishSession {
    const startedMs = this.#options.nowEpochMs()
    return {
      id: `p${startedMs.toString(36)}${(++this.#sessionCount).toString(36)}`,
      name: request.name,
      protocol: request.protocol,
      worker: request.worker,
      remoteAddress: request.remoteAddress,
      agent: request.agent,
      key: request.key,
      startedMs,
    }
  }
  #start(session: PublishSession): LiveEntry {
    const { name, worker, startedMs } = session
    const known = this.#options.workers.streamUp({ name, owner: worker })
    const entry: LiveEntry = { name, owner: worker, startedMs, session, lastSession: session, grace: undefined, known }
    this.#streams.set(name, entry)
    void known.then(() => this.#tell((observer) => observer.onStreamStarted(entry)))
    return entry
  }
  #resume(entry: LiveEntry, session: PublishSession): LiveEntry {
    clearTimeout(entry.grace)
    entry.grace = undefined
    entry.session = session
    entry.lastSession = session
    return entry
  }
  #end(entry: LiveEntry, reason: string): void {
    clearTimeout(entry.grace)
    if (this.#streams.get(entry.name) !== entry) return
    this.#streams.delete(entry.name)
    this.#options.workers.streamDown(entry.name)
    void entry.known.then(() => this.#tell((observer) => observer.onStreamEnded(entry, reason)))
    this.#endRenditions(entry.name)
  }
  #tell(say: (observer: RegistryObserver) => void): void {
    try {
      say(this.#options.observer)
    } catch (error) {
      this.#options.log.error('registry.observer', errorFields(error))
    }
  }
  #endRenditions(source: string): void {
    for (const entry of [...this.#streams.values()]) {
      const isRendition = entry.lastSession.protocol === TRANSCODE_PROTOCOL && entry.name.startsWith(`${source}/`)
      if (isRendition) this.remove(entry.name, 'its source has ended')
    }
  }
}
