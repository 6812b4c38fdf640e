import type { Frame, Track } from '../../../media/model/index.ts'
import type { LiveStream, StartPoint } from '../../stream/index.ts'
import { MESSAGE, type Progress, type RungOrder, type WatchEvent } from '../channel/job-messages.ts'
import type { CodecJob, JobEnd } from '../parent/codec-job.ts'
import type { CodecProcess } from '../parent/codec-process.ts'
import type { FeedFrom, FeedStart } from './past-frames.ts'
import { SourceFeed } from './source-feed.ts'

export type LadderRunOptions = {
  readonly codec: CodecProcess
  readonly stream: LiveStream
  readonly from: FeedFrom
  readonly maxLagMs: number
  readonly frozenMs: number
  readonly maxProcessBytes: number
  readonly nowMs: () => number
}

export interface LadderRunEvents {
  /** The process is ready: what shall it make of a source that stands here? */
  onBegin(start: FeedStart): readonly RungOrder[]
  onTrack(track: Track): void
  onFrame(frame: Frame): void
  onProgress(progress: Progress): void
  onRungFailed(slot: number, problem: string): void
  onNotice(text: string): void
  onWatched(event: WatchEvent): void
  /** What comes next does not continue what came before. */
  onGap(): void
  onSourceEnd(): void
  /** Not after `stop`. */
  onEnd(end: JobEnd): void
}

/** One life of a source's job in a codec process: fed by the stream, watched, and over when the process is. */
export class LadderRun {
  readonly #options: LadderRunOptions
  readonly #events: LadderRunEvents
  readonly #job: CodecJob
  readonly #feed: SourceFeed
  #lastSignMs: number
  #isStarted = false
  #isStopped = false

  constructor(options: LadderRunOptions, events: LadderRunEvents) {
    this.#options = options
    this.#events = events
    this.#lastSignMs = options.nowMs()
    this.#job = options.codec.run({ request: { kind: 'ladder' } }, this.#sink())
    this.#feed = new SourceFeed({
      job: this.#job,
      maxLagMs: options.maxLagMs,
      nowMs: options.nowMs,
      onGap: () => events.onGap(),
      onEnd: () => events.onSourceEnd(),
    })
  }

  get isStarted(): boolean {
    return this.#isStarted
  }
  get droppedCount(): number {
    return this.#feed.droppedCount
  }
  get lagMs(): number {
    return this.#feed.lagMs
  }
  setRungs(rungs: readonly RungOrder[]): void {
    this.#job.send(MESSAGE.rungs, { rungs })
  }
  /** Older frames for a rung that the job is about to be told of by `begin`. */
  lead(slot: number, at: StartPoint, begin: (start: FeedStart) => void): void {
    this.#feed.lead(slot, at, begin)
  }
  stop(): void {
    this.#isStopped = true
    this.#feed.stop()
    this.#job.cancel()
  }
  /** Ends a process that has work and gives no sign. Call often. */
  watch(): void {
    const { frozenMs, nowMs, codec } = this.#options
    if (!this.#isStarted || this.#feed.lagMs < frozenMs || nowMs() - this.#lastSignMs < frozenMs) return
    codec.kill(`it gave no sign for ${frozenMs} ms`)
  }

  #sink() {
    const alive = () => !this.#isStopped
    return {
      onStarted: () => alive() && this.#start(),
      onTrack: (track: Track) => alive() && this.#events.onTrack(track),
      onFrame: (frame: Frame) => {
        this.#lastSignMs = this.#options.nowMs()
        if (alive()) this.#events.onFrame(frame)
      },
      onProgress: (progress: Progress) => alive() && this.#onProgress(progress),
      onWatched: (event: WatchEvent) => alive() && this.#events.onWatched(event),
      onNotice: (text: string) => alive() && this.#events.onNotice(text),
      onRungFailed: (slot: number, problem: string) => alive() && this.#events.onRungFailed(slot, problem),
      onEnd: (end: JobEnd) => {
        this.#feed.stop()
        if (alive()) this.#events.onEnd(end)
      },
    }
  }
  #start(): void {
    this.#isStarted = true
    this.#lastSignMs = this.#options.nowMs()
    this.#feed.attach(this.#options.stream, this.#options.from, (start) => this.setRungs(this.#events.onBegin(start)))
  }
  #onProgress(progress: Progress): void {
    this.#lastSignMs = this.#options.nowMs()
    this.#feed.consumed(progress.consumed)
    const { maxProcessBytes, codec } = this.#options
    if (progress.rssBytes > maxProcessBytes) {
      codec.kill(`it holds ${Math.round(progress.rssBytes / 2 ** 20)} MiB, more than transcode.maxProcessBytes`)
    }
    this.#events.onProgress(progress)
  }
}
