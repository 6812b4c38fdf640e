import { fitPicture, VIDEO_CLOCK_HZ, type VideoCodecId } from '../../../../media/model/index.ts'
import type { VideoOrder } from '../../channel/job-messages.ts'
import type { Av } from '../av.ts'
import { FilterChain, type FilterStep } from '../filter-chain.ts'
import { FrameRateLimit } from './frame-rate-limit.ts'
import { chooseEncoder, type EncoderChoice } from './hardware-encoders.ts'
import { overlaySteps } from './overlay.ts'
import { pictureSource } from './picture-source.ts'
import { type EncodingSink, VideoEncoding } from './video-encoding.ts'

type NativeFrame = InstanceType<Av['Frame']>
export type EncodedVideoOrder = VideoOrder & {
  readonly codec: VideoCodecId
  /** Of the source; asked for when its first picture is there. */
  readonly frameRate: () => number
}

/**
 * The picture of one rung: which frames, how large, and the encoder. Follows a source that changes its shape. One call
 * at a time, and none to dispose while one is under way.
 */
export class RungVideo implements Disposable {
  frameCount = 0
  readonly #av: Av
  readonly #order: EncodedVideoOrder
  readonly #trackId: number
  readonly #sink: EncodingSink
  readonly #choice: EncoderChoice
  #isHalved = false
  /** Made with the first picture: the rate of the source is known then. */
  #limit: FrameRateLimit | undefined
  readonly #gopTicks: number
  readonly #scaled
  #chain: FilterChain | undefined
  #encoding: VideoEncoding | undefined
  #shape = ''
  #lastKeyTicks = Number.NEGATIVE_INFINITY

  constructor(av: Av, order: EncodedVideoOrder, trackId: number, sink: EncodingSink) {
    this.#av = av
    this.#order = order
    this.#trackId = trackId
    this.#sink = sink
    this.#choice = chooseEncoder(av, order)
    this.#gopTicks = order.gopMs === 0 ? Number.POSITIVE_INFINITY : (order.gopMs * VIDEO_CLOCK_HZ) / 1000
    this.#scaled = new av.Frame()
    this.#scaled.alloc()
  }

  /** Why it is not the encoder that was ordered. */
  get notice(): string | undefined {
    return this.#choice.notice
  }
  /** Leaves half of the frames out from now on, or no longer. */
  setHalved(isHalved: boolean): void {
    this.#isHalved = isHalved
    this.#limit = undefined
  }
  /** `isKey`: the source has a keyframe here. Throws where the encoder does not do what is ordered. */
  async push(picture: NativeFrame, isKey: boolean): Promise<void> {
    const ticks = Number(picture.pts)
    this.#limit ??= new FrameRateLimit(this.#isHalved ? this.#framesPerSecond / 2 : this.#order.maxFps)
    if (!this.#limit.stays(ticks, isKey)) return
    const chain = await this.#chainFor(picture)
    chain.add(picture)
    for (let taken = await chain.takeLater(this.#scaled); taken >= 0; taken = chain.take(this.#scaled)) {
      await this.#encode(ticks, isKey)
      this.#scaled.unref()
    }
  }
  async flush(): Promise<void> {
    await this.#encoding?.flush()
  }
  [Symbol.dispose](): void {
    this.#chain?.[Symbol.dispose]()
    this.#encoding?.[Symbol.dispose]()
    this.#scaled.free()
  }

  get #framesPerSecond(): number {
    return Math.min(this.#order.frameRate(), this.#order.maxFps ?? Number.POSITIVE_INFINITY)
  }

  async #encode(ticks: number, isSourceKey: boolean): Promise<void> {
    const isFirst = this.#encoding === undefined
    const frameRate = this.#framesPerSecond
    this.#encoding ??= new VideoEncoding(
      this.#av,
      { ...this.#order, frameRate },
      {
        trackId: this.#trackId,
        like: this.#scaled,
        choice: this.#choice,
        sink: this.#sink,
      },
    )
    const isKey = isFirst || isSourceKey || ticks - this.#lastKeyTicks >= this.#gopTicks
    if (isKey) this.#lastKeyTicks = ticks
    this.#scaled.pts = BigInt(ticks)
    await this.#encoding.encode(this.#scaled, isKey ? 'key' : 'delta')
    this.frameCount++
  }

  async #chainFor(picture: NativeFrame): Promise<FilterChain> {
    const source = pictureSource(picture)
    if (this.#chain && source[1] === this.#shape) return this.#chain
    this.#chain?.[Symbol.dispose]()
    await this.#encoding?.flush()
    this.#encoding?.[Symbol.dispose]()
    this.#encoding = undefined
    this.#shape = source[1] ?? ''
    this.#chain = new FilterChain(this.#av, source, this.#steps(picture))
    return this.#chain
  }
  #steps(picture: NativeFrame): FilterStep[] {
    const { num, den } = picture.sampleAspectRatio
    const aspect = num > 0 && den > 0 ? num / den : 1
    const { widthPx, heightPx } = fitPicture({ widthPx: picture.width * aspect, heightPx: picture.height }, this.#order)
    const isScaled = widthPx !== picture.width || heightPx !== picture.height
    const scale: FilterStep[] = isScaled ? [['scale', `${widthPx}:${heightPx}`]] : []
    const overlay = overlaySteps(this.#order, widthPx)
    const plain: FilterStep[] = overlay.length > 0 ? [['format', 'yuv420p'], ...overlay] : []
    return [...scale, ['setsar', '1'], ...plain, ['format', this.#choice.pixelFormat]]
  }
}
