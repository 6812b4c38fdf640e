import type { Frame, MediaSink, Track } from '../../../media/model/index.ts'
import type { FrameLogWriter } from '../log/frame-log.ts'

/** One publisher's way into a stream. Ends exactly once, by the publisher or by a kick. */
export class Publication implements MediaSink {
  readonly name: string
  readonly sessionId: string
  readonly #writer: FrameLogWriter
  readonly #onEnd: (reason: string) => void
  #ended = false
  /** Set by the connection: another publisher or an operator ends this one. */
  onKick: (reason: string) => void = () => {}
  /** Set by the hub: nothing uses the frames between two passes over the viewers of this worker. */
  isForPasses: () => boolean = () => false

  constructor(name: string, sessionId: string, writer: FrameLogWriter, onEnd: (reason: string) => void) {
    this.name = name
    this.sessionId = sessionId
    this.#writer = writer
    this.#onEnd = onEnd
  }

  onTrack(track: Track): void {
    if (!this.#ended) this.#writer.onTrack(track)
  }
  onFrame(frame: Frame): void {
    if (!this.#ended) this.#writer.onFrame(frame)
  }
  /** The frames of one read go on together: what follows them is woken once. */
  gather(work: () => void): void {
    this.#writer.gather(work)
  }
  /** Nobody sees what comes while this is true; then all at once. */
  holdBack(isHeldBack: boolean): void {
    this.#writer.holdBack(isHeldBack)
  }
  /** Idempotent. */
  end(reason: string): void {
    if (this.#ended) return
    this.#ended = true
    this.#writer.log.end()
    this.#onEnd(reason)
  }
  kick(reason: string): void {
    if (this.#ended) return
    this.end(reason)
    this.onKick(reason)
  }
}
