import { plainBytes } from '../../../media/bytes/index.ts'
import { LimitExceededError, UnsupportedInputError } from '../../../media/errors.ts'
import type { Frame, MediaSink, Track } from '../../../media/model/index.ts'
import type { Publication } from '../../stream/index.ts'
import { PUSH_FORMATS, type PushDemuxer, type PushFormat, type PushLimits } from './to-frames.ts'

/** A listed track of which nothing has come for so long is not waited for: time of media, and bytes. */
const PATIENCE_SECONDS = 0.5
const PATIENCE_BYTES = 4_194_304

/** A pushed body on its way into a stream: the same for HTTP and WebSocket. */
export class PushSession implements MediaSink {
  readonly publication: Publication
  readonly #demuxer: PushDemuxer
  readonly #maxTracks: number
  readonly #clockRates = new Map<number, number>()
  /** Of the first frames, while tracks are waited for. */
  #firstSeconds: number | undefined
  #isOpen = false
  receivedBytes = 0
  frameCount = 0

  constructor(publication: Publication, format: PushFormat, limits: PushLimits) {
    this.publication = publication
    this.#maxTracks = limits.maxTracks
    this.#demuxer = PUSH_FORMATS[format](this, limits)
    publication.holdBack(true)
  }

  /** Throws what the demuxer throws, or that nothing in the body is a track; the session is then of no further use. */
  receive(bytes: Uint8Array): void {
    this.receivedBytes += bytes.length
    this.publication.gather(() => this.#demuxer.push(plainBytes(bytes)))
    if (!this.#isOpen && (this.#demuxer.awaitedTracks ?? 0) === 0) this.#open()
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
    this.#clockRates.set(track.id, track.clockRateHz)
    if (this.#clockRates.size > this.#maxTracks)
      throw new LimitExceededError(`the stream has more than ${this.#maxTracks} tracks (limits.maxTracks)`)
    this.publication.onTrack(track)
  }
  onFrame(frame: Frame): void {
    this.frameCount++
    this.publication.onFrame(frame)
    if (!this.#isOpen && this.#isOutOfPatience(frame)) this.#open()
  }

  /** Outputs that fix their tracks in a header begin with all of them: the sound in another language comes a little later. */
  #open(): void {
    if (this.frameCount === 0) return
    this.#isOpen = true
    this.publication.holdBack(false)
  }
  #isOutOfPatience({ trackId, dtsTicks }: Frame): boolean {
    const seconds = dtsTicks / (this.#clockRates.get(trackId) ?? 1)
    this.#firstSeconds ??= seconds
    return Math.abs(seconds - this.#firstSeconds) >= PATIENCE_SECONDS || this.receivedBytes >= PATIENCE_BYTES
  }
}
