/* Child process: FFmpeg 8.1 of node-av, driven by messages. A server's tests must not share a process with it. */
import {
  AV_FRAME_DATA_A53_CC,
  AV_LOG_ERROR,
  AVMEDIA_TYPE_AUDIO,
  AVMEDIA_TYPE_VIDEO,
  avGetCodecName,
  Decoder,
  Demuxer,
  Encoder,
  type FormatContext,
  type Frame,
  Log,
  Muxer,
  type Packet,
} from 'node-av'
import type { AvMethods, AvReply, AvRequest, MadeTrack, PublishParams, Reading, ReadParams } from './av-messages.ts'
import { hear } from './decoded.ts'
import { ReadingBuilder } from './reading.ts'

type Handlers = { readonly [M in keyof AvMethods]: (params: never) => Promise<ReturnType<AvMethods[M]>> }
type TimedPacket = {
  readonly seconds: number
  readonly stream: number
  readonly isVideo: boolean
  readonly packet: Packet
}

/** FFmpeg holds packets back until every stream has one. */
const UNITS_PAST_PAUSE = 2
/** Between the end of a file and its start, played over and over. */
const LOOP_GAP_SECONDS = 0.04
const NO_TIME = -(2n ** 62n)

function secondsOf(ticks: bigint, base: { readonly num: number; readonly den: number }): number {
  return (Number(ticks) * base.num) / base.den
}

// ---- making

async function make({ path, tracks, seconds }: Parameters<AvMethods['make']>[0]): Promise<null> {
  const muxer = await Muxer.open(path, { useSyncQueue: false, useAsyncWrite: false })
  const opened = await Promise.all(tracks.map((track, at) => openTrack(track, at, seconds)))
  const made = opened.map((track) => ({ ...track, stream: muxer.addStream(track.encoder) }))
  const packets: { readonly packet: Packet; readonly stream: number; readonly seconds: number }[] = []
  for (const { encoder, decoder, input, stream, captions } of made) {
    const frames = decoder.frames(input.packets())
    for await (const packet of encoder.packets(captions ? captioned(frames) : frames)) {
      const kept = packet?.clone()
      if (kept) packets.push({ packet: kept, stream, seconds: secondsOf(kept.dts, kept.timeBase) })
    }
  }
  packets.sort((a, b) => a.seconds - b.seconds)
  for (const { packet, stream } of packets) await muxer.writePacket(packet, stream)
  await muxer.close()
  for (const { encoder, input } of made) {
    encoder.close()
    await input.close()
  }
  return null
}

async function openTrack(track: MadeTrack, at: number, seconds: number) {
  const { encoder: name, options, sampleRateHz, beeps, noise, channels = 2 } = track
  const sine = beeps
    ? `aevalsrc=if(lt(mod(t\\,0.5)\\,0.25)\\,0\\,sin(2*PI*880*t)/2):s=${sampleRateHz}:d=${seconds}`
    : `sine=f=${330 + 110 * at}:r=${sampleRateHz}:d=${seconds}`
  const tone = `${noise ? `anoisesrc=r=${sampleRateHz}:d=${seconds}:a=0.2:c=pink` : sine},aformat=channel_layouts=${channels === 1 ? 'mono' : 'stereo'}`
  const picture = `testsrc2=s=320x180:r=25:d=${seconds},hue=h=${60 * at},format=yuv420p`
  const input = await Demuxer.open(sampleRateHz === undefined ? picture : tone, { format: 'lavfi' })
  const [stream] = input.streams
  if (!stream) throw new Error('lavfi gave no stream')
  const decoder = await Decoder.create(stream)
  const codec = name as Parameters<typeof Encoder.create>[0]
  const encoder = await Encoder.create(codec, { decoder, autoResample: true, options: { ...options } })
  return { encoder, decoder, input, captions: track.captions ?? false }
}

/** cc_data constructs, CTA-708-E, 4.3.5: resume caption loading in channel 1; a packet with one byte for service 1. */
const CAPTIONS = [0xfc, 0x94, 0x20, 0xff, 0x02, 0x21, 0xfe, 0x41, 0x00]

async function* captioned(frames: AsyncIterable<Frame | null>): AsyncGenerator<Frame | null> {
  for await (const frame of frames) {
    frame?.newSideData(AV_FRAME_DATA_A53_CC, CAPTIONS.length).set(CAPTIONS)
    yield frame
  }
}

// ---- copying

/** All packets in the order of their decoding times; those of one stream stay in order. */
async function timedPackets(input: Demuxer): Promise<TimedPacket[]> {
  const packets: TimedPacket[] = []
  const latest = new Map<number, number>()
  for await (const packet of input.packets()) {
    const kept = packet?.clone()
    const stream = input.streams.find(({ index }) => index === kept?.streamIndex)
    if (!kept || !stream) continue
    const time = kept.dts > NO_TIME ? kept.dts : kept.pts
    const seconds = Math.max(secondsOf(time, stream.timeBase), latest.get(stream.index) ?? Number.NEGATIVE_INFINITY)
    latest.set(stream.index, seconds)
    packets.push({ seconds, stream: stream.index, isVideo: stream.codecpar.width > 0, packet: kept })
  }
  return packets.sort((a, b) => a.seconds - b.seconds)
}

