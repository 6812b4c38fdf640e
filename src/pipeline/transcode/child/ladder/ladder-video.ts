import type { Frame, VideoTrack } from '../../../../media/model/index.ts'
import type { Av } from '../av.ts'
import { FrameRateProbe } from './frame-rate-probe.ts'
import type { Rung } from './rung.ts'
import { RungVideo } from './rung-video.ts'
import type { PictureWatch } from './stream-watch.ts'
import { UprightPicture } from './upright-picture.ts'
import { type OnPicture, VideoDecoding } from './video-decoding.ts'

type OnFailure = (rung: Rung, error: unknown) => void
type Encoded = { readonly rung: Rung; readonly video: RungVideo }

/** The video of all rungs: one decoder, one upright picture, an encoder for each rung that needs one. */
export class LadderVideo implements Disposable {
  /** Sees every picture of the source. */
  watch: PictureWatch | undefined
  readonly #av: Av
  readonly #onFailure: OnFailure
  readonly #onNotice: (text: string) => void
  readonly #copies = new Set<Rung>()
  readonly #encoded = new Map<number, Encoded>()
  #track: VideoTrack | undefined
  #clockwiseDegrees = 0
  #decoding: VideoDecoding | undefined
  #upright: UprightPicture | undefined
  #rate = new FrameRateProbe()

  constructor(av: Av, onFailure: OnFailure, onNotice: (text: string) => void) {
    this.#av = av
    this.#onFailure = onFailure
    this.#onNotice = onNotice
  }

  /** Pictures that came out of the decoder. */
  decodedCount = 0

  get damagedCount(): number {
    return this.#decoding?.damagedCount ?? 0
  }
  setTrack(track: VideoTrack, clockwiseDegrees: number): void {
    if (this.#track) for (const frame of this.#rate.flush()) this.#decode(frame, this.#track)
    this.#closeDecoder()
    this.#track = track
    this.#clockwiseDegrees = clockwiseDegrees
    this.#rate = new FrameRateProbe(track.frameRate)
    for (const rung of this.#copies) rung.copyTrack(track)
  }
  add(rung: Rung): void {
    const { video: order } = rung.order
    if (order?.codec === 'copy') this.#copies.add(rung)
    else if (order) {
      const target = { ...order, codec: order.codec, frameRate: () => this.#rate.framesPerSecond }
      const video = new RungVideo(this.#av, target, rung.videoTrackId, rung)
      if (video.notice !== undefined) this.#onNotice(video.notice)
      this.#encoded.set(rung.slot, { rung, video })
    }
  }
  setHalved(slot: number, isHalved: boolean): void {
    this.#encoded.get(slot)?.video.setHalved(isHalved)
  }
  /** The rung gives out what it has and is gone. */
  remove(rung: Rung): void {
    this.#copies.delete(rung)
    const found = this.#encoded.get(rung.slot)
    this.#encoded.delete(rung.slot)
    if (!found) return
    this.#attempt(found, () => found.video.flush())
    found.video[Symbol.dispose]()
  }

  frame(frame: Frame): void {
    const track = this.#track
    if (!track) return
    for (const rung of this.#copies) rung.copyVideo(frame, track)
    if (this.#encoded.size === 0 && !this.watch) return this.#closeDecoder()
    for (const each of this.#rate.push(frame)) this.#decode(each, track)
  }
  #decode(frame: Frame, track: VideoTrack): void {
    if (!this.#decoding && !frame.isKey) return
    this.#decoding ??= new VideoDecoding(this.#av, track)
    this.#decoding.decode(frame, this.#onPicture)
  }
  /** Everything that is still in the decoder and the encoders. */
  flush(): void {
    if (this.#track) for (const frame of this.#rate.flush()) this.#decode(frame, this.#track)
    this.#decoding?.flush(this.#onPicture)
    this.#upright?.flush(this.#onUpright)
    for (const each of [...this.#encoded.values()]) this.#attempt(each, () => each.video.flush())
  }
  [Symbol.dispose](): void {
    this.#decoding?.[Symbol.dispose]()
    this.#upright?.[Symbol.dispose]()
    for (const { video } of this.#encoded.values()) video[Symbol.dispose]()
  }

  readonly #onPicture: OnPicture = (decoded, isKey) => {
    this.decodedCount++
    this.#upright ??= new UprightPicture(this.#av, this.#clockwiseDegrees)
    this.#upright.push(decoded, isKey, this.#onUpright)
  }
  readonly #onUpright: OnPicture = (picture, isKey) => {
    this.watch?.push(picture)
    for (const each of [...this.#encoded.values()]) {
      if (!each.rung.isWanted(Number(picture.pts), 90_000)) continue
      this.#attempt(each, () => each.video.push(picture, isKey))
    }
  }
  #attempt(each: Encoded, work: () => void): void {
    const startedMs = performance.now()
    try {
      work()
    } catch (error) {
      this.#encoded.delete(each.rung.slot)
      each.video[Symbol.dispose]()
      this.#onFailure(each.rung, error)
    }
    each.rung.busyMs += performance.now() - startedMs
  }
  #closeDecoder(): void {
    this.#decoding?.flush(this.#onPicture)
    this.#upright?.flush(this.#onUpright)
    this.#decoding?.[Symbol.dispose]()
    this.#upright?.[Symbol.dispose]()
    this.#decoding = undefined
    this.#upright = undefined
  }
}
