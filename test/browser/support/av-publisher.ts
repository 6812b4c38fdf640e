/* Child process: encodes live and publishes over RTMP with the FFmpeg of node-av. Its only argument is the address. */
import { AV_LOG_ERROR, Decoder, Demuxer, Encoder, Log, Muxer } from 'node-av'
import { PICTURE, TONE } from './publisher.ts'

type EncoderName = Parameters<typeof Encoder.create>[0]
type Track = { readonly source: string; readonly encoder: EncoderName; readonly options: Record<string, string> }

/** `realtime` and `arealtime` let frames pass at the speed at which they are to be seen. */
const TRACKS: readonly Track[] = [
  {
    source: `${PICTURE},format=yuv420p,realtime`,
    encoder: 'libx264' as EncoderName,
    options: { preset: 'ultrafast', bf: '2', g: '30', 'x264-params': 'bframes=2' },
  },
  { source: `${TONE},aformat=channel_layouts=stereo,arealtime`, encoder: 'aac' as EncoderName, options: {} },
]

async function openTrack({ source, encoder: name, options }: Track) {
  const input = await Demuxer.open(source, { format: 'lavfi' })
  const [stream] = input.streams
  if (!stream) throw new Error('lavfi gave no stream')
  const decoder = await Decoder.create(stream)
  const encoder = await Encoder.create(name, { decoder, autoResample: true, options })
  return { input, decoder, encoder }
}

async function publish(url: string): Promise<void> {
  const muxer = await Muxer.open(url, { format: 'flv' })
  const opened = await Promise.all(TRACKS.map(openTrack))
  const tracks = opened.map((track) => ({ ...track, at: muxer.addStream(track.encoder) }))
  await Promise.all(
    tracks.map(async ({ input, decoder, encoder, at }) => {
      for await (const packet of encoder.packets(decoder.frames(input.packets()))) {
        if (packet) await muxer.writePacket(packet, at)
      }
    }),
  )
}

Log.setLevel(AV_LOG_ERROR)
const [, , url] = process.argv
if (url === undefined) throw new Error('the address to publish to is missing')
await publish(url)
