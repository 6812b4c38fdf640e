import type { PictureFormat } from '../../channel/job-messages.ts'
import { type Av, checked } from '../av.ts'

type NativeFrame = InstanceType<Av['Frame']>
type EncoderName = Parameters<Av['Codec']['findEncoderByName']>[0]
type Encoder = { readonly name: EncoderName; readonly options: Readonly<Record<string, string>> }

/** JPEG: quantizer 3 of 2 (best) to 31. WebP: quality 80 of 100, little effort, for it is wanted now. */
const ENCODERS = {
  jpg: { name: 'mjpeg' as EncoderName, options: { flags: '+qscale', global_quality: String(3 * 118) } },
  webp: { name: 'libwebp' as EncoderName, options: { quality: '80', compression_level: '0' } },
} satisfies Record<PictureFormat, Encoder>

/** Quantizer of a JPEG that holds many small pictures. */
const TILE = { name: 'mjpeg' as EncoderName, options: { flags: '+qscale', global_quality: String(5 * 118) } }

/** A whole JPEG or WebP file. */
export function encodePicture(av: Av, frame: NativeFrame, format: PictureFormat | 'tile'): Buffer {
  const { name, options } = format === 'tile' ? TILE : ENCODERS[format]
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
  checked(av, context.sendFrameSync(frame), name)
  context.sendFrameSync(null)
  checked(av, context.receivePacketSync(packet), name)
  return Buffer.from(packet.data ?? [])
}
