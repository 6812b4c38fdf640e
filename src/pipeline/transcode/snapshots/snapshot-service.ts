import { UnsupportedInputError } from '../../../media/errors.ts'
import type { VideoTrack } from '../../../media/model/index.ts'
import { UnavailableError } from '../../../platform/errors.ts'
import type { Logger } from '../../../platform/telemetry/index.ts'
import type { PictureFormat, PictureRequest, TileRequest } from '../channel/job-messages.ts'
import type { JobEnd } from '../parent/codec-job.ts'
import type { CodecProcess } from '../parent/codec-process.ts'
import { PictureCache } from './picture-cache.ts'

/** What a stream's newest keyframe gives. */
export type SnapshotSource = {
  /** Another for every keyframe of every stream. */
  readonly key: string
  readonly track: VideoTrack
  /** One keyframe in canonical form; may be a view that changes after the call. */
  readonly data: Uint8Array
  /** The picture is not the keyframe but one of those that follow it. */
  readonly later?: LaterPicture
}

/** A picture that needs more than its keyframe. */
export type LaterPicture = {
  readonly keyTicks: number
  /** Access units behind the keyframe, in decoding order, as far as the picture needs them. */
  readonly units: readonly { readonly ptsTicks: number; readonly data: Uint8Array }[]
  /** When the picture is shown; ticks as those of the units. */
  readonly atTicks: number
}

/** Keyframes that are shown side by side. */
export type TileSource = {
  readonly columns: number
  readonly rows: number
  /** Of one picture. */
  readonly cell: { readonly widthPx: number; readonly heightPx: number }
  readonly pictures: readonly { readonly track: VideoTrack; readonly data: Uint8Array }[]
  /** Index into `pictures` for each place, as far as there are pictures. */
  readonly places: readonly number[]
  /** Of the JPEG. */
  readonly maxBytes: number
}

export type SnapshotServiceOptions = {
  /** A codec process of the service's own; called with the first picture, ended by `close`. */
  readonly codec: () => CodecProcess
  readonly log: Logger
}

/** A keyframe that takes longer has frozen its decoder. */
const FROZEN_MS = 5000
/** For all of it: a new process may have to start first, after others that died. */
const PATIENCE_MS = 10_000
/** Jobs that wait for the one process; more would only time out. */
const MAX_WAITING = { picture: 32, tile: 16 }
/** Sizes and formats of one picture among them: whoever asks for all widths does not keep other streams from theirs. */
const MAX_OF_ONE = 8
const CACHE_BYTES = 16 * 2 ** 20
/** Keyframes that killed their process are not tried again. */
const MAX_DEADLY = 100

/** What a picture is made of, and what it is known by if its process dies of it. */
type Cause = { readonly key: string; readonly codec: string }
type Work = Cause & {
  readonly name: string
  readonly request: PictureRequest | TileRequest
  readonly input: Uint8Array
}
type Waiting = Work & { readonly done: PromiseWithResolvers<Uint8Array> }

type Wanted = { readonly format: PictureFormat; readonly widthPx: number | undefined }

/** Pictures of keyframes, made in a codec process: one decode for a picture however many ask for it. */
export class SnapshotService implements AsyncDisposable {
  readonly #options: SnapshotServiceOptions
  readonly #cache = new PictureCache(CACHE_BYTES)
  readonly #underWay = new Map<string, Promise<Uint8Array>>()
  readonly #waiting: Waiting[] = []
  /** One job at a time: the one that is under way when a process dies is the one that killed it. */
  #isBusy = false
  readonly #deadly = new Set<string>()
  #codec: CodecProcess | undefined
  #madeCount = 0
  #decodedCount = 0
  #closed = false

  constructor(options: SnapshotServiceOptions) {
    this.#options = options
  }

  /** Pictures and tiles that were encoded, as against served again. */
  get madeCount(): number {
    return this.#madeCount
  }
  /** Keyframes that were decoded: one for all sizes and formats of a picture, several for a tile. */
  get decodedCount(): number {
    return this.#decodedCount
  }
  /** A tile that was made lately. */
  known(key: string): Uint8Array | undefined {
    return this.#cache.get(key)
  }

  /**
   * `widthPx` scales down, never up. Do not change the returned bytes: others get the same. Rejects with
   * UnsupportedInputError where the keyframe does not decode, UnavailableError where there are no codecs or no time.
   */
  snapshot(source: SnapshotSource, format: PictureFormat, widthPx: number | undefined): Promise<Uint8Array> {
    const name = `${format} ${widthPx ?? 'full'} ${source.key}`
    const known = this.#cache.get(name)
    if (known) return Promise.resolve(known)
    return this.#underWay.get(name) ?? this.#begin(snapshotWork(name, source, { format, widthPx }))
  }

