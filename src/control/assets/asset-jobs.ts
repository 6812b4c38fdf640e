import type { Readable } from 'node:stream'
import { MillraceError } from '../../media/errors.ts'
import { AccessDeniedError, UnavailableError } from '../../platform/errors.ts'
import { errorFields, type Logger } from '../../platform/telemetry/index.ts'
import { UploadFolder, type UploadRecord } from './upload-folder.ts'

export type AssetState = 'uploading' | 'waiting' | 'transcoding' | 'done' | 'failed'

/** A file on its way to becoming a recording. */
export type AssetJob = {
  readonly id: string
  /** Stream name of the recording: `assets/film`. */
  readonly name: string
  readonly profiles: readonly string[]
  state: AssetState
  /** How often it was begun: more than once where a server ended while it was at it. */
  attempt: number
  /** 0 to 1. */
  progress: number
  recordingId: string | undefined
  problem: string | undefined
  /** It was done, with less than the file should have held. */
  warning: string | undefined
}
export type AssetOrder = {
  readonly id: string
  readonly name: string
  readonly path: string
  readonly profiles: readonly string[]
}
export type AssetNews = { readonly progress: number; readonly recordingId?: string; readonly warning?: string }

export type AssetJobsOptions = {
  /** Uploaded files are here until they are done. */
  readonly folder: string
  /** When films can be transcoded; until then they wait. At once where absent. */
  readonly ready?: Promise<void>
  /** Transcodes the file; resolves when its recording is complete, and written down as such. */
  readonly transcode: (order: AssetOrder) => Promise<void>
  /** Removes what `transcode` has left where it rejected. */
  readonly discard: () => Promise<void>
  readonly log: Logger
}

/** Jobs that are remembered; the oldest that are over are forgotten first. */
const MAX_KEPT = 100
const MAX_OPEN = 16
/** A file that so many servers have ended with is not touched again. */
const MAX_ATTEMPTS = 3
const STOPPING = new UnavailableError('transcoding', 'the server stops; its next start goes on with the file')

/** Uploaded files, transcoded one after the other, also by the next server where this one ends before it is done. */
export class AssetJobs {
  readonly #options: AssetJobsOptions
  readonly #jobs = new Map<string, AssetJob>()
  readonly #opened = new Map<string, PromiseWithResolvers<void>>()
  readonly #uploads: UploadFolder
  #isStopping = false
  #queue: Promise<unknown>
  #count = 0

  constructor(options: AssetJobsOptions) {
    this.#options = options
    this.#uploads = new UploadFolder(options.folder)
    this.#queue = options.ready ?? Promise.resolve()
  }

  get jobs(): readonly AssetJob[] {
    return [...this.#jobs.values()]
  }
  job(id: string): AssetJob {
    const job = this.#jobs.get(id)
    if (!job) throw new AccessDeniedError(`no asset "${id}"`, 'not-found')
    return job
  }

  /**
   * Takes the file in; resolves when it is understood and being transcoded, or waits for its turn. Rejects with
   * UnsupportedInputError where it cannot be read, UnavailableError where there are no codecs or no room.
   */
  async add(name: string, profiles: readonly string[], body: Readable): Promise<AssetJob> {
    const open = this.jobs.filter(({ state }) => state !== 'done' && state !== 'failed')
    if (open.length >= MAX_OPEN) throw new UnavailableError('assets', `${MAX_OPEN} are under way already`)
    const id = `a${Date.now().toString(36)}${(++this.#count).toString(36)}`
    const record = { id, name, profiles, addedMs: Date.now(), attempts: 0 }
    const job = newJob(record, 'uploading')
    this.#keep(job)
    try {
      await this.#uploads.take(record, body)
    } catch (error) {
      this.#failed(job, error)
      throw new UnavailableError('the upload', 'it was cut off, or could not be written')
    }
    const opened = this.#enqueue(job, record)
    if (open.length === 0) await opened
    return job
  }
  /** Before the first is taken in: goes on with what an earlier server was not done with. */
  async resume(): Promise<void> {
    for (const record of await this.#uploads.remembered()) {
      const { id, name, attempts } = record
      const job = newJob(record, 'waiting')
      this.#keep(job)
      if (attempts < MAX_ATTEMPTS) {
        this.#options.log.info('asset.resumed', { asset: id, name, attempts })
        void this.#enqueue(job, record)
      } else {
        this.#failed(
          job,
          new UnavailableError('transcoding', `the server has ended ${attempts} times while it was at it`),
        )
        await this.#uploads.remove(id)
      }
    }
  }
  /** What is under way from now on is left to the next server. */
  stop(): void {
    this.#isStopping = true
  }
  /** Resolves when no job is under way, and what failed is removed. */
  async settled(): Promise<void> {
    await this.#queue
  }
  /** How far a job is; the first news say that its file is understood. */
  onNews(id: string, { progress, recordingId, warning }: AssetNews): void {
    const job = this.#jobs.get(id)
    if (!job) return
    job.progress = progress
    job.recordingId = recordingId ?? job.recordingId
    if (warning !== undefined) {
      job.warning = job.warning === undefined ? warning : `${job.warning}; ${warning}`
      this.#options.log.warn('asset.warning', { asset: id, name: job.name, warning })
    }
    this.#opened.get(id)?.resolve()
  }

