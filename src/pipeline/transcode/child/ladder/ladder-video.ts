import type { Frame, VideoTrack } from '../../../../media/model/index.ts'
import type { Av } from '../av.ts'
import { FrameRateProbe } from './frame-rate-probe.ts'
import type { Rung } from './rung.ts'
import { RungLane } from './rung-lane.ts'
import { RungVideo } from './rung-video.ts'
import type { PictureWatch } from './stream-watch.ts'
import { UprightPicture } from './upright-picture.ts'
import { type OnPicture, VideoDecoding } from './video-decoding.ts'

type OnFailure = (rung: Rung, error: unknown) => void

/**
 * The video of all rungs: one decoder, one upright picture, an encoder for each rung that needs one. They all work at
 * the same time; calls that give a promise are made one after the other.
 */
export class LadderVideo implements AsyncDisposable {
  /** Sees every picture of the source. */
  watch: PictureWatch | undefined
  readonly #av: Av
  readonly #onFailure: OnFailure
  readonly #onNotice: (text: string) => void
  readonly #copies = new Set<Rung>()
  readonly #lanes = new Map<number, RungLane>()
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
  async setTrack(track: VideoTrack, clockwiseDegrees: number): Promise<void> {
    if (this.#track) for (const frame of this.#rate.flush()) await this.#decode(frame, this.#track)
    await this.#closeDecoder()
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
      const onFailure = (error: unknown) => this.#failed(rung, error)
      this.#lanes.set(rung.slot, new RungLane(rung, video, onFailure))
    }
  }
  /** Takes over the rungs of `other`, which has been given the same frames and whose next one is a keyframe. */
  async adopt(other: LadderVideo): Promise<void> {
    await other.#closeDecoder()
    for (const [slot, lane] of other.#lanes) this.#lanes.set(slot, lane)
    for (const rung of other.#copies) this.#copies.add(rung)
    other.#lanes.clear()
    other.#copies.clear()
  }
  setHalved(slot: number, isHalved: boolean): void {
    this.#lanes.get(slot)?.video.setHalved(isHalved)
  }
  /** The rung gives out what it has and is gone. */
  async remove(rung: Rung): Promise<void> {
    this.#copies.delete(rung)
    const lane = this.#lanes.get(rung.slot)
    this.#lanes.delete(rung.slot)
    await lane?.flush()
    await lane?.close()
  }
  #failed(rung: Rung, error: unknown): void {
    this.#lanes.delete(rung.slot)
    this.#onFailure(rung, error)
  }

  /** Resolves when the next frame is welcome. */
  async frame(frame: Frame): Promise<void> {
    const track = this.#track
    if (!track) return
    for (const rung of this.#copies) rung.copyVideo(frame, track)
    if (this.#lanes.size === 0 && !this.watch) return await this.#closeDecoder()
    for (const each of this.#rate.push(frame)) await this.#decode(each, track)
  }
  async #decode(frame: Frame, track: VideoTrack): Promise<void> {
    if (!this.#decoding && !frame.isKey) return
    this.#decoding ??= new VideoDecoding(this.#av, track)
    await this.#decoding.decode(frame, this.#onPicture)
  }
  /** Everything that is still in the decoder and the encoders. */
  async flush(): Promise<void> {
    if (this.#track) for (const frame of this.#rate.flush()) await this.#decode(frame, this.#track)
    await this.#decoding?.flush(this.#onPicture)
    await this.#upright?.flush(this.#onUpright)
    await Promise.all([...this.#lanes.values()].map((lane) => lane.flush()))
  }
  async [Symbol.asyncDispose](): Promise<void> {
    this.#decoding?.[Symbol.dispose]()
    this.#upright?.[Symbol.dispose]()
    await Promise.all([...this.#lanes.values()].map((lane) => lane.close()))
  }

  readonly #onPicture: OnPicture = async (decoded, isKey) => {
    this.decodedCount++
    this.#upright ??= new UprightPicture(this.#av, this.#clockwiseDegrees)
    await this.#upright.push(decoded, isKey, this.#onUpright)
  }
  readonly #onUpright: OnPicture = async (picture, isKey) => {
    this.watch?.push(picture)
    const takers = [...this.#lanes.values()].filter(({ rung }) => rung.isWanted(Number(picture.pts), 90_000))
    for (const lane of takers) lane.push(picture, isKey)
    await Promise.all(takers.map((lane) => lane.room()))
  }
  async #closeDecoder(): Promise<void> {
    await this.#decoding?.flush(this.#onPicture)
    await this.#upright?.flush(this.#onUpright)
    this.#decoding?.[Symbol.dispose]()
    this.#upright?.[Symbol.dispose]()
    this.#decoding = undefined
    this.#upright = undefined
  }
}
