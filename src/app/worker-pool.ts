import { MessageChannel, Worker } from 'node:worker_threads'
import type { AssetOrder, WorkerControl } from '../control/index.ts'
import type { DirectoryEntry } from '../pipeline/stream/index.ts'
import type { ShedDecision } from '../pipeline/transcode/index.ts'
import { UnavailableError } from '../platform/errors.ts'
import { errorFields, type Logger } from '../platform/telemetry/index.ts'
import { RpcPort } from '../platform/threads/index.ts'
import type { BoundListener, ControlMethods, ListenerName, WorkerData, WorkerMethods } from './worker-messages.ts'

/** In a clone the source runs as it is; in the package it is compiled. */
const EXTENSION = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
const ENTRY = new URL(`./worker-entry.${EXTENSION}`, import.meta.url)

type Running = { readonly worker: Worker; readonly rpc: RpcPort<WorkerMethods> }

export type WorkerPoolOptions = {
  readonly count: number
  readonly data: Omit<WorkerData, 'index'>
  readonly methods: (worker: number) => Omit<ControlMethods, 'ready'>
  readonly directory: () => Iterable<DirectoryEntry>
  readonly log: Logger
  readonly onDied: (worker: number) => void
}

/** Starts the media workers, connects each with each, and replaces one that dies. */
export class WorkerPool implements WorkerControl {
  readonly #options: WorkerPoolOptions
  readonly #running = new Map<number, Running>()
  #ports: Partial<Record<ListenerName, number>> = {}
  #stopping = false

  constructor(options: WorkerPoolOptions) {
    this.#options = options
  }

  /** Resolves with the addresses when every worker listens. */
  async start(): Promise<BoundListener[]> {
    const indexes = Array.from({ length: this.#options.count }, (_, index) => index)
    const started = indexes.map((index) => this.#spawn(index))
    await started[0]
    const bound = await this.#worker(0).rpc.call('listen', {})
    this.#ports = Object.fromEntries(bound.map(({ listener, port }) => [listener, port]))
    await Promise.all(started)
    await Promise.all(indexes.slice(1).map((index) => this.#worker(index).rpc.call('listen', this.#ports)))
    return bound
  }
  async stop(): Promise<void> {
    this.#stopping = true
    await Promise.all(
      [...this.#running.values()].map(async ({ worker, rpc }) => {
        await rpc.call('stop').catch(() => {})
        await worker.terminate()
      }),
    )
  }

  async streamUp(entry: DirectoryEntry): Promise<void> {
    // A worker that dies meanwhile is told by the directory when it is started again.
    await Promise.allSettled([...this.#running.values()].map(({ rpc }) => rpc.call('streamUp', entry)))
  }
  streamDown(name: string): void {
    for (const { rpc } of this.#running.values()) rpc.notify('streamDown', name)
  }
  kick(worker: number, sessionId: string, reason: string): void {
    this.#running.get(worker)?.rpc.notify('kick', sessionId, reason)
  }
  shed(worker: number, decision: ShedDecision): void {
    this.#running.get(worker)?.rpc.notify('shed', decision)
  }
  /** Imports: they go no further until they are released. */
  holdOffline(): void {
    for (const { rpc } of this.#running.values()) rpc.notify('holdOffline')
  }
  releaseOffline(): void {
    for (const { rpc } of this.#running.values()) rpc.notify('releaseOffline')
  }
  /** On the last worker: the first has the demo. */
  importAsset(order: AssetOrder): Promise<void> {
    return this.#worker(this.#options.count - 1).rpc.call('importAsset', order)
  }
  startDemo(): void {
    this.#running.get(0)?.rpc.notify('startDemo')
  }

  #worker(index: number): Running {
    const running = this.#running.get(index)
    if (!running) throw new UnavailableError(`media worker ${index}`, 'it has died')
    return running
  }

  /** Resolves when the worker's code is loaded and its peers are connected. */
  #spawn(index: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const workerData: WorkerData = { ...this.#options.data, index }
    const worker = new Worker(ENTRY, { workerData, name: `media ${index}` })
    const methods: ControlMethods = { ...this.#options.methods(index), ready: () => resolve() }
    const rpc = new RpcPort<WorkerMethods>(worker, methods)
    worker.on('error', (error) => {
      this.#options.log.error('worker.failed', { worker: index, ...errorFields(error) })
      reject(error)
    })
    worker.on('exit', () => this.#onExit(index, rpc))
    for (const entry of this.#options.directory()) rpc.notify('streamUp', entry)
    for (const [other, running] of this.#running) connect(index, rpc, other, running.rpc)
    this.#running.set(index, { worker, rpc })
    return promise
  }

  #onExit(index: number, rpc: RpcPort<WorkerMethods>): void {
    rpc.close(new UnavailableError(`media worker ${index}`, 'it has died'))
    this.#running.delete(index)
    if (this.#stopping) return
    for (const running of this.#running.values()) running.rpc.notify('dropPeer', index)
    this.#options.onDied(index)
    this.#options.log.warn('worker.restarting', { worker: index })
    this.#spawn(index)
      .then(() => this.#worker(index).rpc.call('listen', this.#ports))
      .catch((error: unknown) => this.#options.log.error('worker.lost', { worker: index, ...errorFields(error) }))
  }
}

function connect(a: number, aRpc: RpcPort<WorkerMethods>, b: number, bRpc: RpcPort<WorkerMethods>): void {
  const { port1, port2 } = new MessageChannel()
  aRpc.transfer([port1], 'connectPeer', b, port1)
  bRpc.transfer([port2], 'connectPeer', a, port2)
}
