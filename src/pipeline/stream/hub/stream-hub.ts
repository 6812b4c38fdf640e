import { AccessDeniedError } from '../../../platform/errors.ts'
import type { StartPoint } from '../live/kept-joins.ts'
import { LiveStream } from '../live/live-stream.ts'
import type { PublisherTimes } from '../live/timeline.ts'
import { ControlBlock } from '../log/control-block.ts'
import { FrameLogWriter } from '../log/frame-log.ts'
import { LogImports, type LogMessage, openLocalLog, type SharedLog, shareLog } from '../log/log-exchange.ts'
import type { LogReader } from '../log/log-reader.ts'
import { LogWriter } from '../log/log-writer.ts'
import type { SegmentPool } from '../log/segment-pool.ts'
import type { DirectoryEntry, Peer, PublishRequest, SharedOutput, StreamDirectory } from './messages.ts'
import { OwnedStream, type StreamOutput } from './owned-stream.ts'
import { Publication } from './publication.ts'
import { Subscription } from './subscription.ts'

export type HubOptions = {
  /** Index of this worker; also its slot of marks in every log. */
  readonly worker: number
  readonly pool: SegmentPool
  readonly maxLogBytes: number
  /** How long the window of an ended stream can still be opened. */
  readonly lingerMs: number
  readonly directory: StreamDirectory
  /** Makes the packager of one format for one stream. */
  readonly makeOutput: (stream: LiveStream, format: string) => StreamOutput
  readonly nowEpochMs: () => number
  readonly onConsumerError: (stream: string, error: unknown) => void
  /** A stream starts on this worker (recorder and other standing consumers attach here). */
  readonly onOwned?: (owned: OwnedStream) => void
  /** Starts a stream that somebody asks for and that is not live (a rendition); undefined where there is none to start. */
  readonly summon?: (name: string, start: StartPoint | undefined) => Promise<void> | undefined
  /** How far back the frames of a stream are kept, see LiveStream. */
  readonly historyMs?: (name: string) => number
}

/** How long a stream that was started for somebody may take to be known on this worker. */
const SUMMON_MS = 10_000
/** Nobody plays a stream that has been away for longer. */
const PAST_MS = 3_600_000

type Opening = { readonly start: StartPoint | undefined; readonly forget: () => void }
type Asked = { readonly name: string; readonly format: string; readonly worker: number }
type Shared = { readonly stop: Disposable; readonly logId: string }
/** The log of a publisher of this worker, and the worker that reads it: the owner of the stream. */
type Lent = { readonly log: LogWriter; readonly owner: number }

/**
 * One worker's part of the hub of live streams. A stream is packaged by its owner; its publisher and its viewers may
 * sit on any worker, and reach it through shared logs.
 */
export class StreamHub {
  readonly #options: HubOptions
  readonly #imports: LogImports
  readonly #directory = new Map<string, number>()
  readonly #owned = new Map<string, OwnedStream>()
  readonly #closing = new Set<OwnedStream>()
  /** Streams that are over, by the session whose last frames are still on their way from another worker. */
  readonly #awaitingLast = new Map<string, OwnedStream>()
  /** Streams that ended a short while ago: their windows (HLS) can still be opened. */
  readonly #ended = new Map<
    string,
    { readonly owner: number; readonly untilMs: number; readonly owned?: OwnedStream }
  >()
  /** Names that were live not long ago, and until when that is so. */
  readonly #past = new Map<string, number>()
  readonly #endedLogs: Lent[] = []
  readonly #peers = new Map<number, Peer>()
  readonly #publications = new Map<string, Publication>()
  readonly #subscriptions = new Map<string, Promise<Subscription>>()
  readonly #exports = new Map<string, Shared>()
  readonly #awaited = new Map<string, Set<() => void>>()
  /** Logs that other workers write and this one reads, by their control blocks. */
  readonly #foreign = new Map<string, ControlBlock>()
  readonly #lent = new Map<string, Lent>()
  #logCount = 0

  constructor(options: HubOptions) {
    this.#options = options
    this.#imports = new LogImports(options.worker)
  }

