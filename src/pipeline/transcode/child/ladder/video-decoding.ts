import type { Frame, VideoTrack } from '../../../../media/model/index.ts'
import type { Av } from '../av.ts'
import { openVideoDecoder } from '../open-decoder.ts'

type NativeFrame = InstanceType<Av['Frame']>
/** `picture` is the decoder's again after the call; its pts are ticks of the source. */
export type OnPicture = (picture: NativeFrame, isKey: boolean) => void

/** Keyframes whose pictures have not come out; more are not waited for. */
const MAX_KEYS = 64
/** AV_NOPTS_VALUE. */
const NO_TIME = -(2n ** 63n)

/** The one decoder of a source's video. */
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

  decode(frame: Frame, onPicture: OnPicture): void {
    const packet = this.#packet
    packet.data = Buffer.from(frame.data)
    packet.pts = BigInt(frame.ptsTicks)
    packet.dts = BigInt(frame.dtsTicks)
    packet.isKeyframe = frame.isKey
    if (frame.isKey) this.#noteKey(frame.ptsTicks)
    if (this.#context.sendPacketSync(packet) < 0) this.damagedCount++
    packet.unref()
    this.#drain(onPicture)
  }
  /** Gives out what is still inside; the decoder can go on afterwards. */
  flush(onPicture: OnPicture): void {
    this.#context.sendPacketSync(null)
    this.#drain(onPicture)
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
  #drain(onPicture: OnPicture): void {
    const frame = this.#frame
    while (this.#context.receiveFrameSync(frame) >= 0) {
      const time = frame.bestEffortTimestamp
      if (frame.decodeErrorFlags !== 0 || frame.hasFlags(this.#av.AV_FRAME_FLAG_CORRUPT)) this.damagedCount++
      if (time !== NO_TIME) {
        frame.pts = time
        onPicture(frame, this.#keyTicks.delete(Number(time)))
      }
      frame.unref()
    }
  }
}
