import { UnsupportedInputError } from '../../../../media/errors.ts'
import type { VideoCodecId } from '../../../../media/model/index.ts'
import type { Av } from '../av.ts'
import { openVideoDecoder } from '../open-decoder.ts'

type NativeFrame = InstanceType<Av['Frame']>

export type Keyframe = { readonly codec: VideoCodecId; readonly config: Uint8Array; readonly data: Uint8Array }

/** One picture from one access unit. The caller frees it. Throws UnsupportedInputError where the bytes do not decode. */
export function decodeKeyframe(av: Av, keyframe: Keyframe): NativeFrame {
  using context = openKeyframeDecoder(av, keyframe)
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

function openKeyframeDecoder(av: Av, keyframe: Keyframe) {
  return openVideoDecoder(av, keyframe, (context) => {
    // A stream may start at a recovery point, whose picture FFmpeg would hold back.
    context.setFlags(av.AV_CODEC_FLAG_OUTPUT_CORRUPT)
  })
}

function accept(av: Av, result: number): void {
  if (result < 0) throw new UnsupportedInputError(`the keyframe does not decode: ${av.FFmpegError.strerror(result)}`)
}
