import { createWriteStream } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { MillraceError } from '../../media/errors.ts'
import { AccessDeniedError, UnavailableError } from '../../platform/errors.ts'
import { errorFields, type Logger } from '../../platform/telemetry/index.ts'

export type AssetState = 'uploading' | 'waiting' | 'transcoding' | 'done' | 'failed'

/** A file on its way to becoming a recording. */
export type AssetJob = {
  readonly id: string
  /** Stream name of the recording: `assets/film`. */
  readonly name: string
  readonly profiles: readonly string[]
  state: AssetState
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
  /** Transcodes the file; resolves when its recording is complete. */
  readonly transcode: (order: AssetOrder) => Promise<void>
  /** Removes what `transcode` has left where it rejected. */
  readonly discard: () => Promise<void>
  readonly log: Logger
}

/** Jobs that are remembered; the oldest that are over are forgotten first. */
const MAX_KEPT = 100
const MAX_OPEN = 16

/** Uploaded files, transcoded one after the other. */
export class AssetJobs {
  readonly #options: AssetJobsOptions
  readonly #jobs = new Map<string, AssetJob>()
  readonly #opened = new Map<string, PromiseWithResolvers<void>>()
  #queue: Promise<unknown> = Promise.resolve()
  #count = 0

  constructor(options: AssetJobsOptions) {
    this.#options = options
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
    const job: AssetJob = {
      id,
      name,
      profiles,
      state: 'uploading',
      progress: 0,
      recordingId: undefined,
      problem: undefined,
      warning: undefined,
    }
    this.#keep(job)
    const path = join(this.#options.folder, id)
    try {
      await mkdir(this.#options.folder, { recursive: true })
      await pipeline(body, createWriteStream(path))
    } catch (error) {
      this.#failed(job, error)
      await rm(path, { force: true })
      throw new UnavailableError('the upload', 'it was cut off, or could not be written')
    }
    const isNext = open.length === 0
    const opened = Promise.withResolvers<void>()
    opened.promise.catch(() => {})
    this.#opened.set(id, opened)
    job.state = 'waiting'
    this.#queue = this.#queue.then(() => this.#run(job, path))
    if (isNext) await opened.promise
    return job
  }
  /** Before the first: files that a killed server has left are known to nobody. */
  async clear(): Promise<void> {
    await rm(this.#options.folder, { recursive: true, force: true })
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

  async #run(job: AssetJob, path: string): Promise<void> {
    const { id, name, profiles } = job
    job.state = 'transcoding'
    try {
      await this.#options.transcode({ id, name, path, profiles })
      job.state = 'done'
      job.progress = 1
      this.#opened.get(id)?.resolve()
    } catch (error) {
      await this.#discard(job)
      this.#failed(job, error)
      this.#opened
        .get(id)
        ?.reject(error instanceof MillraceError ? error : new UnavailableError('transcoding', (error as Error).message))
    }
    this.#opened.delete(id)
    await rm(path, { force: true }).catch(() => {})
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
