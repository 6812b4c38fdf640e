import { LimitExceededError } from '../../../media/errors.ts'
import type { Frame, MediaSink, Track } from '../../../media/model/index.ts'

/** Ten seconds of the demo: a publication takes milliseconds to be granted. */
const MAX_HELD = 1000

/** Holds what comes until there is a sink to give it to. Frames must own their data. */
export class LateSink implements MediaSink {
  #held: ((sink: MediaSink) => void)[] = []
  #sink: MediaSink | undefined

  onTrack(track: Track): void {
    this.#give((sink) => sink.onTrack(track))
  }
  onFrame(frame: Frame): void {
    this.#give((sink) => sink.onFrame(frame))
  }
  open(sink: MediaSink): void {
    this.#sink = sink
    for (const give of this.#held.splice(0)) give(sink)
  }

  #give(give: (sink: MediaSink) => void): void {
    if (this.#sink) return give(this.#sink)
    if (this.#held.length >= MAX_HELD) throw new LimitExceededError('the publication was not granted in time')
    this.#held.push(give)
  }
}
