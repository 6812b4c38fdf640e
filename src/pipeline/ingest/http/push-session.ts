import { plainBytes } from '../../../media/bytes/index.ts'
import { LimitExceededError, UnsupportedInputError } from '../../../media/errors.ts'
import type { Frame, MediaSink, Track } from '../../../media/model/index.ts'
import type { Publication } from '../../stream/index.ts'
import { PUSH_FORMATS, type PushDemuxer, type PushFormat, type PushLimits } from './to-frames.ts'

/** A pushed body on its way into a stream: the same for HTTP and WebSocket. */
export class PushSession implements MediaSink {
  readonly publication: Publication
  readonly #demuxer: PushDemuxer
  readonly #maxTracks: number
  readonly #trackIds = new Set<number>()
  receivedBytes = 0
  frameCount = 0

  constructor(publication: Publication, format: PushFormat, limits: PushLimits) {
    this.publication = publication
    this.#maxTracks = limits.maxTracks
    this.#demuxer = PUSH_FORMATS[format](this, limits)
  }

  /** Throws what the demuxer throws, or that nothing in the body is a track; the session is then of no further use. */
  receive(bytes: Uint8Array): void {
    this.receivedBytes += bytes.length
    this.publication.gather(() => this.#demuxer.push(plainBytes(bytes)))
    const { obstacle } = this.#demuxer
    if (obstacle !== undefined) throw new UnsupportedInputError(`no track that can be read (${obstacle})`)
  }
  /** Throws as `receive`, and where a whole body held no frame. */
  finish(): void {
    this.#demuxer.flush()
    if (this.frameCount === 0 && this.receivedBytes > 0)
      throw new UnsupportedInputError(`no frame in ${this.receivedBytes} bytes`)
    this.publication.end('publisher finished')
  }

  /** What a container announces and nobody can play (subtitles, data) is no track and does not count. */
  onTrack(track: Track): void {
    this.#trackIds.add(track.id)
    if (this.#trackIds.size > this.#maxTracks)
      throw new LimitExceededError(`the stream has more than ${this.#maxTracks} tracks (limits.maxTracks)`)
    this.publication.onTrack(track)
  }
  onFrame(frame: Frame): void {
    this.frameCount++
    this.publication.onFrame(frame)
  }
}
