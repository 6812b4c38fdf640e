import type { Frame, Track } from '../../../media/model/index.ts'
import type { DemoPublication } from '../demo/demo-publisher.ts'

/** A publication that keeps everything and offers its events to wait for. */
export class RecordedPublication implements DemoPublication {
  onKick: (reason: string) => void = () => {}
  readonly tracks: Track[] = []
  readonly frames: Frame[] = []
  readonly #end = Promise.withResolvers<string>()
  readonly #waiting: { done: () => boolean; resolve: () => void }[] = []

  onTrack(track: Track): void {
    this.tracks.push(track)
  }
  onFrame(frame: Frame): void {
    this.frames.push(frame)
    for (const { done, resolve } of this.#waiting) if (done()) resolve()
  }
  end(reason: string): void {
    this.#end.resolve(reason)
  }

  get ended(): Promise<string> {
    return this.#end.promise
  }
  get video(): readonly Frame[] {
    return this.frames.filter((frame) => frame.trackId === 1)
  }
  get audio(): readonly Frame[] {
    return this.frames.filter((frame) => frame.trackId === 2)
  }
  get keyframes(): readonly Frame[] {
    return this.video.filter((frame) => frame.isKey)
  }
  /** Resolves when `done` holds; asked at every frame. */
  until(done: () => boolean): Promise<void> {
    if (done()) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push({ done, resolve }))
  }
}
