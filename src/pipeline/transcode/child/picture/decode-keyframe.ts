import { UnsupportedInputError } from '../../../../media/errors.ts'
import type { VideoCodecId } from '../../../../media/model/index.ts'
import type { Av } from '../av.ts'

type NativeFrame = InstanceType<Av['Frame']>
type Decoder = { readonly idOf: (av: Av) => Parameters<Av['Codec']['findDecoder']>[0]; readonly takesConfig: boolean }

/** FFmpeg takes the canonical forms as they are; it has no use for the record of VP8 and VP9. */
const DECODERS = {
  h264: { idOf: (av) => av.AV_CODEC_ID_H264, takesConfig: true },
  h265: { idOf: (av) => av.AV_CODEC_ID_HEVC, takesConfig: true },
  av1: { idOf: (av) => av.AV_CODEC_ID_AV1, takesConfig: true },
  vp8: { idOf: (av) => av.AV_CODEC_ID_VP8, takesConfig: false },
  vp9: { idOf: (av) => av.AV_CODEC_ID_VP9, takesConfig: false },
} satisfies Record<VideoCodecId, Decoder>

/** 8K and a little more; the decoder refuses larger pictures before it takes memory for them. */
const MAX_PIXELS = 8192 * 4608

export type Keyframe = { readonly codec: VideoCodecId; readonly config: Uint8Array; readonly data: Uint8Array }

/** One picture from one access unit. The caller frees it. Throws UnsupportedInputError where the bytes do not decode. */
export function decodeKeyframe(av: Av, keyframe: Keyframe): NativeFrame {
  using context = openDecoder(av, keyframe)
  using packet = new av.Packet()
  packet.alloc()
  packet.data = Buffer.from(keyframe.data)
  packet.pts = 0n
  packet.isKeyframe = true
  const frame = new av.Frame()
  frame.alloc()
  try {
    accept(av, context.sendPacketSync(packet))
    // The end of the stream makes decoders that reorder give the picture out.
    context.sendPacketSync(null)
    accept(av, context.receiveFrameSync(frame))
    if (frame.decodeErrorFlags !== 0) throw new UnsupportedInputError('the keyframe is damaged')
    return frame
  } catch (error) {
    frame.free()
    throw error
  }
}

function openDecoder(av: Av, { codec: codecId, config }: Keyframe) {
  const { idOf, takesConfig } = DECODERS[codecId]
  const codec = av.Codec.findDecoder(idOf(av))
  if (!codec) throw new Error(`this build of FFmpeg does not decode ${codecId}`)
  const context = new av.CodecContext()
  context.allocContext3(codec)
  if (takesConfig && config.length > 0) context.extraData = Buffer.from(config)
  context.threadCount = 1
  context.pktTimebase = new av.Rational(1, 90_000)
  // A stream may start at a recovery point, whose picture FFmpeg would hold back.
  context.setFlags(av.AV_CODEC_FLAG_OUTPUT_CORRUPT)
  context.setOption('max_pixels', String(MAX_PIXELS))
  const result = context.open2Sync(codec, null)
  if (result >= 0) return context
  context.freeContext()
  throw new UnsupportedInputError(`${codecId} configuration: ${av.FFmpegError.strerror(result)}`)
}

function accept(av: Av, result: number): void {
  if (result < 0) throw new UnsupportedInputError(`the keyframe does not decode: ${av.FFmpegError.strerror(result)}`)
}
