// Child process for tests: lets FFmpeg (node-av) do one thing, told as JSON on standard input, and prints the answer
// as JSON. Never loaded into the test's own process.
import { type Av, checked, loadAv } from '../child/av.ts'
import { CODEC_LIBRARY } from '../parent/library.ts'
import type { AvAnswers, AvOrder, DecodedFrames, EncodedKeyframe } from './av-orders.ts'

type DecoderId = Parameters<Av['Codec']['findDecoder']>[0]
type EncoderName = Parameters<Av['Codec']['findEncoderByName']>[0]

const DECODER_IDS = (av: Av): Readonly<Record<string, DecoderId>> => ({
  h264: av.AV_CODEC_ID_H264,
  aac: av.AV_CODEC_ID_AAC,
  mjpeg: av.AV_CODEC_ID_MJPEG,
  webp: av.AV_CODEC_ID_WEBP,
})

async function readKeyframe(path: string): Promise<EncodedKeyframe> {
  const { Demuxer } = await import('node-av')
  await using input = await Demuxer.open(path)
  const video = input.streams.find((stream) => stream.codecpar.width > 0)
  if (!video) throw new Error(`${path} has no video`)
  for await (const packet of input.packets()) {
    if (packet?.streamIndex !== video.index || !packet.isKeyframe) continue
    return {
      config: base64(video.codecpar.extradata),
      data: base64(packet.data),
      widthPx: video.codecpar.width,
      heightPx: video.codecpar.height,
    }
  }
  throw new Error(`${path} has no keyframe`)
}

function encodeKeyframe(av: Av, order: AvOrder & { what: 'encode' }): EncodedKeyframe {
  const codec = av.Codec.findEncoderByName(order.encoder as EncoderName)
  if (!codec) throw new Error(`no ${order.encoder}`)
  using context = new av.CodecContext()
  context.allocContext3(codec)
  context.width = order.widthPx
  context.height = order.heightPx
  context.pixelFormat = av.AV_PIX_FMT_YUV420P
  context.timeBase = new av.Rational(1, 25)
  context.framerate = new av.Rational(25, 1)
  if (order.sampleAspect) context.sampleAspectRatio = new av.Rational(order.sampleAspect[0], order.sampleAspect[1])
  context.setFlags(av.AV_CODEC_FLAG_GLOBAL_HEADER)
  checked(av, context.open2Sync(codec, null), order.encoder)
  const bytes = Buffer.alloc((order.widthPx * order.heightPx * 3) / 2, 128)
  for (let i = 0; i < order.widthPx * order.heightPx; i++) bytes[i] = 16 + ((i * 7) % 200)
  using frame = av.Frame.fromVideoBuffer(bytes, {
    width: order.widthPx,
    height: order.heightPx,
    format: av.AV_PIX_FMT_YUV420P,
    pts: 0n,
  })
  checked(av, context.sendFrameSync(frame), order.encoder)
  context.sendFrameSync(null)
  using packet = new av.Packet()
  packet.alloc()
  checked(av, context.receivePacketSync(packet), order.encoder)
  const { widthPx, heightPx } = order
  return { config: base64(context.extraData), data: base64(packet.data), widthPx, heightPx }
}

function decode(av: Av, order: AvOrder & { what: 'decode' }): DecodedFrames {
  const codec = av.Codec.findDecoder(DECODER_IDS(av)[order.codec] ?? av.AV_CODEC_ID_NONE)
  if (!codec) throw new Error(`no decoder of ${order.codec}`)
  using context = new av.CodecContext()
  context.allocContext3(codec)
  if (order.config !== '') context.extraData = Buffer.from(order.config, 'base64')
  checked(av, context.open2Sync(codec, null), order.codec)
  const frames: { widthPx: number; heightPx: number; pts: number; damaged: boolean; luma: number }[] = []
  using packet = new av.Packet()
  using frame = new av.Frame()
  packet.alloc()
  frame.alloc()
  const drain = () => {
    while (context.receiveFrameSync(frame) >= 0) {
      const luma = meanLuma(frame)
      const damaged = frame.decodeErrorFlags !== 0
      frames.push({ widthPx: frame.width, heightPx: frame.height, pts: Number(frame.pts), damaged, luma })
      frame.unref()
    }
  }
  for (const { data, pts } of order.packets) {
    packet.data = Buffer.from(data, 'base64')
    packet.pts = BigInt(pts)
    checked(av, context.sendPacketSync(packet), 'decode')
    packet.unref()
    drain()
  }
  context.sendPacketSync(null)
  drain()
  return { frames }
}

function meanLuma({ data, linesize, width, height }: InstanceType<Av['Frame']>): number {
  const plane = data?.[0] ?? Buffer.alloc(0)
  let sum = 0
  for (let row = 0; row < height; row++) {
    const start = row * (linesize[0] ?? 0)
    for (const byte of plane.subarray(start, start + width)) sum += byte
  }
  return sum / (width * height)
}

function base64(bytes: Uint8Array | null | undefined): string {
  return Buffer.from(bytes ?? []).toString('base64')
}

async function answer(order: AvOrder): Promise<AvAnswers[AvOrder['what']]> {
  const av = await loadAv(CODEC_LIBRARY)
  av.Log.setLevel(av.AV_LOG_ERROR)
  if (order.what === 'keyframe') return readKeyframe(order.path)
  return order.what === 'encode' ? encodeKeyframe(av, order) : decode(av, order)
}

let text = ''
for await (const chunk of process.stdin.setEncoding('utf8')) text += chunk
const result = await answer(JSON.parse(text) as AvOrder)
process.stdout.write(JSON.stringify(result), () => process.exit(0))
