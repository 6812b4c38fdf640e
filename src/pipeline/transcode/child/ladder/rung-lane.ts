import type { Av } from '../av.ts'
import type { Rung } from './rung.ts'
import type { RungVideo } from './rung-video.ts'

type NativeFrame = InstanceType<Av['Frame']>
type Waiting = { readonly picture: NativeFrame; readonly isKey: boolean }

/** Pictures that wait for their turn: enough that no rung idles while the next is decoded. */
const MAX_WAITING = 2

/**
 * The pictures of one rung, scaled and encoded one after the other on threads of the pool, so that the rungs of a ladder
 * work at the same time.
 */
export class RungLane {
  readonly rung: Rung
  readonly video: RungVideo
  readonly #onFailure: (error: unknown) => void
  readonly #waiting: Waiting[] = []
  #working: Promise<void> | undefined
  #onRoom: () => void = () => {}
  #isOver = false
  #newestTicks = -(2n ** 63n)

  /** `onFailure`: once; the lane is closed by then. */
  constructor(rung: Rung, video: RungVideo, onFailure: (error: unknown) => void) {
    this.rung = rung
    this.video = video
    this.#onFailure = onFailure
  }

  /** The picture stays the caller's, its memory is shared. One that is not later than those before is left out. */
  push(picture: NativeFrame, isKey: boolean): void {
    if (picture.pts <= this.#newestTicks) return
    this.#newestTicks = picture.pts
    const own = picture.clone()
    if (!own) throw new Error('no memory for a picture')
    this.#waiting.push({ picture: own, isKey })
    this.#working ??= this.#workOff()
  }
  /** Resolves when it should get another picture. For one who waits. */
  async room(): Promise<void> {
    while (this.#waiting.length >= MAX_WAITING) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#onRoom = resolve
      await promise
    }
  }
  /** Everything that waits, and what the encoder holds. No picture may come afterwards. */
  async flush(): Promise<void> {
    await this.#working
    await this.#attempt(() => this.video.flush())
  }
  /** What waits is dropped. Resolves when nothing runs any more and all memory is free. */
  async close(): Promise<void> {
    const wasOver = this.#isOver
    this.#isOver = true
    await this.#working
    if (!wasOver) this.video[Symbol.dispose]()
  }

  async #workOff(): Promise<void> {
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      this.#onRoom()
      const { picture, isKey } = next
      await this.#attempt(() => this.video.push(picture, isKey))
      picture.free()
    }
    this.#working = undefined
  }
  async #attempt(work: () => Promise<void>): Promise<void> {
    if (this.#isOver) return
    const startedMs = performance.now()
    try {
      await work()
    } catch (error) {
      this.#fail(error)
    }
    this.rung.busyMs += performance.now() - startedMs
  }
  #fail(error: unknown): void {
    // Whoever closes it meanwhile frees it.
    if (this.#isOver) return
    this.#isOver = true
    this.video[Symbol.dispose]()
    this.#onFailure(error)
  }
}