async function openCopy(from: string, to: string, format: 'flv' | 'mpegts') {
  const input = await Demuxer.open(from)
  let output: FormatContext | undefined
  const muxer = await Muxer.open(to, {
    format,
    useSyncQueue: false,
    useAsyncWrite: false,
    configure: (context) => {
      output = context
      // The source container's tags (`avc1`) mean nothing in the other one.
      for (const { codecpar } of context.streams ?? []) codecpar.codecTag = 0
    },
  })
  const streams = new Map(input.streams.map((stream) => [stream.index, muxer.addStream(stream)]))
  const packets = await timedPackets(input)
  const write = async (upTo: number) => {
    for (const { packet, stream } of packets.splice(0, upTo)) await muxer.writePacket(packet, streams.get(stream) ?? 0)
  }
  const close = async () => {
    await write(packets.length)
    // `muxer.close` takes every output for custom I/O and frees it without closing the connection or the file.
    await output?.writeTrailer()
    await output?.pb?.closep()
    await input.close()
  }
  return { packets, muxer, streams, write, close }
}

async function remux({ from, to, format }: Parameters<AvMethods['remux']>[0]): Promise<null> {
  const copy = await openCopy(from, to, format)
  await copy.close()
  return null
}

const publishing = new Map<string, () => Promise<void>>()

async function publishStart({ from, url, pauseSeconds }: PublishParams): Promise<null> {
  const copy = await openCopy(from, url, 'flv')
  const first = copy.packets[0]?.seconds ?? 0
  const video = copy.packets.find(({ isVideo }) => isVideo)?.stream
  const keys = copy.packets.flatMap(({ stream, packet }, at) => (stream === video && packet.isKeyframe ? [at] : []))
  const late = copy.packets.findIndex(({ seconds }) => seconds >= first + pauseSeconds)
  publishing.set(url, copy.close)
  await copy.write(Math.min(keys[1] ?? copy.packets.length, late < 0 ? copy.packets.length : late + UNITS_PAST_PAUSE))
  return null
}
async function publishFinish({ url }: Parameters<AvMethods['publishFinish']>[0]): Promise<null> {
  const close = publishing.get(url)
  publishing.delete(url)
  await close?.()
  return null
}

async function publishForever({ from, url }: { readonly from: string; readonly url: string }): Promise<null> {
  const { packets, muxer, streams } = await openCopy(from, url, 'flv')
  const first = packets[0]?.seconds ?? 0
  const spanSeconds = (packets.at(-1)?.seconds ?? 0) - first + LOOP_GAP_SECONDS
  const startedMs = performance.now()
  const loop = async () => {
    for (let turn = 0; ; turn++) {
      for (const { packet, seconds, stream } of packets) {
        const dueMs = startedMs + (turn * spanSeconds + seconds - first) * 1000
        const waitMs = dueMs - performance.now()
        if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs))
        await muxer.writePacket(delayed(packet, turn * spanSeconds), streams.get(stream) ?? 0)
      }
    }
  }
  // The server or the viewers decide when there has been enough; the process is then killed.
  loop().catch((error: unknown) => process.stderr.write(`${error}\n`))
  return null
}

function delayed(packet: Packet, seconds: number): Packet {
  const copy = packet.clone()
  if (!copy) throw new Error('a packet could not be copied')
  const ticks = BigInt(Math.round((seconds * packet.timeBase.den) / packet.timeBase.num))
  copy.pts += ticks
  copy.dts += ticks
  return copy
}

// ---- reading

async function openReading({ url, format, options }: ReadParams) {
  const input = await Demuxer.open(url, { ...(format ? { format } : {}), options: { ...options } })
  const reading = new ReadingBuilder()
  for (const { index, codecpar } of input.streams) {
    // FFmpeg shows script tags that it does not know as a data stream.
    if (codecpar.codecType !== AVMEDIA_TYPE_VIDEO && codecpar.codecType !== AVMEDIA_TYPE_AUDIO) continue
    reading.addTrack(index, codecpar.codecType === AVMEDIA_TYPE_VIDEO ? 'video' : 'audio', {
      codec: avGetCodecName(codecpar.codecId) ?? '',
      extradata: new Uint8Array(codecpar.extradata ?? []),
      sampleRateHz: codecpar.sampleRate,
      channelCount: codecpar.channels,
    })
  }
  return { input, reading }
}

async function play({ units, ...params }: ReadParams & { readonly units: number }): Promise<Reading> {
  const { input, reading } = await openReading(params)
  for await (const packet of input.packets()) {
    const base = input.streams.find(({ index }) => index === packet?.streamIndex)?.timeBase
    if (base && packet?.data) reading.addUnit(packet.streamIndex, timesOf(packet, base), new Uint8Array(packet.data))
    packet?.free()
    if (reading.leastUnits >= units) break
  }
  await input.close()
  return reading.result()
}

function read(params: ReadParams): Promise<Reading> {
  return play({ ...params, units: Number.POSITIVE_INFINITY })
}

function timesOf({ pts, dts, isKeyframe: isKey, pos }: Packet, base: { num: number; den: number }) {
  const [ptsOrDts, dtsOrPts] = [pts > NO_TIME ? pts : dts, dts > NO_TIME ? dts : pts]
  return { pts: secondsOf(ptsOrDts, base), dts: secondsOf(dtsOrPts, base), isKey, position: Number(pos) }
}

// ---- messages

const HANDLERS: Handlers = { make, hear, remux, read, play, publishStart, publishFinish, publishForever }

Log.setLevel(AV_LOG_ERROR)
process.on('message', async ({ id, method, params }: AvRequest) => {
  const reply = (message: AvReply) => process.send?.(message)
  try {
    reply({ id, result: await HANDLERS[method](params as never) })
  } catch (error) {
    reply({ id, error: error instanceof Error ? error.message : String(error) })
  }
})
process.on('disconnect', () => process.exit(0))
