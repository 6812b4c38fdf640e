// Makes a clip with FFmpeg (node-av): `make-clip.ts FILE JSON`, see ClipOrder. H.264 and AAC.
import { Decoder, Demuxer, Encoder, Muxer, type Packet } from 'node-av'
import type { ClipOrder } from '../support/clips.ts'

const [path = '', json = '{}'] = process.argv.slice(2)
const { picture, sound, seconds, keyframeEvery, kbps } = JSON.parse(json) as ClipOrder

type Made = { readonly packet: Packet; readonly stream: number; readonly seconds: number }

async function encoded(source: string, name: string, options: Readonly<Record<string, string>>) {
  const input = await Demuxer.open(source, { format: 'lavfi' })
  const [stream] = input.streams
  if (!stream) throw new Error(`lavfi gave nothing for ${source}`)
  const decoder = await Decoder.create(stream)
  const encoder = await Encoder.create(name as Parameters<typeof Encoder.create>[0], {
    decoder,
    autoResample: true,
    options: { ...options },
  })
  return { input, decoder, encoder }
}

const muxer = await Muxer.open(path, { useSyncQueue: false, useAsyncWrite: false })
const tracks = [
  await encoded(`${picture},format=yuv420p`, 'libx264', {
    preset: 'veryfast',
    bf: '2',
    g: String(keyframeEvery),
    'x264-params': 'scenecut=0',
    b: `${kbps}k`,
    maxrate: `${kbps}k`,
    bufsize: `${2 * kbps}k`,
  }),
  await encoded(`${sound},aformat=channel_layouts=stereo`, 'aac', { b: '128k' }),
]
const streams = tracks.map(({ encoder }) => muxer.addStream(encoder))
const made: Made[] = []
for (const [at, { input, decoder, encoder }] of tracks.entries()) {
  for await (const packet of encoder.packets(decoder.frames(input.packets()))) {
    const kept = packet?.clone()
    if (!kept) continue
    const time = (Number(kept.dts) * kept.timeBase.num) / kept.timeBase.den
    if (time < seconds) made.push({ packet: kept, stream: streams[at] ?? 0, seconds: time })
  }
}
made.sort((a, b) => a.seconds - b.seconds)
for (const { packet, stream } of made) await muxer.writePacket(packet, stream)
await muxer.close()
process.exit(0)
