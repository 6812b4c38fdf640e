import type { Frame, VideoTrack } from '../../../../media/model/index.ts'
import type { Av } from '../av.ts'
import { openVideoDecoder } from '../open-decoder.ts'

type NativeFrame = InstanceType<Av['Frame']>
/** `picture` is the decoder's again when it resolves; its pts are ticks of the source. */
export type OnPicture = (picture: NativeFrame, isKey: boolean) => Promise<void>

/** Keyframes whose pictures have not come out; more are not waited for. */
const MAX_KEYS = 64
/** AV_NOPTS_VALUE. */
const NO_TIME = -(2n ** 63n)

/** The one decoder of a source's video. It works on another thread; one call at a time. */
export class VideoDecoding implements Disposable {
  damagedCount = 0
  readonly #av: Av
  readonly #context
  readonly #packet
  readonly #frame
  /** When the pictures of keyframes are presented. */
  readonly #keyTicks = new Set<number>()

  constructor(av: Av, track: VideoTrack) {
    this.#av = av
    this.#context = openVideoDecoder(av, track)
    this.#packet = new av.Packet()
    this.#packet.alloc()
    this.#frame = new av.Frame()
    this.#frame.alloc()
  }

  async decode(frame: Frame, onPicture: OnPicture): Promise<void> {
    const packet = this.#packet
    packet.data = Buffer.from(frame.data)
    packet.pts = BigInt(frame.ptsTicks)
    packet.dts = BigInt(frame.dtsTicks)
    packet.isKeyframe = frame.isKey
    if (frame.isKey) this.#noteKey(frame.ptsTicks)
    if ((await this.#context.sendPacket(packet)) < 0) this.damagedCount++
    packet.unref()
    await this.#drain(onPicture)
  }
  /** Gives out what is still inside; the decoder can go on afterwards. */
  async flush(onPicture: OnPicture): Promise<void> {
    await this.#context.sendPacket(null)
    await this.#drain(onPicture)
    this.#context.flushBuffers()
    this.#keyTicks.clear()
  }
  [Symbol.dispose](): void {
    this.#packet.free()
    this.#frame.free()
    this.#context.freeContext()
  }

  #noteKey(ticks: number): void {
    this.#keyTicks.add(ticks)
    for (const oldest of this.#keyTicks) if (this.#keyTicks.size > MAX_KEYS) this.#keyTicks.delete(oldest)
  }
  async #drain(onPicture: OnPicture): Promise<void> {
    const frame = this.#frame
    while (this.#context.receiveFrameSync(frame) >= 0) {
      const time = frame.bestEffortTimestamp
      if (frame.decodeErrorFlags !== 0 || frame.hasFlags(this.#av.AV_FRAME_FLAG_CORRUPT)) this.damagedCount++
      if (time !== NO_TIME) {
        frame.pts = time
        await onPicture(frame, this.#keyTicks.delete(Number(time)))
      }
      frame.unref()
    }
  }
}
