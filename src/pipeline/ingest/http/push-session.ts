import { plainBytes } from '../../../media/bytes/index.ts'
import type { Frame, MediaSink, Track } from '../../../media/model/index.ts'
import type { Publication } from '../../stream/index.ts'
import { PUSH_FORMATS, type PushDemuxer, type PushFormat, type PushLimits } from './to-frames.ts'

/** A pushed body on its way into a stream: the same for HTTP and WebSocket. */
export class PushSession implements MediaSink {
  readonly publication: Publication
  readonly #demuxer: PushDemuxer
  receivedBytes = 0
  frameCount = 0

  constructor(publication: Publication, format: PushFormat, limits: PushLimits) {
    this.publication = publication
    this.#demuxer = PUSH_FORMATS[format](this, limits)
  }

  /** Throws what the demuxer throws; the session is then of no further use. */
  receive(bytes: Uint8Array): void {
    this.receivedBytes += bytes.length
    this.#demuxer.push(plainBytes(bytes))
  }
  finish(): void {
    this.#demuxer.flush()
    this.publication.end('publisher finished')
  }

  onTrack(track: Track): void {
    this.publication.onTrack(track)
  }
  onFrame(frame: Frame): void {
    this.frameCount++
    this.publication.onFrame(frame)
  }
}
