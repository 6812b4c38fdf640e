import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { Server } from 'node:http'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  type AdminToken,
  AssetJobs,
  CatalogWriter,
  EventFeed,
  loadAdminToken,
  openControlApi,
  type PublishSession,
  StreamRegistry,
  WorkerStats,
} from '../control/index.ts'
import { newToken } from '../platform/auth/index.ts'
import type { Config } from '../platform/config/index.ts'
import { type Catalog, DiskBlobStore, openSqliteCatalog } from '../platform/storage/index.ts'
import { type Logger, type LogLine, makeLogger } from '../platform/telemetry/index.ts'
import { collectStartGarbage } from '../platform/threads/index.ts'
import { CAN_REUSE_PORT, readTls } from './listen.ts'
import type { BoundListener, ControlMethods } from './worker-messages.ts'
import { WorkerPool } from './worker-pool.ts'

const ROOT = join(fileURLToPath(import.meta.url), '..', '..', '..')

export type MillraceServer = AsyncDisposable & {
  readonly addresses: readonly BoundListener[]
  close(): Promise<void>
}

export type ServerOptions = {
  readonly config: Config
  readonly writeLog: (line: LogLine) => void
}

/** Starts everything; resolves when every listener accepts. Throws ConfigurationError and UnavailableError. */
export async function startServer(options: ServerOptions): Promise<MillraceServer> {
  readTls(options.config)
  const control = new ControlThread(options)
  return await control.start()
}

export function version(): string {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }
  return manifest.version
}

/** The main thread: decides, supervises, keeps the facts and answers the API. No media passes through it. */
class ControlThread {
  readonly #config: Config
  readonly #writeLog: (line: LogLine) => void
  readonly #log: Logger
  readonly #events = new EventFeed()
  readonly #folder = mkdtempSync(join(tmpdir(), 'millrace-'))
  readonly #stats = new WorkerStats()
  readonly #internalKey = newToken()
  readonly #registry: StreamRegistry
  readonly #pool: WorkerPool
  readonly #assets: AssetJobs
  #load: Disposable | undefined
  readonly #catalog = Promise.withResolvers<{ readonly catalog: Catalog; readonly writer: CatalogWriter }>()
  readonly #workersReady = Promise.withResolvers<void>()
  #addresses: readonly BoundListener[] = []
  #ready = false

