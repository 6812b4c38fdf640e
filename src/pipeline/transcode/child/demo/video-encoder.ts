import { buildAvcDecoderConfiguration, H264_NAL, h264NalType } from '../../../../media/codecs/h264/index.ts'
import { annexBToLengthPrefixed, splitAnnexB } from '../../../../media/codecs/nal/index.ts'
import { VIDEO_CLOCK_HZ } from '../../../../media/model/index.ts'
import { type Av, checked } from '../av.ts'
import type { EncodedFrame, EncodedTrack } from '../job-output.ts'

export type VideoSettings = {
  readonly trackId: number
  readonly widthPx: number
  readonly heightPx: number
  readonly framesPerSecond: number
  readonly framesPerKeyframe: number
  readonly bitsPerSecond: number
}

/**
 * H.264 by libx264, one frame in, one access unit out: no B-frames, no look-ahead, keyframes where they are asked for.
 * Options go in one by one: node-av frees the dictionary that it is given twice (6.1.1).
 */
export class VideoEncoder implements Disposable {
  readonly track: EncodedTrack
  readonly #av: Av
  readonly #settings: VideoSettings
  readonly #context
  readonly #frame
  readonly #packet

  constructor(av: Av, settings: VideoSettings) {
    this.#av = av
    this.#settings = settings
    this.#context = openX264(av, settings)
    this.#frame = new av.Frame()
    this.#frame.alloc()
    this.#frame.width = settings.widthPx
    this.#frame.height = settings.heightPx
    this.#frame.format = av.AV_PIX_FMT_YUV420P
    checked(av, this.#frame.getBuffer(), 'video frame')
    this.#packet = new av.Packet()
    this.#packet.alloc()
    this.track = h264Track(settings, this.#context.extraData ?? new Uint8Array(0))
  }

  /** `picture`: planar 4:2:0 without padding; copied. `index` counts frames and is their time. */
  encode(picture: Buffer, index: number, kind: 'key' | 'delta'): EncodedFrame[] {
    const { framesPerSecond } = this.#settings
    const av = this.#av
    checked(av, this.#frame.makeWritable(), 'video frame')
    checked(av, this.#frame.fromBuffer(picture), 'video frame')
    this.#frame.pts = BigInt(index)
    this.#frame.pictType = kind === 'key' ? av.AV_PICTURE_TYPE_I : av.AV_PICTURE_TYPE_NONE
    checked(av, this.#context.sendFrameSync(this.#frame), 'libx264')
    const encoded: EncodedFrame[] = []
    const frameTicks = VIDEO_CLOCK_HZ / framesPerSecond
    while (this.#context.receivePacketSync(this.#packet) >= 0) {
      const packet = this.#packet
      encoded.push({
        trackId: this.#settings.trackId,
        ptsTicks: Number(packet.pts) * frameTicks,
        dtsTicks: Number(packet.dts) * frameTicks,
        durationTicks: frameTicks,
        isKey: packet.isKeyframe,
        data: annexBToLengthPrefixed(packet.data ?? new Uint8Array(0)),
      })
      packet.unref()
    }
    return encoded
  }

  [Symbol.dispose](): void {
    this.#packet.free()
    this.#frame.free()
    this.#context.freeContext()
  }
}

function openX264(av: Av, settings: VideoSettings) {
  const codec = av.Codec.findEncoderByName('libx264' as Parameters<typeof av.Codec.findEncoderByName>[0])
  if (!codec) throw new Error('this build of FFmpeg has no libx264')
  const context = new av.CodecContext()
  context.allocContext3(codec)
  context.width = settings.widthPx
  context.height = settings.heightPx
  context.pixelFormat = av.AV_PIX_FMT_YUV420P
  context.timeBase = new av.Rational(1, settings.framesPerSecond)
  context.framerate = new av.Rational(settings.framesPerSecond, 1)
  context.gopSize = settings.framesPerKeyframe
  context.maxBFrames = 0
  context.threadCount = 1
  context.bitRate = BigInt(settings.bitsPerSecond)
  context.rcMaxRate = BigInt(settings.bitsPerSecond)
  context.rcBufferSize = settings.bitsPerSecond
  context.colorSpace = av.AVCOL_SPC_BT709
  context.colorPrimaries = av.AVCOL_PRI_BT709
  context.colorTrc = av.AVCOL_TRC_BT709
  context.colorRange = av.AVCOL_RANGE_MPEG
  context.setFlags(av.AV_CODEC_FLAG_GLOBAL_HEADER)
  const keyint = settings.framesPerKeyframe
  const options = {
    preset: 'ultrafast',
    tune: 'zerolatency',
    'forced-idr': '1',
    'x264-params': `keyint=${keyint}:min-keyint=${keyint}:scenecut=0`,
  }
  for (const [name, value] of Object.entries(options)) checked(av, context.setOption(name, value), `libx264 ${name}`)
  checked(av, context.open2Sync(codec, null), 'libx264')
  return context
}

function h264Track({ trackId, widthPx, heightPx }: VideoSettings, extradata: Uint8Array): EncodedTrack {
  const units = splitAnnexB(extradata)
  const ofType = (type: number) => units.filter((unit) => h264NalType(unit) === type)
  const config = buildAvcDecoderConfiguration(ofType(H264_NAL.sps), ofType(H264_NAL.pps))
  return { id: trackId, kind: 'video', codec: 'h264', config, widthPx, heightPx }
}
