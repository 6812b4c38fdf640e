// Child process: FFmpeg (node-av) opens the file named on the command line and prints its packets as one JSON text.
// The module's name is put together at run time so that only src/pipeline/transcode/ is seen to depend on it.

type AvRational = { readonly num: number; readonly den: number }
type AvStream = {
  readonly timeBase: AvRational
  readonly codecpar: {
    readonly codecId: number
    readonly extradata: Uint8Array | null | undefined
    readonly width: number
    readonly height: number
    readonly sampleRate: number
    readonly channels: number
  }
}
type AvPacket = {
  readonly streamIndex: number
  readonly pts: bigint
  readonly dts: bigint
  readonly duration: bigint
  readonly isKeyframe: boolean
  readonly data: Uint8Array | null
  free(): void
}
type AvInput = { readonly streams: readonly AvStream[]; packets(): AsyncIterable<AvPacket | null> }
type AvModule = {
  readonly Demuxer: { open(path: string): Promise<AvInput> }
  readonly Log: { setLevel(level: number): void }
  avGetCodecName(id: number): string | null
}

const AV_LOG_WARNING = 24
const av = (await import(['node', 'av'].join('-'))) as AvModule
av.Log.setLevel(AV_LOG_WARNING)
const input = await av.Demuxer.open(process.argv[2] ?? '')
const streams = input.streams.map(({ timeBase, codecpar }) => ({
  codec: av.avGetCodecName(codecpar.codecId) ?? '',
  timeBase: { num: timeBase.num, den: timeBase.den },
  extradata: Buffer.from(codecpar.extradata ?? []).toString('base64'),
  width: codecpar.width,
  height: codecpar.height,
  sampleRate: codecpar.sampleRate,
  channels: codecpar.channels,
}))
const packets: unknown[] = []
for await (const packet of input.packets()) {
  if (packet === null) continue
  packets.push({
    stream: packet.streamIndex,
    pts: Number(packet.pts),
    dts: Number(packet.dts),
    duration: Number(packet.duration),
    isKey: packet.isKeyframe,
    data: Buffer.from(packet.data ?? []).toString('base64'),
  })
  packet.free()
}
process.stdout.write(JSON.stringify({ streams, packets }), () => process.exit(0))
