import type { Frame, MediaSink, Track } from '../../../media/model/index.ts'

/** A sink that may be slower than its source. */
export interface AssetSink extends MediaSink {
  /** Asked after every frame: resolves when more is taken; undefined where it is at once. Rejects where it never is. */
  room?(): Promise<void> | undefined
}

/** What gives frames and can wait. */
export interface PausableSource {
  pause(): void
  resume(): void
}

type Item = { readonly track: Track } | { readonly frame: Frame }

/** Gives a sink no more than it has room for, and lets the source wait for it. Frames belong to it. */
export class PacedSink implements MediaSink {
  readonly #sink: AssetSink
  readonly #source: PausableSource
  readonly #onFailed: (error: unknown) => void
  #waiting: Item[] = []
  #isPaused = false
  #hasFailed = false
  #onEmpty: () => void = () => {}

  /** `onFailed`: the sink takes no more, ever. */
  constructor(sink: AssetSink, source: PausableSource, onFailed: (error: unknown) => void) {
    this.#sink = sink
    this.#source = source
    this.#onFailed = onFailed
  }

  onTrack(track: Track): void {
    this.#push({ track })
  }
  onFrame(frame: Frame): void {
    this.#push({ frame })
  }
  /** Calls back, once, when the sink has everything. Not where it fails. */
  whenEmpty(done: () => void): void {
    this.#onEmpty = done
    if (!this.#isPaused) done()
  }

  #push(item: Item): void {
    if (this.#hasFailed) return
    if (this.#isPaused) this.#waiting.push(item)
    else this.#give(item)
  }
  #give(item: Item): void {
    if ('track' in item) return this.#sink.onTrack(item.track)
    this.#sink.onFrame(item.frame)
    const room = this.#sink.room?.()
    if (!room) return
    if (!this.#isPaused) this.#source.pause()
    this.#isPaused = true
    room.then(
      () => this.#goOn(),
      (error) => this.#fail(error),
    )
  }
  #goOn(): void {
    this.#isPaused = false
    const waiting = this.#waiting
    this.#waiting = []
    let next = 0
    try {
      while (next < waiting.length && !this.#isPaused) this.#push(waiting[next++] as Item)
    } catch (error) {
      return this.#fail(error)
    }
    this.#waiting = waiting.slice(next)
    if (this.#isPaused) return
    this.#source.resume()
    this.#onEmpty()
  }
  #fail(error: unknown): void {
    this.#hasFailed = true
    this.#waiting = []
    this.#source.resume()
    this.#onFailed(error)
  }
}
