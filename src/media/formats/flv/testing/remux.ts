/** `node remux.ts out.flv in…`: copies all streams of the inputs into one FLV file with node-av's FFmpeg. */
import { Demuxer, Muxer } from 'node-av/api'

const [out = '', ...sources] = process.argv.slice(2)
const inputs = await Promise.all(sources.map((source) => Demuxer.open(source)))
const muxer = await Muxer.open(out, { format: 'flv' })
const routes = inputs.flatMap((input) =>
  input.streams.map((stream) => ({ input, stream, to: muxer.addStream(stream) })),
)
const packets: { seconds: number; write: () => Promise<void> }[] = []
// Decoding order within a stream stays, also where Matroska leaves decoding times out.
const latest = new Map<number, number>()
for (const input of inputs) {
  for await (const packet of input.packets()) {
    const kept = packet?.clone()
    const route = routes.find((r) => r.input === input && r.stream.index === kept?.streamIndex)
    if (!kept || !route) continue
    const { num, den } = route.stream.timeBase
    const time = kept.dts > -(2n ** 62n) ? kept.dts : kept.pts
    const seconds = Math.max((Number(time) * num) / den, latest.get(route.to) ?? 0)
    latest.set(route.to, seconds)
    packets.push({ seconds, write: () => muxer.writePacket(kept, route.to) })
  }
}
packets.sort((a, b) => a.seconds - b.seconds)
for (const { write } of packets) await write()
await muxer.close()
process.exit(0)
