import { VIDEO_CLOCK_HZ, type VideoCodecId } from '../../../../media/model/index.ts'
import type { VideoOrder } from '../../channel/job-messages.ts'
import { type Av, checked } from '../av.ts'
import type { EncodedFrame, EncodedTrack } from '../job-output.ts'
import { type EncoderChoice, nativeFormat } from './hardware-encoders.ts'
import { VaapiSurfaces } from './vaapi-surfaces.ts'
import type { VideoEncoderKind } from './video-encoders.ts'

type NativeFrame = InstanceType<Av['Frame']>

export type EncodingSink = {
  onTrack(track: EncodedTrack): void
  onFrame(frame: EncodedFrame): void
}

/** The rate buffer holds so much. */
const BUFFER_SECONDS = 1.5

/** One encoder for pictures of one shape. Times are 90 kHz ticks, as irregular as the source has them. */
export class VideoEncoding implements Disposable {
  readonly #av: Av
  readonly #kind: VideoEncoderKind
  readonly #codec: VideoCodecId
  readonly #trackId: number
  readonly #sink: EncodingSink
  readonly #surfaces: VaapiSurfaces | undefined
  readonly #context
  readonly #packet
  readonly #shape: { readonly widthPx: number; readonly heightPx: number; readonly frameRate: number }
  #isAnnounced = false

  /** `like`: a frame of the kind that will come. */
  constructor(
    av: Av,
    order: VideoOrder & { readonly codec: VideoCodecId; readonly frameRate: number },
    {
      trackId,
      like,
      choice,
      sink,
    }: {
      readonly trackId: number
      readonly like: NativeFrame
      readonly choice: EncoderChoice
      readonly sink: EncodingSink
    },
  ) {
    this.#av = av
    this.#kind = choice.kind
    this.#codec = order.codec
    this.#trackId = trackId
    this.#sink = sink
    this.#shape = { widthPx: like.width, heightPx: like.height, frameRate: order.frameRate }
    this.#surfaces = choice.surfaces && new VaapiSurfaces(av, this.#shape)
    this.#context = openEncoder(av, choice, order, { like, surfaces: this.#surfaces })
    this.#packet = new av.Packet()
    this.#packet.alloc()
  }

  /** On another thread; nothing else may be done with it, or with `picture`, until it resolves. */
  async encode(picture: NativeFrame, kind: 'key' | 'delta'): Promise<void> {
    const av = this.#av
    picture.pictType = kind === 'key' ? av.AV_PICTURE_TYPE_I : av.AV_PICTURE_TYPE_NONE
    const input = this.#surfaces?.upload(picture) ?? picture
    // The work is done here: FFmpeg has the packet ready when it returns.
    checked(av, await this.#context.sendFrame(input), this.#kind.name)
    this.#drain()
  }
  /** What the encoder still holds. Nothing may be encoded afterwards. */
  async flush(): Promise<void> {
    await this.#context.sendFrame(null)
    this.#drain()
  }
  [Symbol.dispose](): void {
    this.#packet.free()
    this.#context.freeContext()
    this.#surfaces?.[Symbol.dispose]()
  }

  #drain(): void {
    const packet = this.#packet
    while (this.#context.receivePacketSync(packet) >= 0) {
      const data = this.#kind.frame(Uint8Array.from(packet.data ?? []))
      if (packet.isKeyframe && !this.#isAnnounced) this.#announce(data)
      this.#sink.onFrame({
        trackId: this.#trackId,
        ptsTicks: Number(packet.pts),
        dtsTicks: Number(packet.dts),
        durationTicks: 0,
        isKey: packet.isKeyframe,
        data,
      })
      packet.unref()
    }
  }
  #announce(key: Uint8Array): void {
    this.#isAnnounced = true
    const config = this.#kind.config(Uint8Array.from(this.#context.extraData ?? []), key)
    this.#sink.onTrack({ id: this.#trackId, kind: 'video', codec: this.#codec, config, ...this.#shape })
  }
}

function openEncoder(
  av: Av,
  { kind, pixelFormat }: EncoderChoice,
  order: VideoOrder & { readonly frameRate: number },
  { like, surfaces }: { readonly like: NativeFrame; readonly surfaces: VaapiSurfaces | undefined },
) {
  const codec = av.Codec.findEncoderByName(kind.name as Parameters<typeof av.Codec.findEncoderByName>[0])
  if (!codec) throw new Error(`this build of FFmpeg has no ${kind.name}`)
  const context = new av.CodecContext()
  context.allocContext3(codec)
  context.width = like.width
  context.height = like.height
  context.pixelFormat = nativeFormat(av, pixelFormat)
  context.timeBase = new av.Rational(1, VIDEO_CLOCK_HZ)
  context.framerate = new av.Rational(Math.round(order.frameRate * 1000), 1000)
  context.sampleAspectRatio = new av.Rational(1, 1)
  context.gopSize = 2 ** 20
  context.maxBFrames = order.bFrames
  context.threadCount = kind.isSliced ? (order.threads ?? 1) : 1
  context.colorSpace = like.colorSpace
  context.colorPrimaries = like.colorPrimaries
  context.colorTrc = like.colorTrc
  context.colorRange = like.colorRange
  context.setFlags(av.AV_CODEC_FLAG_GLOBAL_HEADER)
  surfaces?.prepare(context)
  const bps = order.bitrateKbps * 1000
  if (order.crf === undefined) context.bitRate = BigInt(bps)
  context.rcMaxRate = BigInt(Math.round(bps * kind.peak))
  if (order.crf === undefined && kind.peak === 1) context.rcMinRate = BigInt(bps)
  context.rcBufferSize = Math.round(bps * BUFFER_SECONDS)
  const quality = order.crf === undefined ? {} : { crf: String(order.crf) }
  const options = { ...kind.options(order, order.preset ?? kind.preset), ...quality }
  for (const [name, value] of Object.entries(options))
    checked(av, context.setOption(name, value), `${kind.name} ${name}`)
  checked(av, context.open2Sync(codec, null), kind.name)
  return context
}
