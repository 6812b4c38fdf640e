import type { Logger } from '../../../platform/telemetry/index.ts'
import { MESSAGE, OFFLINE } from '../channel/job-messages.ts'
import type { Message } from '../channel/message.ts'
import { BackOff } from './back-off.ts'
import {
  readAssetOpened,
  readDone,
  readFailed,
  readFrame,
  readHello,
  readJob,
  readMissing,
  readNotice,
  readProgress,
  readRungFailed,
  readTrack,
  readUsage,
  readWatched,
} from './child-events.ts'
import { ChildLink } from './child-link.ts'
import type { CodecJob, JobEnd, JobOrder, JobSink } from './codec-job.ts'
import { CODEC_LIBRARY, missingLibrary } from './library.ts'

export type CodecProcessOptions = {
  readonly log: Logger
  /** What this process is for, in log lines: `demo`, `pictures`. */
  readonly purpose: string
  /** Ends the process and every job. */
  readonly signal?: AbortSignal
  /** A process without a job for so long is stopped. Default 60 s. */
  readonly idleMs?: number
  /** Wait before the first restart; doubled with every failure. Default 1 s. */
  readonly firstRestartMs?: number
  /** Resident memory at which it is replaced, when a job is done that no other runs beside. */
  readonly maxProcessBytes?: number
  /** Nobody waits for what it does: it has the lowest priority, and can be held. */
  readonly isOffline?: boolean
  /** Package to load instead of node-av (tests of its absence). */
  readonly library?: string
}

type OpenJob = { readonly order: JobOrder; readonly sink: JobSink; sent: boolean; timer?: NodeJS.Timeout }
type Running = {
  readonly link: ChildLink
  readonly startedMs: number
  readonly patience: NodeJS.Timeout
  ready: boolean
}

const IDLE_MS = 60_000
const START_TIMEOUT_MS = 20_000
const END_TIMEOUT_MS = 2000
/** A process that lasted so long was well: the next failure is the first again. */
const STEADY_MS = 30_000

/**
 * Owns one child process with the codecs. The process starts with the first job, stops after a minute without one,
 * and is replaced when it dies: its jobs are told, and later ones wait for the next process (1 s, 2 s … 30 s).
 */
export class CodecProcess implements AsyncDisposable {
  readonly #options: CodecProcessOptions
  readonly #log: Logger
  readonly #jobs = new Map<number, OpenJob>()
  readonly #backOff: BackOff
  readonly #ending = new Set<Promise<void>>()
  #running: Running | undefined
  #restart: NodeJS.Timeout | undefined
  #idle: NodeJS.Timeout | undefined
  #missing: string | undefined
  #ffmpeg: string | undefined
  #jobCount = 0
  #isPaused = false
  #isHeld = false
  #cpuMs = 0
  #disposed = false

  constructor(options: CodecProcessOptions) {
    this.#options = options
    this.#backOff = new BackOff(options.firstRestartMs)
    this.#log = options.log.with({ purpose: options.purpose })
    options.signal?.addEventListener('abort', () => void this[Symbol.asyncDispose](), { once: true })
    if (options.signal?.aborted) this.#disposed = true
  }

  /** Undefined while no process runs. */
  get pid(): number | undefined {
    return this.#running?.link.pid
  }
  get purpose(): string {
    return this.#options.purpose
  }
  get isOffline(): boolean {
    return this.#options.isOffline ?? false
  }
  get isDisposed(): boolean {
    return this.#disposed
  }
  /** CPU time of the present process since it started, as it said last. */
  get cpuMs(): number {
    return this.#cpuMs
  }
  get openJobCount(): number {
    return this.#jobs.size
  }
  /** FFmpeg's version, once a process has said it. */
  get ffmpeg(): string | undefined {
    return this.#ffmpeg
  }

