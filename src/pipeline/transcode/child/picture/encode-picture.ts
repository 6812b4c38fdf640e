import type { PictureFormat } from '../../channel/job-messages.ts'
import { type Av, checked } from '../av.ts'

type NativeFrame = InstanceType<Av['Frame']>
type EncoderName = Parameters<Av['Codec']['findEncoderByName']>[0]
type Encoder = {
  readonly name: EncoderName
  readonly options: Readonly<Record<string, string>>
  /** Of each frame, where the encoder does not take it from its own options. */
  readonly quality?: number
}

/** FFmpeg's lambda for a quantizer of 1. */
const FF_QP2LAMBDA = 118

function jpegEncoder(quantizer: number): Encoder {
  return { name: 'mjpeg' as EncoderName, options: { flags: '+qscale' }, quality: quantizer * FF_QP2LAMBDA }
}

/** JPEG: quantizer 3 of 2 (best) to 31. WebP: quality 80 of 100, little effort, for it is wanted now. */
const ENCODERS = {
  jpg: jpegEncoder(3),
  webp: { name: 'libwebp' as EncoderName, options: { quality: '80', compression_level: '0' } },
} satisfies Record<PictureFormat, Encoder>

/** Quantizers of a JPEG that holds many small pictures: the first that gets along with its bytes. */
const TILE_QUANTIZERS = [5, 10, 20, 31]

/** A whole JPEG of no more than `maxBytes`, noise aside that the coarsest quantizer cannot put into them. */
export function encodeTile(av: Av, frame: NativeFrame, maxBytes: number): Buffer {
  let picture: Buffer = Buffer.alloc(0)
  for (const quantizer of TILE_QUANTIZERS) {
    picture = encode(av, frame, jpegEncoder(quantizer))
    if (picture.length <= maxBytes) break
  }
  return picture
}

/** A whole JPEG or WebP file. */
export function encodePicture(av: Av, frame: NativeFrame, format: PictureFormat): Buffer {
  return encode(av, frame, ENCODERS[format])
}

function encode(av: Av, frame: NativeFrame, { name, options, quality }: Encoder): Buffer {
  const codec = av.Codec.findEncoderByName(name)
  if (!codec) throw new Error(`this build of FFmpeg has no ${name}`)
  using context = new av.CodecContext()
  context.allocContext3(codec)
  context.width = frame.width
  context.height = frame.height
  context.pixelFormat = frame.format as typeof context.pixelFormat
  context.colorRange = frame.colorRange
  context.timeBase = new av.Rational(1, 1)
  context.threadCount = 1
  for (const [key, value] of Object.entries(options)) checked(av, context.setOption(key, value), `${name} ${key}`)
  checked(av, context.open2Sync(codec, null), name)
  using packet = new av.Packet()
  packet.alloc()
  frame.pts = 0n
  if (quality !== undefined) frame.quality = quality
  checked(av, context.sendFrameSync(frame), name)
  context.sendFrameSync(null)
  checked(av, context.receivePacketSync(packet), name)
  return Buffer.from(packet.data ?? [])
}
