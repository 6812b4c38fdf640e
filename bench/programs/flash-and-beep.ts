// Finds the white pictures and the tones of a file: `flash-and-beep.ts FILE`. Prints FlashesAndBeeps.
import * as constants from 'node-av/constants'
import * as lib from 'node-av/lib'
import type { FlashesAndBeeps } from '../support/sync-clip.ts'

const av = { ...lib, ...constants }
av.Log.setLevel(av.AV_LOG_ERROR)
const input = new av.FormatContext()
if (input.openInputSync(process.argv[2] ?? '', null, null) < 0) throw new Error(`cannot read ${process.argv[2]}`)
input.findStreamInfoSync(null)

type NativeFrame = InstanceType<typeof av.Frame>
const BRIGHT = 150
const LOUD = 0.2
/** A tone is over when nothing was heard for so long. */
const SILENCE_SECONDS = 0.2

const flashes: number[] = []
const beeps: number[] = []
let wasBright = true
let loudSeconds = 0

function onPicture(frame: NativeFrame, seconds: number): void {
  const row = frame.data?.[0]?.subarray(0, frame.width) ?? Buffer.alloc(1)
  const isBright = row.reduce((sum, luma) => sum + luma, 0) / row.length > BRIGHT
  if (isBright && !wasBright) flashes.push(seconds)
  wasBright = isBright
}
function onSamples(frame: NativeFrame, seconds: number): void {
  const plane = frame.data?.[0]
  if (!plane) return
  for (let at = 0; at < frame.nbSamples; at++) {
    if (Math.abs(plane.readFloatLE(at * 4)) < LOUD) continue
    const time = seconds + at / frame.sampleRate
    if (time - loudSeconds > SILENCE_SECONDS) beeps.push(time)
    loudSeconds = time
  }
}

const readers = new Map(
  input.streams.map((stream) => {
    const isVideo = stream.codecpar.codecType === av.AVMEDIA_TYPE_VIDEO
    const codec = av.Codec.findDecoder(stream.codecpar.codecId)
    const context = new av.CodecContext()
    context.allocContext3(codec)
    context.parametersToContext(stream.codecpar)
    context.pktTimebase = stream.timeBase
    context.threadCount = 1
    context.open2Sync(codec, null)
    return [stream.index, { context, base: stream.timeBase, onFrame: isVideo ? onPicture : onSamples }] as const
  }),
)
const packet = new av.Packet()
packet.alloc()
const frame = new av.Frame()
frame.alloc()
const drain = ({ context, base, onFrame }: NonNullable<ReturnType<typeof readers.get>>) => {
  while (context.receiveFrameSync(frame) >= 0) {
    onFrame(frame, (Number(frame.bestEffortTimestamp) * base.num) / base.den)
    frame.unref()
  }
}
while (input.readFrameSync(packet) >= 0) {
  const reader = readers.get(packet.streamIndex)
  if (reader) {
    reader.context.sendPacketSync(packet)
    drain(reader)
  }
  packet.unref()
}
for (const reader of readers.values()) {
  reader.context.sendPacketSync(null)
  drain(reader)
}
const found: FlashesAndBeeps = { flashes, beeps }
process.stdout.write(JSON.stringify(found), () => process.exit(0))