  run(order: JobOrder, sink: JobSink): CodecJob {
    const id = ++this.#jobCount
    this.#jobs.set(id, { order, sink, sent: false })
    clearTimeout(this.#idle)
    if (this.#disposed) queueMicrotask(() => this.#end(id, { outcome: 'cancelled' }))
    else if (this.#running?.ready) this.#send(id)
    else if (!this.#running && !this.#restart) this.#start()
    const send: CodecJob['send'] = (type, header, payload) => this.#sendTo(id, { type, header, payload })
    return { id, cancel: () => this.#cancel(id), send }
  }
  /** Takes nothing more from the process, which waits when its channel is full: for a job that gives too much. */
  pause(): void {
    this.#isPaused = true
    this.#running?.link.pause()
  }
  resume(): void {
    this.#isPaused = false
    this.#refresh()
    this.#running?.link.resume()
  }
  /** Jobs of an offline process go no further, and are not taken for frozen, until `release`. */
  hold(): void {
    if (this.#isHeld) return
    this.#isHeld = true
    this.#tellHeld()
  }
  release(): void {
    if (!this.#isHeld) return
    this.#isHeld = false
    this.#refresh()
    this.#tellHeld()
  }
  /** The present process is not well: it is ended, its jobs are told why, and a new one takes its place. */
  kill(reason: string): void {
    this.#running?.link.kill(reason)
  }

  /** Every job is cancelled; resolves when the process is gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true
    clearTimeout(this.#restart)
    clearTimeout(this.#idle)
    this.#endAll(() => ({ outcome: 'cancelled' }))
    this.#stop()
    await Promise.all(this.#ending)
  }

  // ---- the process

  #start(): void {
    const { library = CODEC_LIBRARY } = this.#options
    this.#restart = undefined
    this.#isPaused = false
    this.#missing ??= missingLibrary(library)
    if (this.#missing !== undefined) return queueMicrotask(() => this.#endAll(() => this.#missingEnd()))
    const gone = Promise.withResolvers<void>()
    const args = this.isOffline ? [OFFLINE] : []
    const link = new ChildLink({ library, args }, this.#log, {
      onMessage: (message) => this.#running?.link === link && this.#receive(message),
      onExit: (reason) => {
        this.#ending.delete(gone.promise)
        gone.resolve()
        if (this.#running?.link === link) this.#died(reason)
      },
    })
    this.#ending.add(gone.promise)
    const patience = setTimeout(() => link.kill('it did not come up'), START_TIMEOUT_MS)
    this.#running = { link, startedMs: performance.now(), patience, ready: false }
    this.#cpuMs = 0
  }

  #ready(ffmpeg: string): void {
    const running = this.#running
    if (!running) return
    clearTimeout(running.patience)
    running.ready = true
    this.#ffmpeg = ffmpeg
    const startMs = Math.round(performance.now() - running.startedMs)
    this.#log.debug('codec.started', { pid: running.link.pid, ffmpeg, startMs })
    if (this.#isHeld) this.#tellHeld()
    for (const id of this.#jobs.keys()) this.#send(id)
  }
  #tellHeld(): void {
    if (this.#running?.ready) this.#running.link.send(MESSAGE.hold, { isHeld: this.#isHeld })
  }
  #refresh(): void {
    for (const { timer } of this.#jobs.values()) timer?.refresh()
  }

  #died(problem: string): void {
    const running = this.#running
    this.#running = undefined
    clearTimeout(running?.patience)
    if (running && performance.now() - running.startedMs > STEADY_MS) this.#backOff.succeeded()
    const waitMs = this.#backOff.failed()
    this.#log.warn('codec.died', { pid: running?.link.pid, problem, jobs: this.#jobs.size, restartAfterMs: waitMs })
    this.#restart = setTimeout(() => this.#restarted(), waitMs)
    this.#endAll((job) => ({ outcome: 'died', problem, hadJob: job.sent }))
  }
  #restarted(): void {
    this.#restart = undefined
    if (this.#jobs.size > 0) this.#start()
  }

  /** Lets the present process go; a job that comes now starts another. */
  #stop(): void {
    const running = this.#running
    this.#running = undefined
    if (!running) return
    clearTimeout(running.patience)
    running.link.close()
    setTimeout(() => running.link.kill('it did not end'), END_TIMEOUT_MS).unref()
  }

  // ---- jobs

  #send(id: number): void {
    const job = this.#jobs.get(id)
    const link = this.#running?.link
    if (!job || !link || job.sent) return
    job.sent = true
    const { request, input, timeoutMs } = job.order
    try {
      link.send(MESSAGE.start, { job: id, ...request }, input)
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error)
      return queueMicrotask(() => this.#end(id, { outcome: 'failed', fault: 'input', problem }))
    }
    queueMicrotask(() => this.#jobs.get(id) === job && job.sink.onStarted?.())
    if (timeoutMs !== undefined) this.#guard(job, link, timeoutMs)
  }
  #guard(job: OpenJob, link: ChildLink, timeoutMs: number): void {
    job.timer = setTimeout(() => {
      if (this.#isPaused || this.#isHeld) this.#guard(job, link, timeoutMs)
      else link.kill(`nothing came from a job for ${timeoutMs} ms`)
    }, timeoutMs)
  }

  #sendTo(id: number, message: { type: number; header: Message['header']; payload: Uint8Array | undefined }): void {
    if (!this.#jobs.get(id)?.sent) return
    this.#running?.link.send(message.type, { job: id, ...message.header }, message.payload)
  }
  #cancel(id: number): void {
    if (this.#jobs.get(id)?.sent) this.#running?.link.send(MESSAGE.cancel, { job: id })
    this.#end(id, { outcome: 'cancelled' })
  }

  #done(id: number, message: Message): void {
    const { decodes, rssBytes } = readDone(message)
    const { maxProcessBytes = Number.POSITIVE_INFINITY } = this.#options
    if (rssBytes > maxProcessBytes && this.#jobs.size === 1) {
      const problem = `it holds ${Math.round(rssBytes / 2 ** 20)} MiB, more than transcode.maxProcessBytes`
      this.#log.warn('codec.replaced', { pid: this.#running?.link.pid, problem })
      // Before the sink is told, which may have the next job ready.
      this.#stop()
    }
    this.#end(id, { outcome: 'done', result: message.payload, decodes })
  }
  #end(id: number, end: JobEnd): void {
    const job = this.#jobs.get(id)
    if (!job) return
    clearTimeout(job.timer)
    this.#jobs.delete(id)
    if (this.#jobs.size === 0) {
      clearTimeout(this.#idle)
      this.#idle = setTimeout(() => this.#stop(), this.#options.idleMs ?? IDLE_MS).unref()
    }
    if (end.outcome === 'done') this.#backOff.succeeded()
    job.sink.onEnd(end)
  }
  #endAll(endOf: (job: OpenJob) => JobEnd): void {
    for (const [id, job] of [...this.#jobs]) this.#end(id, endOf(job))
  }
  #missingEnd(): JobEnd {
    return { outcome: 'missing', problem: this.#missing ?? 'the codecs are missing' }
  }

  #receive(message: Message): void {
    if (message.type === MESSAGE.hello) return this.#ready(readHello(message))
    if (message.type === MESSAGE.missing) {
      this.#missing = readMissing(message)
      this.#stop()
      return this.#endAll(() => this.#missingEnd())
    }
    if (message.type === MESSAGE.usage) {
      this.#cpuMs = readUsage(message)
      return
    }
    const id = readJob(message)
    const job = this.#jobs.get(id)
    const sink = job?.sink
    job?.timer?.refresh()
    if (message.type === MESSAGE.track) sink?.onTrack?.(readTrack(message))
    else if (message.type === MESSAGE.frame) sink?.onFrame?.(readFrame(message))
    else if (message.type === MESSAGE.progress) sink?.onProgress?.(readProgress(message))
    else if (message.type === MESSAGE.watched) sink?.onWatched?.(readWatched(message))
    else if (message.type === MESSAGE.notice) sink?.onNotice?.(readNotice(message))
    else if (message.type === MESSAGE.assetOpened) sink?.onAssetOpened?.(readAssetOpened(message))
    else if (message.type === MESSAGE.rungFailed) {
      const { slot, problem } = readRungFailed(message)
      sink?.onRungFailed?.(slot, problem)
    } else if (message.type === MESSAGE.done) this.#done(id, message)
    else if (message.type === MESSAGE.failed) this.#end(id, { outcome: 'failed', ...readFailed(message) })
  }
}
