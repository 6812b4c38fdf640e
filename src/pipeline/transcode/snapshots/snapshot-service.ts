import { UnsupportedInputError } from '../../../media/errors.ts'
import type { VideoTrack } from '../../../media/model/index.ts'
import { UnavailableError } from '../../../platform/errors.ts'
import type { Logger } from '../../../platform/telemetry/index.ts'
import type { PictureFormat, PictureRequest } from '../channel/job-messages.ts'
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
const MAX_WAITING = 32
const CACHE_BYTES = 16 * 2 ** 20
/** Keyframes that killed their process are not tried again. */
const MAX_DEADLY = 100

type Wanted = { readonly format: PictureFormat; readonly widthPx: number | undefined }

/** Pictures of keyframes, made in a codec process: one decode for a picture however many ask for it. */
export class SnapshotService implements AsyncDisposable {
  readonly #options: SnapshotServiceOptions
  readonly #cache = new PictureCache(CACHE_BYTES)
  readonly #underWay = new Map<string, Promise<Uint8Array>>()
  /** One job at a time: the one that is under way when a process dies is the one that killed it. */
  #queue: Promise<unknown> = Promise.resolve()
  readonly #deadly = new Set<string>()
  #codec: CodecProcess | undefined
  #madeCount = 0
  #closed = false

  constructor(options: SnapshotServiceOptions) {
    this.#options = options
  }

  /** Pictures that were decoded and encoded, as against served again. */
  get madeCount(): number {
    return this.#madeCount
  }

  /**
   * `widthPx` scales down, never up. Do not change the returned bytes: others get the same. Rejects with
   * UnsupportedInputError where the keyframe does not decode, UnavailableError where there are no codecs or no time.
   */
  snapshot(source: SnapshotSource, format: PictureFormat, widthPx: number | undefined): Promise<Uint8Array> {
    const name = `${format} ${widthPx ?? 'full'} ${source.key}`
    const known = this.#cache.get(name)
    if (known) return Promise.resolve(known)
    return this.#underWay.get(name) ?? this.#begin(name, source, { format, widthPx })
  }

  /** Resolves when the codec process is gone; pictures under way are rejected. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#codec?.[Symbol.asyncDispose]()
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #begin(name: string, source: SnapshotSource, want: Wanted): Promise<Uint8Array> {
    const refusal = this.#refusal(source)
    if (refusal) return Promise.reject(refusal)
    const request = pictureRequest(source, want)
    const input = Buffer.concat([
      source.track.config,
      source.data,
      ...(source.later?.units ?? []).map(({ data }) => data),
    ])
    const picture = this.#queue.then(() => this.#make(source, request, input))
    this.#underWay.set(name, picture)
    this.#queue = picture
      .then((bytes) => this.#cache.set(name, bytes))
      .catch(() => {})
      .finally(() => this.#underWay.delete(name))
    return picture
  }

  #refusal({ key, track }: SnapshotSource): Error | undefined {
    if (this.#closed) return new UnavailableError('pictures', 'the server stops')
    if (this.#deadly.has(key)) return new UnsupportedInputError(`this ${track.codec} keyframe cannot be decoded`)
    if (this.#underWay.size > MAX_WAITING) return new UnavailableError('pictures', 'too many are asked for at once')
    return undefined
  }

  #make(source: SnapshotSource, request: PictureRequest, input: Uint8Array): Promise<Uint8Array> {
    const refusal = this.#refusal(source)
    if (refusal) return Promise.reject(refusal)
    this.#codec ??= this.#options.codec()
    const codec = this.#codec
    return new Promise((resolve, reject) => {
      const onEnd = (end: JobEnd) => {
        clearTimeout(patience)
        if (end.outcome === 'done') {
          this.#madeCount++
          return resolve(end.result)
        }
        if (end.outcome === 'died' && end.hadJob) this.#remember(source, end.problem)
        reject(errorOf(end))
      }
      const job = codec.run({ request, input, timeoutMs: FROZEN_MS }, { onEnd })
      const patience = setTimeout(() => job.cancel(), PATIENCE_MS)
    })
  }

  #remember({ key, track }: SnapshotSource, problem: string): void {
    this.#options.log.warn('snapshot.deadly-keyframe', { codec: track.codec, keyframe: key, problem })
    this.#deadly.add(key)
    for (const oldest of this.#deadly) if (this.#deadly.size > MAX_DEADLY) this.#deadly.delete(oldest)
  }
}

function pictureRequest({ track, data, later }: SnapshotSource, { format, widthPx }: Wanted): PictureRequest {
  const { codec, config } = track
  const units = [
    { bytes: data.length, ptsTicks: later?.keyTicks ?? 0 },
    ...(later?.units ?? []).map((unit) => ({ bytes: unit.data.length, ptsTicks: unit.ptsTicks })),
  ]
  const width = widthPx === undefined ? {} : { widthPx }
  const atTicks = later?.atTicks ?? 0
  return { kind: 'picture', codec, format, configBytes: config.length, units, atTicks, ...width }
}

function errorOf(end: Exclude<JobEnd, { outcome: 'done' }>): Error {
  if (end.outcome === 'missing') return new UnavailableError('pictures', `${end.problem}; install node-av`)
  if (end.outcome === 'cancelled')
    return new UnavailableError('pictures', 'this one took too long, or the server stops')
  if (end.outcome === 'died') return new UnavailableError('pictures', `the codec process: ${end.problem}`)
  if (end.fault === 'input') return new UnsupportedInputError(end.problem)
  return new UnavailableError('pictures', end.problem)
}
