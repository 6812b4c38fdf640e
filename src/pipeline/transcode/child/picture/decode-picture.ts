import { UnsupportedInputError } from '../../../../media/errors.ts'
import type { VideoCodecId } from '../../../../media/model/index.ts'
import type { Av } from '../av.ts'
import { type NativeContext, openVideoDecoder } from '../open-decoder.ts'

type NativeFrame = InstanceType<Av['Frame']>

export type CodedPictures = {
  readonly codec: VideoCodecId
  readonly config: Uint8Array
  /** In decoding order, from a keyframe on. */
  readonly units: readonly { readonly ptsTicks: number; readonly data: Uint8Array }[]
  /** The picture that is shown at this time is wanted: the last that is presented up to then. */
  readonly atTicks: number
}

/** One picture. The caller frees it. Throws UnsupportedInputError where the bytes do not decode. */
export function decodePicture(av: Av, pictures: CodedPictures): NativeFrame {
  using context = openVideoDecoder(av, pictures, (opening) => {
    // A stream may start at a recovery point, whose picture FFmpeg would hold back.
    opening.setFlags(av.AV_CODEC_FLAG_OUTPUT_CORRUPT)
  })
  const frame = new av.Frame()
  frame.alloc()
  try {
    decodeInto(av, context, { pictures, frame })
    if (frame.decodeErrorFlags !== 0) throw new UnsupportedInputError('the keyframe is damaged')
    return frame
  } catch (error) {
    frame.free()
    throw error
  }
}

type Decoding = { readonly pictures: CodedPictures; readonly frame: NativeFrame }

function decodeInto(av: Av, context: NativeContext, { pictures, frame }: Decoding): void {
  using packet = new av.Packet()
  packet.alloc()
  using decoded = new av.Frame()
  decoded.alloc()
  let found = false
  const drain = () => {
    for (;;) {
      const result = context.receiveFrameSync(decoded)
      if (result === av.AVERROR_EAGAIN || result === av.AVERROR_EOF) return
      accept(av, result)
      // Where nothing is presented early enough, the first picture is the nearest.
      if (!found || decoded.bestEffortTimestamp <= BigInt(pictures.atTicks)) {
        frame.unref()
        accept(av, frame.ref(decoded))
        found = true
      }
      decoded.unref()
    }
  }
  for (const { data, ptsTicks } of pictures.units) {
    packet.data = Buffer.from(data)
    packet.pts = BigInt(ptsTicks)
    accept(av, context.sendPacketSync(packet))
    packet.unref()
    drain()
  }
  // The end of the stream makes decoders that reorder give the pictures out.
  context.sendPacketSync(null)
  drain()
  if (!found) throw new UnsupportedInputError('the keyframe does not decode: no picture came out')
}

function accept(av: Av, result: number): void {
  if (result < 0) throw new UnsupportedInputError(`the keyframe does not decode: ${av.FFmpegError.strerror(result)}`)
}
