import type { StreamHub } from '../pipeline/stream/index.ts'
import { CodecProcess, type PictureFormat, SnapshotService } from '../pipeline/transcode/index.ts'
import { AccessDeniedError, UnavailableError } from '../platform/errors.ts'
import type { Logger } from '../platform/telemetry/index.ts'

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
  close(): Promise<void> {
    return this.#service.close()
  }
}
