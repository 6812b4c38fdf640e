import type { Frame, Track } from '../../../media/model/index.ts'
import type { FrameContext, StartPoint, StreamConsumer } from '../../stream/index.ts'

/** What the source's frame log held at the start, and from when on it is wanted, if somebody said; 90 kHz. */
export type FeedStart = {
  /** Of the keyframe that is decoded first. */
  readonly keyTicks: number | undefined
  readonly newestTicks: number | undefined
  readonly wantedTicks?: number
}
export type FeedFrom = 'newest-keyframe' | 'next-keyframe' | StartPoint

/** Copies of the frames that a stream's log still holds: what a consumer is given when it is added. */
export class PastFrames implements StreamConsumer {
  readonly frames: Frame[] = []
  readonly #clocksHz = new Map<number, number>()
  #keyTicks: number | undefined
  #newestTicks: number | undefined

  onTracks(tracks: readonly Track[]): void {
    for (const { id, clockRateHz } of tracks) this.#clocksHz.set(id, clockRateHz)
  }
  onFrame(frame: Frame, { isJoin }: FrameContext): void {
    const ticks = (frame.ptsTicks * 90_000) / (this.#clocksHz.get(frame.trackId) ?? 90_000)
    if (isJoin) this.#keyTicks ??= ticks
    this.#newestTicks = Math.max(this.#newestTicks ?? ticks, ticks)
    this.frames.push({ ...frame, data: frame.data.slice() })
  }
  onDiscontinuity(): void {}
  onEnd(): void {}

  start(from: FeedFrom): FeedStart {
    const [keyTicks, newestTicks] = [this.#keyTicks, this.#newestTicks]
    if (typeof from === 'string' || newestTicks === undefined) return { keyTicks, newestTicks }
    return { keyTicks, newestTicks, wantedTicks: 'atMs' in from ? from.atMs * 90 : newestTicks - from.backMs * 90 }
  }
}