  /** A JPEG of keyframes in rows; `key` stands for what is in it. Rejects as `snapshot`. */
  tile(key: string, { columns, rows, cell, pictures, places, maxBytes }: TileSource): Promise<Uint8Array> {
    const known = this.#cache.get(key)
    if (known) return Promise.resolve(known)
    const asked = this.#underWay.get(key)
    if (asked) return asked
    const request: TileRequest = {
      kind: 'tile',
      columns,
      rows,
      cellWidthPx: cell.widthPx,
      cellHeightPx: cell.heightPx,
      pictures: pictures.map(({ track, data }) => ({
        codec: track.codec,
        configBytes: track.config.length,
        bytes: data.length,
      })),
      places,
      maxBytes,
    }
    const input = Buffer.concat(pictures.flatMap(({ track, data }) => [track.config, data]))
    return this.#begin({ name: key, key, codec: pictures[0]?.track.codec ?? '', request, input })
  }

  /** Resolves when the codec process is gone; pictures under way are rejected. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#codec?.[Symbol.asyncDispose]()
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #begin(work: Work): Promise<Uint8Array> {
    const refusal = this.#refusal(work) ?? this.#crowd(work)
    if (refusal) return Promise.reject(refusal)
    const done = Promise.withResolvers<Uint8Array>()
    this.#underWay.set(work.name, done.promise)
    this.#waiting.push({ ...work, done })
    this.#next()
    return done.promise
  }

  /** Single pictures first: somebody looks at the page that they are on. */
  #next(): void {
    if (this.#isBusy) return
    const first = this.#waiting.findIndex(({ request }) => request.kind === 'picture')
    const [work] = this.#waiting.splice(Math.max(0, first), 1)
    if (!work) return
    this.#isBusy = true
    const finish = () => {
      this.#underWay.delete(work.name)
      this.#isBusy = false
      this.#next()
    }
    this.#make(work).then(
      (bytes) => {
        this.#cache.set(work.name, bytes)
        work.done.resolve(bytes)
        finish()
      },
      (error: unknown) => {
        work.done.reject(error)
        finish()
      },
    )
  }

  #refusal({ key, codec }: Cause): Error | undefined {
    if (this.#closed) return new UnavailableError('pictures', 'the server stops')
    if (this.#deadly.has(key)) return new UnsupportedInputError(`this ${codec} keyframe cannot be decoded`)
    return undefined
  }
  #crowd({ key, request: { kind } }: Work): Error | undefined {
    const before = this.#waiting.filter(({ request }) => request.kind === kind)
    const ofOne = before.filter((each) => each.key === key).length
    if (before.length < MAX_WAITING[kind] && ofOne < MAX_OF_ONE) return undefined
    return new UnavailableError('pictures', 'too many are asked for at once')
  }

  #make(work: Work): Promise<Uint8Array> {
    const refusal = this.#refusal(work)
    if (refusal) return Promise.reject(refusal)
    this.#codec ??= this.#options.codec()
    const codec = this.#codec
    const { request, input } = work
    return new Promise((resolve, reject) => {
      const onEnd = (end: JobEnd) => {
        clearTimeout(patience)
        if (end.outcome === 'done') {
          this.#madeCount++
          this.#decodedCount += end.decodes
          return resolve(end.result)
        }
        if (end.outcome === 'died' && end.hadJob) this.#remember(work, end.problem)
        reject(errorOf(end))
      }
      const job = codec.run({ request, input, timeoutMs: FROZEN_MS }, { onEnd })
      const patience = setTimeout(() => job.cancel(), PATIENCE_MS)
    })
  }

  #remember({ key, codec }: Cause, problem: string): void {
    this.#options.log.warn('snapshot.deadly-keyframe', { codec, keyframe: key, problem })
    this.#deadly.add(key)
    for (const oldest of this.#deadly) if (this.#deadly.size > MAX_DEADLY) this.#deadly.delete(oldest)
  }
}

function snapshotWork(name: string, source: SnapshotSource, want: Wanted): Work {
  const { key, track, data, later } = source
  const input = Buffer.concat([track.config, data, ...(later?.units ?? []).map((unit) => unit.data)])
  return { name, key, codec: track.codec, request: pictureRequest(source, want), input }
}

function pictureRequest({ key, track, data, later }: SnapshotSource, { format, widthPx }: Wanted): PictureRequest {
  const { codec, config } = track
  const units = [
    { bytes: data.length, ptsTicks: later?.keyTicks ?? 0 },
    ...(later?.units ?? []).map((unit) => ({ bytes: unit.data.length, ptsTicks: unit.ptsTicks })),
  ]
  const width = widthPx === undefined ? {} : { widthPx }
  const atTicks = later?.atTicks ?? 0
  return { kind: 'picture', key, codec, format, configBytes: config.length, units, atTicks, ...width }
}

function errorOf(end: Exclude<JobEnd, { outcome: 'done' }>): Error {
  if (end.outcome === 'missing') return new UnavailableError('pictures', `${end.problem}; install node-av`)
  if (end.outcome === 'cancelled')
    return new UnavailableError('pictures', 'this one took too long, or the server stops')
  if (end.outcome === 'died') return new UnavailableError('pictures', `the codec process: ${end.problem}`)
  if (end.fault === 'input') return new UnsupportedInputError(end.problem)
  return new UnavailableError('pictures', end.problem)
}