  has(name: string): boolean {
    return this.#directory.has(name)
  }
  /** A stream of that name has ended, on whichever worker; to viewers what has it now is the same that came back. */
  wasLive(name: string): boolean {
    return this.#past.has(name)
  }
  ownerOf(name: string): number | undefined {
    return this.#directory.get(name)
  }
  ownedStream(name: string): LiveStream | undefined {
    return this.#owned.get(name)?.stream
  }
  get ownedStreams(): Iterable<OwnedStream> {
    return this.#owned.values()
  }
  get publicationCount(): number {
    return this.#publications.size
  }
  setPeer(worker: number, peer: Peer): void {
    this.#peers.set(worker, peer)
  }
  /** Worker `worker` is gone: its marks and streams with it. What it wrote ends where it stopped. */
  dropPeer(worker: number): void {
    this.#peers.delete(worker)
    for (const owned of [...this.#owned.values(), ...this.#closing, ...this.#awaitingLast.values()])
      owned.dropWorker(worker)
    for (const { owner, log } of [...this.#lent.values(), ...this.#endedLogs]) {
      if (owner === worker) log.clearMark(worker)
    }
    for (const [key, { stop }] of this.#exports) {
      if (!key.startsWith(`${worker} `)) continue
      stop[Symbol.dispose]()
      this.#exports.delete(key)
    }
    for (const [logId, control] of this.#foreign) {
      if (!logId.startsWith(`${worker}:`)) continue
      // Its writer cannot say so any more; whoever waits for bytes wakes up.
      control.abandon()
      this.#foreign.delete(logId)
    }
    for (const [sessionId, owned] of this.#awaitingLast) if (!owned.stream.awaitsMore) this.#endAwaited(sessionId)
    for (const [name, owner] of this.#directory) if (owner === worker) this.streamDown(name)
  }

  // ---- publishing

  /** Rejects with AccessDeniedError when policy or another publisher stands against it. */
  async publish(request: Omit<PublishRequest, 'worker'>, times: PublisherTimes = 'moved'): Promise<Publication> {
    const { worker, directory } = this.#options
    const grant = await directory.requestPublish({ ...request, worker })
    const writer = new FrameLogWriter(this.#newLog(), this.#options.nowEpochMs)
    const publication = new Publication(request.name, grant.sessionId, writer, (reason) =>
      this.#publicationEnded(publication, grant.owner, writer.log, reason),
    )
    this.#publications.set(grant.sessionId, publication)
    if (grant.owner === worker) this.#attachLocal(publication, writer.log, times)
    else this.#attachRemote(publication, writer.log, grant.owner, times)
    return publication
  }
  kick(sessionId: string, reason: string): void {
    this.#publications.get(sessionId)?.kick(reason)
  }

  #attachLocal(publication: Publication, log: LogWriter, times: PublisherTimes): void {
    const { name, sessionId } = publication
    const owned = this.#own(name)
    publication.isForPasses = () => owned.isForPassesOf(this.#options.worker)
    const { reader } = openLocalLog(log, this.#options.worker, () => {
      if (owned.stream.sessionId === sessionId) owned.stream.pump()
    })
    owned.stream.attach(sessionId, reader, times)
  }
  #attachRemote({ name, sessionId }: Publication, log: LogWriter, owner: number, times: PublisherTimes): void {
    const peer = this.#peer(owner)
    const logId = this.#newLogId()
    const { shared } = shareLog(logId, log, (message) => peer.log(message))
    this.#lent.set(sessionId, { log, owner })
    peer.attach(name, sessionId, shared, times)
  }
  #publicationEnded(publication: Publication, owner: number, log: LogWriter, reason: string): void {
    this.#publications.delete(publication.sessionId)
    if (owner === this.#options.worker) this.detach(publication.name, publication.sessionId)
    else this.#peers.get(owner)?.detach(publication.name, publication.sessionId)
    this.#lent.delete(publication.sessionId)
    this.#endedLogs.push({ log, owner })
    this.#options.directory.publishEnded(publication.sessionId, reason)
  }

  /** Another worker has a publisher for a stream of ours. */
  attach(name: string, sessionId: string, shared: SharedLog, times: PublisherTimes = 'moved'): void {
    const { stream } = this.#own(name)
    const reader: LogReader = this.#openForeign(shared, () => {
      if (stream.sessionId !== sessionId) this.#closeForeign(shared.logId)
      else stream.pump()
    })
    stream.attach(sessionId, reader, times)
    stream.pump()
  }
  detach(name: string, sessionId: string): void {
    if (this.#awaitingLast.has(sessionId)) this.#endAwaited(sessionId)
    else this.#owned.get(name)?.stream.detach(sessionId)
  }

  #own(name: string): OwnedStream {
    const known = this.#owned.get(name)
    if (known) return known
    const stream = new LiveStream(name, {
      historyMs: this.#options.historyMs?.(name) ?? 0,
      maxHistoryBytes: this.#options.maxLogBytes / 2,
      onConsumerError: (consumer, error) => {
        owned.failed(consumer)
        this.#options.onConsumerError(name, error)
      },
    })
    const owned = new OwnedStream(stream, (format) => this.#options.makeOutput(stream, format))
    this.#owned.set(name, owned)
    this.#directory.set(name, this.#options.worker)
    this.#options.onOwned?.(owned)
    return owned
  }

  // ---- directory

  streamUp(entry: DirectoryEntry): void {
    this.#directory.set(entry.name, entry.owner)
    for (const resolve of this.#awaited.get(entry.name) ?? []) resolve()
  }
  streamDown(name: string): void {
    const owner = this.#directory.get(name)
    this.#directory.delete(name)
    for (const key of this.#subscriptions.keys()) if (key.startsWith(`${name} `)) this.#subscriptions.delete(key)
    const owned = this.#owned.get(name)
    this.#ended.get(name)?.owned?.stopLingering()
    const nowMs = this.#options.nowEpochMs()
    const untilMs = nowMs + this.#options.lingerMs
    this.#past.set(name, nowMs + PAST_MS)
    if (owner !== undefined) this.#ended.set(name, { owner, untilMs, ...(owned ? { owned } : {}) })
    if (!owned) return
    this.#owned.delete(name)
    const { sessionId, awaitsMore } = owned.stream
    // Control's word may overtake that of the publisher's worker, which brings the last frames.
    if (sessionId !== undefined && awaitsMore) this.#awaitingLast.set(sessionId, owned)
    else this.#end(owned)
  }
  #endAwaited(sessionId: string): void {
    const owned = this.#awaitingLast.get(sessionId)
    this.#awaitingLast.delete(sessionId)
    if (owned) this.#end(owned)
  }
  #end(owned: OwnedStream): void {
    const { sessionId } = owned.stream
    if (sessionId !== undefined) owned.stream.detach(sessionId)
    owned.end()
    this.#closing.add(owned)
  }

  // ---- subscribing

  /**
   * This worker's reader of one output; `start`: where a stream begins that starts for it. Rejects with AccessDeniedError
   * (`not-found`) or UnsupportedInputError.
   */
  subscribe(name: string, format: string, start?: StartPoint): Promise<Subscription> {
    const key = `${name} ${format}`
    const known = this.#subscriptions.get(key)
    if (known) return known
    // The next who asks opens it anew.
    const forget = () => {
      if (this.#subscriptions.get(key) === opening) this.#subscriptions.delete(key)
    }
    const opening = this.#openSubscription(name, format, { start, forget })
    this.#subscriptions.set(key, opening)
    opening.catch(forget)
    return opening
  }

  async #openSubscription(name: string, format: string, { start, forget }: Opening): Promise<Subscription> {
    const summoned = this.#directory.has(name) ? undefined : this.#options.summon?.(name, start)
    if (summoned) {
      await summoned
      await this.#known(name)
    }
    const owner = this.#directory.get(name) ?? this.#ended.get(name)?.owner
    if (owner === undefined) throw new AccessDeniedError(`no stream "${name}" is live`, 'not-found')
    if (owner === this.#options.worker) return await this.#openLocal(name, format, forget)
    const { shared, snapshot } = await this.#peer(owner).open(name, format)
    const holder: { subscription?: Subscription } = {}
    const reader = this.#openForeign(shared, () => {
      holder.subscription?.notify()
      if (reader.ended) forget()
    })
    holder.subscription = new Subscription({ name, format, snapshot }, reader, () => {
      forget()
      this.#closeForeign(shared.logId)
      if (reader.ended) return
      this.#peers.get(owner)?.close(name, format)
    })
    return holder.subscription
  }
  /** Resolves when the directory has `name`, or has not got it in time. */
  async #known(name: string): Promise<void> {
    if (this.#directory.has(name)) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const waiting = this.#awaited.get(name) ?? new Set()
    this.#awaited.set(name, waiting.add(resolve))
    const patience = setTimeout(resolve, SUMMON_MS)
    await promise
    clearTimeout(patience)
    waiting.delete(resolve)
    if (waiting.size === 0) this.#awaited.delete(name)
  }
  #openForeign(shared: SharedLog, onData: () => void): LogReader {
    this.#foreign.set(shared.logId, new ControlBlock(shared.handle.control))
    return this.#imports.open(shared, onData)
  }
  #closeForeign(logId: string): void {
    this.#foreign.delete(logId)
    this.#imports.close(logId)
  }
  async #openLocal(name: string, format: string, forget: () => void): Promise<Subscription> {
    const { worker } = this.#options
    const owned = this.#owned.get(name)
    const output = this.#openOutput(name, format, worker)
    await output.ready
    const holder: { subscription?: Subscription } = {}
    const { reader, stop } = openLocalLog(output.log, worker, () => {
      holder.subscription?.notify()
      if (output.log.ended) forget()
    })
    const snapshot = output.snapshot?.()
    holder.subscription = new Subscription({ name, format, snapshot }, reader, () => {
      forget()
      stop[Symbol.dispose]()
      if (output.log.ended) return
      owned?.close(format, worker)
    })
    return holder.subscription
  }

  #openOutput(name: string, format: string, worker: number): StreamOutput {
    const output = this.#owned.get(name)?.open(format, worker) ?? this.#ended.get(name)?.owned?.lingering(format)
    if (!output) throw new AccessDeniedError(`no stream "${name}" is live`, 'not-found')
    return output
  }

  /** For another worker: starts the output and keeps that worker told of its log. */
  open(name: string, format: string, worker: number): SharedOutput | Promise<SharedOutput> {
    const output = this.#openOutput(name, format, worker)
    const share = () => this.#share(output, { name, format, worker })
    // The log's next message must not overtake its handle.
    return output.ready ? output.ready.then(share) : share()
  }
  #share(output: StreamOutput, { name, format, worker }: Asked): SharedOutput {
    const key = `${worker} ${name} ${format}`
    this.#exports.get(key)?.stop[Symbol.dispose]()
    const logId = this.#newLogId()
    const { shared, stop } = shareLog(logId, output.log, (message) => {
      this.#peers.get(worker)?.log(message)
      if (message.type === 'end' && this.#exports.get(key)?.logId === logId) this.#exports.delete(key)
    })
    if (!output.log.ended) this.#exports.set(key, { stop, logId })
    const snapshot = output.snapshot?.()
    return snapshot ? { shared, snapshot } : { shared }
  }
  close(name: string, format: string, worker: number): void {
    const key = `${worker} ${name} ${format}`
    this.#exports.get(key)?.stop[Symbol.dispose]()
    this.#exports.delete(key)
    this.#owned.get(name)?.close(format, worker)
  }
  log(message: LogMessage): void {
    this.#imports.receive(message)
  }

  /** Gives back the memory of what has ended; call about once a second. */
  sweep(): void {
    for (const [name, { untilMs, owned }] of this.#ended) {
      if (this.#options.nowEpochMs() < untilMs) continue
      this.#ended.delete(name)
      owned?.stopLingering()
    }
    for (const [name, untilMs] of this.#past) if (this.#options.nowEpochMs() >= untilMs) this.#past.delete(name)
    for (const owned of this.#owned.values()) owned.release()
    for (const owned of this.#closing) if (owned.release()) this.#closing.delete(owned)
    for (let i = this.#endedLogs.length - 1; i >= 0; i--)
      if (this.#endedLogs[i]?.log.release()) this.#endedLogs.splice(i, 1)
  }
  /** Ends every publication and every stream of this worker. */
  shutDown(reason: string): void {
    for (const publication of [...this.#publications.values()]) publication.kick(reason)
    for (const name of [...this.#owned.keys()]) this.streamDown(name)
    for (const sessionId of [...this.#awaitingLast.keys()]) this.#endAwaited(sessionId)
  }

  #newLog(): LogWriter {
    return new LogWriter(this.#options.pool, { maxBytes: this.#options.maxLogBytes })
  }
  #newLogId(): string {
    return `${this.#options.worker}:${++this.#logCount}`
  }
  #peer(worker: number): Peer {
    const peer = this.#peers.get(worker)
    if (!peer) throw new AccessDeniedError('the worker that owns the stream is gone', 'not-found')
    return peer
  }
}