  constructor({ config, writeLog }: ServerOptions) {
    this.#config = config
    this.#writeLog = (line) => {
      writeLog(line)
      this.#events.onLine(line)
    }
    this.#log = makeLogger(this.#writeLog)
    this.#registry = this.#makeRegistry()
    this.#pool = new WorkerPool({
      count: workerCount(config, this.#log),
      data: {
        config,
        controlSocketPath: this.#socketPath,
        internalKey: this.#internalKey,
        poisonFreed: process.env.MILLRACE_POISON_FREED === '1',
      },
      methods: (worker) => this.#methods(worker),
      directory: () => [...this.#registry.streams].map(({ name, owner }) => ({ name, owner })),
      log: this.#log,
      onDied: (worker) => {
        this.#stats.delete(worker)
        this.#registry.workerDied(worker)
      },
    })
    this.#catalog.promise.catch(() => {})
    this.#assets = new AssetJobs({
      folder: join(config.storage.path, 'uploads'),
      ready: this.#workersReady.promise,
      transcode: async (order) => {
        await this.#pool.importAsset(order)
        // The end of its recording, too, or the next start takes it for half a film.
        await (await this.#catalog.promise).writer.settled()
      },
      discard: async () => {
        const { catalog, writer } = await this.#catalog.promise
        // What its worker has told of is written down by then.
        await writer.settled()
        await this.#removeImports(catalog)
      },
      log: this.#log,
    })
  }

  get #socketPath(): string {
    return process.platform === 'win32' ? `\\\\.\\pipe\\${this.#folder}` : join(this.#folder, 'control.sock')
  }

  async start(): Promise<MillraceServer> {
    const workers = this.#pool.start()
    workers.catch(() => {})
    try {
      const catalog = await openSqliteCatalog(join(this.#config.storage.path, 'catalog.sqlite'))
      await this.#repair(catalog)
      // Loaded here, beside the start of the workers, as is all that only this thread needs after the listeners.
      const { watchLoad } = await import('./load-watch.ts')
      const writer = new CatalogWriter(catalog, this.#log)
      const token = await loadAdminToken(this.#config, catalog)
      await this.#assets.resume()
      const api = await this.#openApi(catalog, token)
      this.#catalog.resolve({ catalog, writer })
      this.#addresses = await workers
      this.#workersReady.resolve()
      this.#ready = true
      collectStartGarbage()
      this.#announce(token)
      this.#load = watchLoad({
        config: this.#config,
        stats: this.#stats,
        registry: this.#registry,
        shed: (worker, decision) => this.#pool.shed(worker, decision),
        hold: () => this.#pool.holdOffline(),
        release: () => this.#pool.releaseOffline(),
      })
      if (this.#config.demo.enabled) this.#pool.startDemo()
      const close = () => this.#close(api, catalog, writer)
      return { addresses: this.#addresses, close, [Symbol.asyncDispose]: close }
    } catch (error) {
      this.#catalog.reject(error)
      await this.#pool.stop()
      rmSync(this.#folder, { recursive: true, force: true })
      throw error
    }
  }

  /** What a server that was killed left open. */
  async #repair(catalog: Catalog): Promise<void> {
    if ((await catalog.recordings({ isOpen: true })).length === 0) return
    await this.#removeImports(catalog)
    const { repairRecordings } = await import('../pipeline/recording/index.ts')
    await repairRecordings(catalog, new DiskBlobStore(this.#config.storage.path), this.#log)
  }
  async #removeImports(catalog: Catalog): Promise<void> {
    const { removeImports } = await import('../pipeline/recording/index.ts')
    await removeImports(catalog, new DiskBlobStore(this.#config.storage.path), this.#log)
  }
  async #openApi(catalog: Catalog, token: AdminToken): Promise<Server> {
    const api = await openControlApi({
      config: this.#config,
      registry: this.#registry,
      stats: this.#stats,
      catalog,
      assets: this.#assets,
      events: this.#events,
      log: this.#log,
      version: version(),
      isReady: () => this.#ready,
      listeners: () => this.#addresses,
      isAdminToken: (given) => token.matches(given),
      webFolder: join(ROOT, 'web', 'dist'),
    })
    await listenOn(api, this.#socketPath)
    return api
  }

  #announce(token: AdminToken): void {
    for (const { listener, host, port } of this.#addresses) this.#log.info('listening', { listener, host, port })
    // Shown this once, on the terminal only: logs may be kept and shipped.
    if (token.fresh) process.stderr.write(`Admin token (shown once, keep it): ${token.fresh}\n`)
  }

  async #close(api: Server, catalog: Catalog, writer: CatalogWriter): Promise<void> {
    this.#ready = false
    this.#registry.close()
    this.#load?.[Symbol.dispose]()
    this.#assets.stop()
    await this.#pool.stop()
    await this.#assets.settled()
    await writer.settled()
    api.close()
    api.closeAllConnections()
    await catalog[Symbol.asyncDispose]()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #makeRegistry(): StreamRegistry {
    const log = this.#log
    const write = (work: (writer: CatalogWriter) => void) => this.#write(work)
    return new StreamRegistry({
      config: this.#config,
      workers: {
        streamUp: (entry) => this.#pool.streamUp(entry),
        streamDown: (name) => this.#pool.streamDown(name),
        kick: (worker, sessionId, reason) => this.#pool.kick(worker, sessionId, reason),
      },
      observer: {
        onStreamStarted: ({ name, owner }) => log.info('stream.started', { stream: name, worker: owner }),
        onStreamEnded: ({ name }, reason) => log.info('stream.ended', { stream: name, reason }),
        onSessionStarted: (session: PublishSession) => {
          const { id, name, protocol, remoteAddress, agent } = session
          log.info('publish.started', { stream: name, session: id, protocol, remote: remoteAddress, agent })
          write((writer) => writer.sessionStarted(session))
        },
        onSessionEnded: ({ id, name }, reason) => {
          log.info('publish.ended', { stream: name, session: id, reason })
          write((writer) => writer.sessionEnded(id, Date.now(), reason))
        },
      },
      log,
      nowEpochMs: () => Date.now(),
      internalKey: this.#internalKey,
    })
  }

  #write(work: (writer: CatalogWriter) => void): void {
    void this.#catalog.promise.then(
      ({ writer }) => work(writer),
      () => {},
    )
  }

  #methods(worker: number): Omit<ControlMethods, 'ready'> {
    return {
      requestPublish: async (request) => this.#registry.requestPublish(request),
      publishEnded: (sessionId, reason) => this.#registry.publishEnded(sessionId, reason),
      report: (report) => this.#stats.set(worker, report),
      log: (line) => this.#writeLog({ ...line, fields: { ...line.fields, worker } }),
      recording: async (id) => (await this.#catalog.promise).catalog.recording(id),
      assetNews: (id, news) => this.#assets.onNews(id, news),
      recordingsOf: async (stream, fromMs, toMs = Number.MAX_SAFE_INTEGER) => {
        const { catalog } = await this.#catalog.promise
        return (await catalog.recordingsBetween(stream, fromMs, toMs)).map(({ id }) => id)
      },
      recordingStarted: (recording) => this.#write((writer) => writer.recordingStarted(recording)),
      tracksKnown: (id, tracks) => this.#write((writer) => writer.tracksKnown(id, tracks)),
      initStored: (init) => this.#write((writer) => writer.initStored(init)),
      segmentStored: (segment) => this.#write((writer) => writer.segmentStored(segment)),
      recordingEnded: (id, endedMs) => this.#write((writer) => writer.recordingEnded(id, endedMs)),
    }
  }
}

function workerCount(config: Config, log: Logger): number {
  const wanted = config.workers === 'auto' ? availableParallelism() : config.workers
  if (wanted === 1 || CAN_REUSE_PORT) return wanted
  const why = 'this system cannot share a port between threads'
  if (config.workers !== 'auto') log.warn('workers.limited', { wanted, used: 1, why })
  return 1
}

function listenOn(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
}
