import { type Av, checked } from '../av.ts'
import type { EncodedFrame, EncodedTrack } from '../job-output.ts'

export type AudioSettings = {
  readonly trackId: number
  readonly sampleRateHz: number
  readonly bitsPerSecond: number
}

/** AAC-LC frames have this many samples. */
export const AAC_FRAME_SAMPLES = 1024
const CHANNELS = 2

/** Stereo AAC-LC by FFmpeg's own encoder. */
export class AudioEncoder implements Disposable {
  readonly track: EncodedTrack
  readonly #av: Av
  readonly #settings: AudioSettings
  readonly #context
  readonly #packet
  readonly #samples = new Float32Array(AAC_FRAME_SAMPLES * CHANNELS)

  constructor(av: Av, settings: AudioSettings) {
    this.#av = av
    this.#settings = settings
    this.#context = openAac(av, settings)
    this.#packet = new av.Packet()
    this.#packet.alloc()
    this.track = {
      id: settings.trackId,
      kind: 'audio',
      codec: 'aac',
      config: Uint8Array.from(this.#context.extraData ?? []),
      sampleRateHz: settings.sampleRateHz,
      channelCount: CHANNELS,
    }
  }

  /** `samples`: one frame, played on both channels; the first is sample number `start`. */
  encode(samples: Float32Array, start: number): EncodedFrame[] {
    const av = this.#av
    this.#samples.set(samples, 0)
    this.#samples.set(samples, AAC_FRAME_SAMPLES)
    using frame = av.Frame.fromAudioBuffer(Buffer.from(this.#samples.buffer), {
      nbSamples: AAC_FRAME_SAMPLES,
      format: av.AV_SAMPLE_FMT_FLTP,
      sampleRate: this.#settings.sampleRateHz,
      channelLayout: av.AV_CHANNEL_LAYOUT_STEREO,
      pts: BigInt(start),
    })
    checked(av, this.#context.sendFrameSync(frame), 'aac')
    const encoded: EncodedFrame[] = []
    while (this.#context.receivePacketSync(this.#packet) >= 0) {
      const packet = this.#packet
      encoded.push({
        trackId: this.#settings.trackId,
        ptsTicks: Number(packet.pts),
        dtsTicks: Number(packet.pts),
        durationTicks: AAC_FRAME_SAMPLES,
        isKey: true,
        data: Uint8Array.from(packet.data ?? []),
      })
      packet.unref()
    }
    return encoded
  }

  [Symbol.dispose](): void {
    this.#packet.free()
    this.#context.freeContext()
  }
}

function openAac(av: Av, settings: AudioSettings) {
  const codec = av.Codec.findEncoderByName('aac' as Parameters<typeof av.Codec.findEncoderByName>[0])
  if (!codec) throw new Error('this build of FFmpeg has no AAC encoder')
  const context = new av.CodecContext()
  context.allocContext3(codec)
  context.sampleRate = settings.sampleRateHz
  context.sampleFormat = av.AV_SAMPLE_FMT_FLTP
  context.channelLayout = av.AV_CHANNEL_LAYOUT_STEREO
  context.timeBase = new av.Rational(1, settings.sampleRateHz)
  context.bitRate = BigInt(settings.bitsPerSecond)
  context.threadCount = 1
  context.setFlags(av.AV_CODEC_FLAG_GLOBAL_HEADER)
  // The default search for the best quantizers costs ten times the rest of the encoder, for nothing in a test tone.
  checked(av, context.setOption('aac_coder', 'fast'), 'aac aac_coder')
  checked(av, context.open2Sync(codec, null), 'aac')
  return context
}
