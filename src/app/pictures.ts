import type { TileLayout, TilePictures, TilePlace } from '../pipeline/packaging/index.ts'
import { type RecordedTime, recordedPicture, recordedTile } from '../pipeline/recording/index.ts'
import type { StreamHub } from '../pipeline/stream/index.ts'
import { CodecProcess, type CodecUse, type PictureFormat, SnapshotService } from '../pipeline/transcode/index.ts'
import { AccessDeniedError, UnavailableError } from '../platform/errors.ts'
import type { BlobStore, RecordingDetail } from '../platform/storage/index.ts'
import type { Logger } from '../platform/telemetry/index.ts'

export type RecordedPictureRequest = {
  readonly id: string
  readonly time: RecordedTime
  readonly format: PictureFormat
  readonly widthPx: number | undefined
}
/** A tile, and whether it will ever look otherwise. */
export type MadeTile = { readonly bytes: Uint8Array; readonly isWhole: boolean }
/** Where recordings are. */
export type Recordings = {
  readonly store: BlobStore
  readonly detail: (id: string) => Promise<RecordingDetail | undefined>
}

export type PictureOptions = {
  readonly layout: TileLayout
  /** `hls.segmentMs` */
  readonly segmentMs: number
  /** `transcode.maxProcessBytes` */
  readonly maxProcessBytes: number
  readonly codecs: CodecUse
}

export type PictureRequest = {
  readonly name: string
  readonly format: PictureFormat
  /** Scales down; absent: as large as the stream. */
  readonly widthPx: number | undefined
}

/** Being put together at once, of all streams: what is behind them waits for the one codec process. */
const MAX_TILES = 16

/** Pictures of live streams: made on the worker that owns the stream, asked for on any; and of recordings. */
export class Pictures {
  readonly #hub: StreamHub
  readonly #service: SnapshotService
  readonly #options: PictureOptions
  /** Under way. */
  readonly #tiles = new Map<string, Promise<MadeTile>>()

  constructor(hub: StreamHub, log: Logger, options: PictureOptions) {
    this.#hub = hub
    this.#options = options
    const { codecs, maxProcessBytes } = options
    const codec = () => codecs.add(new CodecProcess({ log, purpose: 'pictures', maxProcessBytes }))
    this.#service = new SnapshotService({ codec, log })
  }

  /** Of a stream that this worker owns. Rejects with AccessDeniedError (`not-found`), UnavailableError, UnsupportedInputError. */
  async make({ name, format, widthPx }: PictureRequest): Promise<Uint8Array> {
    const stream = this.#hub.ownedStream(name)
    if (!stream) throw new AccessDeniedError(`no stream "${name}" is live`, 'not-found')
    const keyframe = stream.newestKeyframe()
    if (keyframe) return await this.#service.snapshot(keyframe, format, widthPx)
    if (stream.tracks.some(({ kind }) => kind === 'video'))
      throw new UnavailableError('picture', 'no keyframe has come yet')
    throw new AccessDeniedError(`stream "${name}" has no video`, 'not-found')
  }
  /** Pictures that were made, as against served again. */
  get madeCount(): number {
    return this.#service.madeCount
  }
  /** What was decoded for them. */
  get decodedCount(): number {
    return this.#service.decodedCount
  }
  /** Of a recording, on any worker. Rejects as `make`. */
  async ofRecording(
    { id, time, format, widthPx }: RecordedPictureRequest,
    recordings: Recordings,
  ): Promise<Uint8Array> {
    const detail = await recordings.detail(id)
    if (!detail) throw new AccessDeniedError(`no recording "${id}"`, 'not-found')
    const { key, track, units, atTicks } = await recordedPicture(detail, recordings.store, time)
    const [first, ...rest] = units
    if (!first) throw new AccessDeniedError('the recording holds nothing at that time', 'not-found')
    const later = { keyTicks: first.ptsTicks, units: rest, atTicks }
    return await this.#service.snapshot({ key, track, data: first.data, later }, format, widthPx)
  }
  /** Thumbnails of a recording, on any worker; made once for all who ask at the same time. Rejects as `make`. */
  async tileOfRecording(id: string, place: TilePlace, recordings: Recordings): Promise<MadeTile> {
    // Asked for in any case: what was deleted is not served, made before or not.
    const detail = await recordings.detail(id)
    if (!detail) throw new AccessDeniedError(`no recording "${id}"`, 'not-found')
    const { layout, segmentMs } = this.#options
    return await this.#tile(`recording ${id} ${place.anchorMs} ${place.number}`, () =>
      recordedTile(detail, recordings.store, { layout, place, segmentMs }),
    )
  }

  /** Thumbnails of the live window; `pictures` tells what they are made of. */
  tileOfStream(name: string, place: TilePlace, pictures: () => Promise<TilePictures | undefined>): Promise<MadeTile> {
    return this.#tile(`stream ${name} ${place.anchorMs} ${place.number}`, pictures)
  }

  #tile(name: string, pictures: () => Promise<TilePictures | undefined>): Promise<MadeTile> {
    const bytes = this.#service.known(`${name} whole`)
    if (bytes) return Promise.resolve({ bytes, isWhole: true })
    const known = this.#tiles.get(name)
    if (known) return known
    if (this.#tiles.size >= MAX_TILES)
      return Promise.reject(new UnavailableError('pictures', 'too many tiles are asked for at once'))
    const made = pictures().then(async (found) => {
      if (!found) throw new AccessDeniedError('there are no pictures of that time', 'not-found')
      const { isWhole } = found
      return { isWhole, bytes: await this.#service.tile(isWhole ? `${name} whole` : growingKey(name, found), found) }
    })
    this.#tiles.set(name, made)
    const forget = () => this.#tiles.delete(name)
    made.then(forget, forget)
    return made
  }
  close(): Promise<void> {
    return this.#service.close()
  }
}

/** What comes later, or has gone, makes another tile of it. */
function growingKey(name: string, { pictures, places }: TilePictures): string {
  return `${name} ${places.join(' ')} ${pictures.map(({ data }) => data.length).join(' ')}`
}
