import { type RecordedTime, recordedPicture } from '../pipeline/recording/index.ts'
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

/** Pictures of live streams: made on the worker that owns the stream, asked for on any. */
export class Pictures {
  readonly #hub: StreamHub
  readonly #service: SnapshotService

  constructor(hub: StreamHub, log: Logger) {
    this.#hub = hub
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
  close(): Promise<void> {
    return this.#service.close()
  }
}
