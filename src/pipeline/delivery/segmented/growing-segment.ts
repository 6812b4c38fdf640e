import type { IndexedPart } from '../../packaging/index.ts'
import { findMedia } from './find-media.ts'
import type { MediaResource } from './segment-address.ts'
import type { HeldBytes, SegmentedView } from './segmented-view.ts'

/** A segment that is sent while it is written: its chunks, one after the other. */
export class GrowingSegment {
  readonly #view: SegmentedView
  readonly #resource: MediaResource
  readonly #timeoutMs: number
  #sentCount = 0

  /** `timeoutMs`: how long to wait for one chunk. */
  constructor(view: SegmentedView, resource: MediaResource, timeoutMs: number) {
    this.#view = view
    this.#resource = resource
    this.#timeoutMs = timeoutMs
  }

  /**
   * What has come since the last call, waiting for it. 'end' behind the last chunk; 'lost' when the bytes are gone or
   * nothing comes: what was sent is then not the whole segment.
   */
  async next(signal: AbortSignal): Promise<HeldBytes | 'end' | 'lost'> {
    const key = `${this.#resource.trackId} chunk ${this.#sentCount}`
    await this.#view.wait(key, () => this.#fresh().length > 0 || this.#isWhole(), this.#timeoutMs, signal)
    if (signal.aborted) return 'lost'
    const fresh = this.#fresh()
    if (fresh.length === 0) return this.#isWhole() ? 'end' : 'lost'
    this.#sentCount += fresh.length
    return this.#view.hold(fresh) ?? 'lost'
  }

  #fresh(): readonly IndexedPart[] {
    const found = findMedia(this.#view.index, this.#resource)
    return found.state === 'whole' || found.state === 'growing' ? found.parts.slice(this.#sentCount) : []
  }
  #isWhole(): boolean {
    return findMedia(this.#view.index, this.#resource).state === 'whole'
  }
}
