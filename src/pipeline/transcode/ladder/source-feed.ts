import type { Frame, Track } from '../../../media/model/index.ts'
import type { FrameContext, LiveStream, StartPoint, StreamConsumer } from '../../stream/index.ts'
import { MESSAGE } from '../channel/job-messages.ts'
import type { CodecJob } from '../parent/codec-job.ts'
import { type FeedFrom, type FeedStart, PastFrames } from './past-frames.ts'

export type FeedOptions = {
  readonly job: Pick<CodecJob, 'send'>
  /** A codec process that has had a frame for so long and is not done with it does not follow. */
  readonly maxLagMs: number
  readonly nowMs: () => number
  /** The next frame does not continue the one before it: the source says so, or frames were left out. */
  readonly onGap: () => void
  readonly onEnd: () => void
}

const MAX_BACKLOG_BYTES = 48 * 2 ** 20

/**
 * Gives the frames of a live stream to a codec job. Where the job does not follow, frames are left out up to the next
 * keyframe: a rendition may have gaps, its source and this worker never wait for it.
 */
export class SourceFeed implements StreamConsumer {
  droppedCount = 0
  readonly #options: FeedOptions
  #stream: LiveStream | undefined
  #stop: Disposable | undefined
  /** Frames that the log still held, until the job knows what to make of them. */
  #past: PastFrames | undefined
  #sent: { readonly atMs: number; readonly bytes: number }[] = []
  #doneCount = 0
  #backlogBytes = 0
  #isDropping = false
  /** Older frames come all at once at the start: so much later it may be done with them. */
  #creditMs = 0
  /** For the first keyframe. */
  #isWaiting = false

  constructor(options: FeedOptions) {
    this.#options = options
  }

  /** Time since the oldest frame was sent that the job is not done with. */
  get lagMs(): number {
    const oldest = this.#sent[this.#doneCount]
    return oldest ? this.#options.nowMs() - oldest.atMs : 0
  }

  /**
   * Starts with a keyframe in the log of `stream`, or with the next that comes. `begin` is called in between: after what
   * there is, is known, and before any of it is sent.
   */
  attach(stream: LiveStream, from: FeedFrom, begin: (start: FeedStart) => void): void {
    const past = new PastFrames()
    this.#stream = stream
    this.#past = past
    this.#stop = stream.add(this, typeof from === 'object' ? from : undefined)
    this.#past = undefined
    const start = past.start(from)
    begin(start)
    this.#isWaiting = from === 'next-keyframe'
    if (this.#isWaiting) return
    this.#creditMs = ((start.newestTicks ?? 0) - (start.keyTicks ?? 0)) / 90
    for (const frame of past.frames) this.#send(frame, frame.data)
  }
  /**
   * Gives a rung that starts later than the job older frames, up to where the job is. `begin` is called before, with
   * what there is; where there is nothing to give, it is not.
   */
  lead(slot: number, from: StartPoint, begin: (start: FeedStart) => void): void {
    if (!this.#stream || this.#isDropping || this.#isWaiting) return
    const past = new PastFrames()
    this.#stream.add(past, from)[Symbol.dispose]()
    if (past.frames.length === 0) return
    begin(past.start(from))
    for (const { data, ...header } of past.frames) this.#options.job.send(MESSAGE.leadFrame, { slot, ...header }, data)
  }
  /** The job is done with so many more frames. */
  consumed(count: number): void {
    for (let i = 0; i < count; i++) this.#backlogBytes -= this.#sent[this.#doneCount + i]?.bytes ?? 0
    this.#doneCount = Math.min(this.#sent.length, this.#doneCount + count)
    if (this.#doneCount < 256 && this.#doneCount < this.#sent.length) return
    this.#sent = this.#sent.slice(this.#doneCount)
    this.#doneCount = 0
  }
  stop(): void {
    this.#stop?.[Symbol.dispose]()
  }

  onTracks(tracks: readonly Track[]): void {
    this.#past?.onTracks(tracks)
    for (const { config, ...track } of tracks)
      this.#options.job.send(MESSAGE.inputTrack, { track }, Uint8Array.from(config))
  }
  onFrame(frame: Frame, context: FrameContext): void {
    const { isJoin } = context
    if (this.#past) return this.#past.onFrame(frame, context)
    if (this.#isWaiting && !isJoin) return
    this.#isWaiting = false
    if (!this.#isTaken(isJoin)) {
      this.droppedCount++
      return
    }
    this.#send(frame, frame.data.slice())
  }
  onDiscontinuity(): void {
    this.#options.onGap()
  }
  onEnd(): void {
    this.#options.onEnd()
  }

  #isTaken(isJoin: boolean): boolean {
    const { maxLagMs } = this.#options
    if (this.lagMs < maxLagMs / 2) this.#creditMs = 0
    if (!this.#isDropping) {
      this.#isDropping = this.lagMs > maxLagMs + this.#creditMs || this.#backlogBytes > MAX_BACKLOG_BYTES
      return !this.#isDropping
    }
    if (!isJoin || this.lagMs > maxLagMs / 2) return false
    this.#isDropping = false
    this.#options.onGap()
    return true
  }
  #send({ data: _, ...header }: Frame, data: Uint8Array): void {
    this.#sent.push({ atMs: this.#options.nowMs(), bytes: data.length })
    this.#backlogBytes += data.length
    this.#options.job.send(MESSAGE.inputFrame, header, data)
  }
}
