import { mkdtempSync, rmSync } from 'node:fs'
import type { Server } from 'node:http'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { openControlApi, StreamRegistry, WorkerStats } from '../control/index.ts'
import { newToken } from '../platform/auth/index.ts'
import type { Config } from '../platform/config/index.ts'
import { type Logger, type LogLine, makeLogger } from '../platform/telemetry/index.ts'
import { CAN_REUSE_PORT, readTls } from './listen.ts'
import type { BoundListener, ControlMethods } from './worker-messages.ts'
import { WorkerPool } from './worker-pool.ts'

export type MillraceServer = AsyncDisposable & {
  readonly addresses: readonly BoundListener[]
  close(): Promise<void>
}

export type ServerOptions = {
  readonly config: Config
  readonly writeLog: (line: LogLine) => void
  /** Overwrite freed log segments, so that a read of one shows (tests). */
  readonly debug?: { readonly poisonFreed?: boolean }
}

/** Starts everything; resolves when every listener accepts. Throws ConfigurationError and UnavailableError. */
export async function startServer({ config, writeLog, debug }: ServerOptions): Promise<MillraceServer> {
  readTls(config)
  const log = makeLogger(writeLog)
  const folder = mkdtempSync(join(tmpdir(), 'millrace-'))
  const controlSocketPath = process.platform === 'win32' ? `\\\\.\\pipe\\${folder}` : join(folder, 'control.sock')
  const internalKey = newToken()
  const stats = new WorkerStats()
  const state = { ready: false }
  const registry: StreamRegistry = new StreamRegistry({
    config,
    workers: {
      streamUp: (entry) => pool.streamUp(entry),
      streamDown: (name) => pool.streamDown(name),
      kick: (worker, sessionId, reason) => pool.kick(worker, sessionId, reason),
    },
    observer: sessionLog(log),
    log,
    nowEpochMs: () => Date.now(),
    internalKey,
  })
  const pool = new WorkerPool({
    count: workerCount(config, log),
    data: { config, controlSocketPath, internalKey, poisonFreed: debug?.poisonFreed ?? false },
    methods: (worker) => controlMethods(worker, { registry, stats, writeLog }),
    directory: () => [...registry.streams].map(({ name, owner }) => ({ name, owner })),
    log,
    onDied: (worker) => {
      stats.delete(worker)
      registry.workerDied(worker)
    },
  })
  const api = openControlApi({ registry, stats, log, isReady: () => state.ready })
  await listenOn(api, controlSocketPath)
  const addresses = await pool.start()
  state.ready = true
  for (const { listener, host, port } of addresses) log.info('listening', { listener, host, port })
  const close = async () => {
    state.ready = false
    registry.close()
    await pool.stop()
    api.close()
    api.closeAllConnections()
    rmSync(folder, { recursive: true, force: true })
  }
  if (config.demo.enabled) pool.startDemo()
  return { addresses, close, [Symbol.asyncDispose]: close }
}

function workerCount(config: Config, log: Logger): number {
  const wanted = config.workers === 'auto' ? availableParallelism() : config.workers
  if (wanted === 1 || CAN_REUSE_PORT) return wanted
  if (config.workers !== 'auto')
    log.warn('workers.limited', { wanted, used: 1, why: 'this system cannot share a port between threads' })
  return 1
}

function controlMethods(
  worker: number,
  { registry, stats, writeLog }: { registry: StreamRegistry; stats: WorkerStats; writeLog: (line: LogLine) => void },
): Omit<ControlMethods, 'ready'> {
  return {
    requestPublish: async (request) => registry.requestPublish(request),
    publishEnded: (sessionId, reason) => registry.publishEnded(sessionId, reason),
    report: (report) => stats.set(worker, report),
    log: (line) => writeLog({ ...line, fields: { ...line.fields, worker } }),
  }
}

function sessionLog(log: Logger) {
  return {
    onStreamStarted: ({ name, owner }: { name: string; owner: number }) =>
      log.info('stream.started', { stream: name, worker: owner }),
    onStreamEnded: ({ name }: { name: string }, reason: string) => log.info('stream.ended', { stream: name, reason }),
    onSessionStarted: ({
      id,
      name,
      protocol,
      remoteAddress,
      agent,
    }: {
      id: string
      name: string
      protocol: string
      remoteAddress: string
      agent: string | undefined
    }) => log.info('publish.started', { stream: name, session: id, protocol, remote: remoteAddress, agent }),
    onSessionEnded: ({ id, name }: { id: string; name: string }, reason: string) =>
      log.info('publish.ended', { stream: name, session: id, reason }),
  }
}

function listenOn(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
}
