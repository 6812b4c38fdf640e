import type { TileLayout, TilePictures, TilePlace } from '../pipeline/packaging/index.ts'
import { type RecordedTime, recordedPicture, recordedTile } from '../pipeline/recording/index.ts'
import type { StreamHub } from '../pipeline/stream/index.ts'
import { CodecProcess, type PictureFormat, SnapshotService } from '../pipeline/transcode/index.ts'
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

export type PictureRequest = {
  readonly name: string
  readonly format: PictureFormat
  /** Scales down; absent: as large as the stream. */
  readonly widthPx: number | undefined
}

/** Pictures of live streams: made on the worker that owns the stream, asked for on any; and of recordings. */
export class Pictures {
  readonly #hub: StreamHub
  readonly #service: SnapshotService
  readonly #layout: TileLayout
  /** Under way. */
  readonly #tiles = new Map<string, Promise<MadeTile>>()

  constructor(hub: StreamHub, log: Logger, layout: TileLayout) {
    this.#hub = hub
    this.#layout = layout
    this.#service = new SnapshotService({ codec: () => new CodecProcess({ log, purpose: 'pictures' }), log })
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
  /** Pictures that were decoded, as against served again. */
  get madeCount(): number {
    return this.#service.madeCount
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
  tileOfRecording(id: string, place: TilePlace, recordings: Recordings): Promise<MadeTile> {
    return this.#tile(`recording ${id} ${place.anchorMs} ${place.number}`, async () => {
      const detail = await recordings.detail(id)
      if (!detail) throw new AccessDeniedError(`no recording "${id}"`, 'not-found')
      return await recordedTile(detail, recordings.store, { layout: this.#layout, place })
    })
  }

  /** Thumbnails of the live window; `pictures` tells what they are made of. */
  tileOfStream(name: string, place: TilePlace, pictures: () => Promise<TilePictures | undefined>): Promise<MadeTile> {
    return this.#tile(`stream ${name} ${place.anchorMs} ${place.number}`, pictures)
  }

  #tile(name: string, pictures: () => Promise<TilePictures | undefined>): Promise<MadeTile> {
    const known = this.#tiles.get(name)
    if (known) return known
    const made = pictures().then(async (found) => {
      if (!found) throw new AccessDeniedError('there are no pictures of that time', 'not-found')
      const { isWhole, places } = found
      return { isWhole, bytes: await this.#service.tile(`${name} ${isWhole ? 'whole' : places.length}`, found) }
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
