// The measured ladder by FFmpeg's libraries alone: `bare-ladder.ts FILE JSON`, see BareOrder. One loop of calls: read,
// decode, scale, encode three times, the sound once; what comes out is thrown away. Prints BareCost.
import * as constants from 'node-av/constants'
import * as lib from 'node-av/lib'
import type { BareCost, BareOrder } from '../support/ladder-cost.ts'

const [path = '', json = '{}'] = process.argv.slice(2)
const { rungs, preset, keySeconds, audioKbps } = JSON.parse(json) as BareOrder
const av = { ...lib, ...constants }
av.Log.setLevel(av.AV_LOG_ERROR)

type Context = InstanceType<typeof av.CodecContext>
type Frame = InstanceType<typeof av.Frame>

function must(result: number, what: string): number {
  if (result < 0) throw new Error(`${what}: ${av.FFmpegError.strerror(result)}`)
  return result
}

const input = new av.FormatContext()
must(input.openInputSync(path, null, null), 'open')
must(input.findStreamInfoSync(null), 'streams')

function decoderOf(codecType: number): { readonly index: number; readonly context: Context } {
  const stream = input.streams.find(({ codecpar }) => codecpar.codecType === codecType)
  const codec = stream && av.Codec.findDecoder(stream.codecpar.codecId)
  if (!stream || !codec) throw new Error('the clip lacks a stream')
  const context = new av.CodecContext()
  context.allocContext3(codec)
  must(context.parametersToContext(stream.codecpar), 'parameters')
  context.pktTimebase = stream.timeBase
  context.threadCount = 1
  must(context.open2Sync(codec, null), 'decoder')
  return { index: stream.index, context }
}
const video = decoderOf(av.AVMEDIA_TYPE_VIDEO)
const audio = decoderOf(av.AVMEDIA_TYPE_AUDIO)

function openEncoder(name: 'libx264' | 'aac', prepare: (context: Context) => void): Context {
  const codec = av.Codec.findEncoderByName(name as Parameters<typeof av.Codec.findEncoderByName>[0])
  if (!codec) throw new Error(`no ${name}`)
  const context = new av.CodecContext()
  context.allocContext3(codec)
  context.threadCount = 1
  context.setFlags(av.AV_CODEC_FLAG_GLOBAL_HEADER)
  prepare(context)
  must(context.open2Sync(codec, null), name)
  return context
}

/** source → scale → format → sink */
function scaler({ width, height }: Frame, [toWidth, toHeight]: readonly [number, number]) {
  const graph = new av.FilterGraph()
  graph.alloc()
  graph.nbThreads = 1
  const steps = [
    ['buffer', `video_size=${width}x${height}:pix_fmt=yuv420p:time_base=1/1000:pixel_aspect=1/1`],
    ...(width === toWidth && height === toHeight ? [] : [['scale', `${toWidth}:${toHeight}`] as const]),
    ['setsar', '1'],
    ['format', 'yuv420p'],
    ['buffersink', null],
  ] as const
  const contexts = steps.map(([name, options], at) => {
    const filter = av.Filter.getByName(name)
    const context = filter && graph.createFilter(filter, `${name}${at}`, options)
    if (!context) throw new Error(name)
    return context
  })
  for (const [at, context] of contexts.entries()) {
    const next = contexts[at + 1]
    if (next) must(context.link(0, next, 0), 'link')
  }
  must(graph.configSync(), 'graph')
  const [source, sink] = [contexts[0], contexts.at(-1)]
  if (!source || !sink) throw new Error('empty graph')
  return { source, sink }
}

function openRung({ size, kbps }: BareOrder['rungs'][number], like: Frame) {
  const context = openEncoder('libx264', (encoder) => {
    encoder.width = size[0]
    encoder.height = size[1]
    encoder.pixelFormat = av.AV_PIX_FMT_YUV420P
    encoder.timeBase = new av.Rational(1, 1000)
    encoder.framerate = new av.Rational(30, 1)
    encoder.gopSize = 2 ** 20
    encoder.maxBFrames = 0
    encoder.bitRate = BigInt(kbps * 1000)
    encoder.rcMaxRate = BigInt(kbps * 1250)
    encoder.rcBufferSize = kbps * 1500
    const params = 'scenecut=0:keyint=infinite:sliced-threads=0'
    for (const [key, value] of Object.entries({
      preset,
      tune: 'zerolatency',
      'forced-idr': '1',
      'x264-params': params,
    }))
      must(encoder.setOption(key, value), key)
  })
  return { ...scaler(like, size), context }
}

const [packet, frame, scaled, out] = [new av.Packet(), new av.Frame(), new av.Frame(), new av.Packet()]
for (const each of [packet, frame, scaled, out]) each.alloc()
let encodedFrames = 0
let nextKeySeconds = 0
let opened: ReturnType<typeof openRung>[] | undefined

function drain(context: Context, count: number): void {
  while (context.receivePacketSync(out) >= 0) {
    encodedFrames += count
    out.unref()
  }
}
function onPicture(): void {
  opened ??= rungs.map((rung) => openRung(rung, frame))
  frame.pts = frame.bestEffortTimestamp
  const isKey = Number(frame.pts) / 1000 >= nextKeySeconds
  if (isKey) nextKeySeconds += keySeconds
  for (const { source, sink, context } of opened) {
    must(source.buffersrcAddFrameSync(frame, av.AV_BUFFERSRC_FLAG_KEEP_REF), 'scale')
    while (sink.buffersinkGetFrameSync(scaled) >= 0) {
      scaled.pictType = isKey ? av.AV_PICTURE_TYPE_I : av.AV_PICTURE_TYPE_NONE
      must(context.sendFrameSync(scaled), 'encode')
      scaled.unref()
      drain(context, 1)
    }
  }
}
const sound = openEncoder('aac', (encoder) => {
  encoder.sampleRate = audio.context.sampleRate
  encoder.sampleFormat = av.AV_SAMPLE_FMT_FLTP
  encoder.channelLayout = av.AV_CHANNEL_LAYOUT_STEREO
  encoder.timeBase = new av.Rational(1, audio.context.sampleRate)
  encoder.bitRate = BigInt(audioKbps * 1000)
  must(encoder.setOption('aac_coder', 'fast'), 'aac_coder')
})
function onSamples(): void {
  must(sound.sendFrameSync(frame), 'aac')
  drain(sound, 0)
}
function decode({ context }: { readonly context: Context }, onFrame: () => void, from: typeof packet | null): void {
  must(context.sendPacketSync(from), 'decode')
  while (context.receiveFrameSync(frame) >= 0) {
    onFrame()
    frame.unref()
  }
}

const startedMs = performance.now()
const before = process.cpuUsage()
while (input.readFrameSync(packet) >= 0) {
  if (packet.streamIndex === video.index) decode(video, onPicture, packet)
  else if (packet.streamIndex === audio.index) decode(audio, onSamples, packet)
  packet.unref()
}
decode(video, onPicture, null)
for (const { context } of opened ?? []) {
  context.sendFrameSync(null)
  drain(context, 1)
}
const { user, system } = process.cpuUsage(before)
const wallSeconds = (performance.now() - startedMs) / 1000
const cost: BareCost = { cpuSeconds: (user + system) / 1e6, wallSeconds, encodedFrames }
process.stdout.write(JSON.stringify(cost), () => process.exit(0))