  /** Resolves when its file is understood. */
  #enqueue(job: AssetJob, record: UploadRecord): Promise<void> {
    const opened = Promise.withResolvers<void>()
    opened.promise.catch(() => {})
    this.#opened.set(job.id, opened)
    job.state = 'waiting'
    this.#queue = this.#queue.then(() => this.#run(job, record))
    return opened.promise
  }
  async #run(job: AssetJob, record: UploadRecord): Promise<void> {
    const { id, name, profiles } = job
    if (this.#isStopping) return this.#opened.get(id)?.reject(STOPPING)
    job.state = 'transcoding'
    job.attempt = record.attempts + 1
    try {
      await this.#uploads.write({ ...record, attempts: job.attempt })
      this.#options.log.info('asset.started', { asset: id, name, profiles: profiles.join(',') })
      await this.#options.transcode({ id, name, path: this.#uploads.path(id), profiles })
      // Before anybody is told: a server that is killed from here on has nothing left to do with it.
      await this.#forget(job)
      job.state = 'done'
      job.progress = 1
      this.#options.log.info('asset.done', { asset: id, name, recording: job.recordingId })
      this.#opened.get(id)?.resolve()
    } catch (error) {
      await this.#discard(job)
      if (this.#isStopping) return await this.#leave(job, record)
      await this.#forget(job)
      this.#failed(job, error)
      this.#opened
        .get(id)
        ?.reject(error instanceof MillraceError ? error : new UnavailableError('transcoding', (error as Error).message))
    }
    this.#opened.delete(id)
  }
  async #forget({ id, name }: AssetJob): Promise<void> {
    await this.#uploads.remove(id).catch((error: unknown) => {
      this.#options.log.error('asset.not-removed', { asset: id, name, ...errorFields(error) })
    })
  }
  /** To the next server; this time does not count. */
  async #leave(job: AssetJob, record: UploadRecord): Promise<void> {
    job.state = 'waiting'
    this.#opened.get(job.id)?.reject(STOPPING)
    await this.#uploads.write(record).catch((error: unknown) => {
      this.#options.log.warn('asset.not-noted', { asset: job.id, name: job.name, ...errorFields(error) })
    })
  }
  /** Half a film is none: whoever sent it still has it. */
  async #discard(job: AssetJob): Promise<void> {
    try {
      await this.#options.discard()
      job.recordingId = undefined
    } catch (error) {
      this.#options.log.error('asset.not-removed', { asset: job.id, name: job.name, ...errorFields(error) })
    }
  }
  #failed(job: AssetJob, error: unknown): void {
    job.state = 'failed'
    job.problem = error instanceof Error ? error.message : String(error)
    this.#options.log.warn('asset.failed', { asset: job.id, name: job.name, ...errorFields(error) })
  }
  #keep(job: AssetJob): void {
    this.#jobs.set(job.id, job)
    for (const { id, state } of this.jobs) {
      if (this.#jobs.size <= MAX_KEPT) return
      if (state === 'done' || state === 'failed') this.#jobs.delete(id)
    }
  }
}

function newJob({ id, name, profiles, attempts }: UploadRecord, state: AssetState): AssetJob {
  const nothing = { recordingId: undefined, problem: undefined, warning: undefined }
  return { id, name, profiles, state, attempt: attempts, progress: 0, ...nothing }
}
