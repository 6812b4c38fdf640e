import type { Frame, Ticks, Track } from '../../../media/model/index.ts'
import type { FrameContext, StreamConsumer } from '../../stream/index.ts'

type Held = { readonly frame: Frame; readonly context: FrameContext }

/**
 * Holds each video frame until the next of its track gives it an exact duration, for formats that write durations.
 * Audio passes at once. Held frames are copies.
 */
export class OneFrameLate implements StreamConsumer {
  readonly #next: StreamConsumer
  readonly #held = new Map<number, Held>()
  #video = new Set<number>()

  constructor(next: StreamConsumer) {
    this.#next = next
  }

  onTracks(tracks: readonly Track[]): void {
    this.#release()
    this.#video = new Set(tracks.filter((track) => track.kind === 'video').map((track) => track.id))
    this.#next.onTracks(tracks)
  }
  onFrame(frame: Frame, context: FrameContext): void {
    if (!this.#video.has(frame.trackId)) return this.#next.onFrame(frame, context)
    const before = this.#held.get(frame.trackId)
    this.#held.set(frame.trackId, { frame: { ...frame, data: frame.data.slice() }, context })
    if (!before) return
    const durationTicks = Math.max(0, frame.dtsTicks - before.frame.dtsTicks) as Ticks
    this.#next.onFrame({ ...before.frame, durationTicks }, before.context)
  }
  onDiscontinuity(): void {
    this.#release()
    this.#next.onDiscontinuity()
  }
  onEnd(): void {
    this.#release()
    this.#next.onEnd()
  }

  #release(): void {
    for (const { frame, context } of this.#held.values()) this.#next.onFrame(frame, context)
    this.#held.clear()
  }
}
