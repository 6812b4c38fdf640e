import type { AudioCodecId, AudioTrack } from '../../../../media/model/index.ts'
import type { AudioOrder } from '../../channel/job-messages.ts'
import { type Av, checked } from '../av.ts'
import { FilterChain, type FilterStep } from '../filter-chain.ts'
import type { EncodedFrame, EncodedTrack } from '../job-output.ts'
import { AUDIO_ENCODERS, type AudioEncoderKind, rateFor } from './audio-encoders.ts'
import { GAIN_STEPS, LoudnessGain } from './loudness-gain.ts'
import { samplesSource } from './samples-source.ts'

type NativeFrame = InstanceType<Av['Frame']>
/** Without the id of the track that it becomes: several rungs may have the same audio. */
export type EncodedAudio = Omit<EncodedFrame, 'trackId'>
export type AudioDescription = Omit<Extract<EncodedTrack, { kind: 'audio' }>, 'id'>

const DEFAULT_KBPS = 128
/** AV_NOPTS_VALUE. */
const NO_TIME = -(2n ** 63n)

/**
 * One audio encoder, with what brings samples into its form. Times follow the source: a packet starts when its samples
 * do, less the samples that the encoder puts in front, so that what a decoder gives is where it was.
 */
export class AudioEncoding implements Disposable {
  readonly #av: Av
  readonly #kind: AudioEncoderKind
  readonly #codec: AudioCodecId
  readonly #rateHz: number
  readonly #context
  readonly #packet
  readonly #frame
  #chain: FilterChain | undefined
  #chainFor = ''
  readonly #steps: readonly FilterStep[]
  readonly #channels: number
  readonly #frameSamples: number
  readonly #language: string | undefined
  readonly #gain: LoudnessGain | undefined

  constructor(av: Av, order: AudioOrder & { readonly codec: AudioCodecId }, source: AudioTrack) {
    const kind = AUDIO_ENCODERS[order.codec]
    if (!kind) throw new Error(`there is no encoder for ${order.codec}`)
    this.#av = av
    this.#kind = kind
    this.#codec = order.codec
    this.#language = source.language
    this.#rateHz = rateFor(kind, order.sampleRateHz ?? source.sampleRateHz)
    this.#channels = order.channels ?? kind.usualChannels ?? Math.min(2, Math.max(1, source.channelCount))
    this.#context = openEncoder(av, kind, {
      rateHz: this.#rateHz,
      channels: this.#channels,
      kbps: order.bitrateKbps ?? DEFAULT_KBPS,
    })
    this.#frameSamples = kind.frameSamples ?? this.#context.frameSize
    this.#gain = order.loudnessLufs === undefined ? undefined : new LoudnessGain(av, order.loudnessLufs)
    const layout = this.#channels === 1 ? 'mono' : 'stereo'
    this.#steps = [
      ['aresample', String(this.#rateHz)],
      ...(this.#gain ? GAIN_STEPS : []),
      ['aformat', `sample_fmts=${kind.formatName}:sample_rates=${this.#rateHz}:channel_layouts=${layout}`],
      ['asetnsamples', `n=${this.#frameSamples}:p=0`],
    ]
    this.#packet = new av.Packet()
    this.#packet.alloc()
    this.#frame = new av.Frame()
    this.#frame.alloc()
  }

  get description(): AudioDescription {
    const config = this.#kind.hasConfig ? Uint8Array.from(this.#context.extraData ?? []) : new Uint8Array(0)
    return {
      kind: 'audio',
      codec: this.#codec,
      config,
      sampleRateHz: this.#rateHz,
      channelCount: this.#channels,
      ...(this.#language === undefined ? {} : { language: this.#language }),
    }
  }

  /** `samples.pts` counts samples of the source. */
  push(samples: NativeFrame, onFrame: (frame: EncodedAudio) => void): void {
    const chain = this.#chainOf(samples)
    if (this.#gain) chain.command('volume', 'volume', `${this.#gain.push(samples).toFixed(2)}dB`)
    chain.add(samples)
    this.#drainChain(chain, onFrame)
  }
  /** What is still inside; nothing may be pushed afterwards. */
  flush(onFrame: (frame: EncodedAudio) => void): void {
    this.#chain?.add(null)
    if (this.#chain) this.#drainChain(this.#chain, onFrame)
    this.#context.sendFrameSync(null)
    this.#drainEncoder(onFrame)
  }
  [Symbol.dispose](): void {
    this.#chain?.[Symbol.dispose]()
    this.#gain?.[Symbol.dispose]()
    this.#packet.free()
    this.#frame.free()
    this.#context.freeContext()
  }

  #chainOf(samples: NativeFrame): FilterChain {
    const source = samplesSource(samples)
    const shape = source[1] ?? ''
    if (!this.#chain || shape !== this.#chainFor) {
      this.#chain?.[Symbol.dispose]()
      this.#chain = new FilterChain(this.#av, source, this.#steps)
      this.#chainFor = shape
    }
    return this.#chain
  }
  #drainChain(chain: FilterChain, onFrame: (frame: EncodedAudio) => void): void {
    const frame = this.#frame
    while (chain.take(frame) >= 0) {
      const { num, den } = chain.timeBase
      if (den !== this.#rateHz) frame.pts = BigInt(Math.round((Number(frame.pts) * num * this.#rateHz) / den))
      checked(this.#av, this.#context.sendFrameSync(frame), this.#kind.name)
      frame.unref()
      this.#drainEncoder(onFrame)
    }
  }
  #drainEncoder(onFrame: (frame: EncodedAudio) => void): void {
    const packet = this.#packet
    while (this.#context.receivePacketSync(packet) >= 0) {
      if (packet.pts !== NO_TIME) {
        const ptsTicks = Number(packet.pts)
        const durationTicks = packet.duration > 0n ? Number(packet.duration) : this.#frameSamples
        onFrame({ ptsTicks, dtsTicks: ptsTicks, durationTicks, isKey: true, data: Uint8Array.from(packet.data ?? []) })
      }
      packet.unref()
    }
  }
}

function openEncoder(
  av: Av,
  kind: AudioEncoderKind,
  { rateHz, channels, kbps }: { readonly rateHz: number; readonly channels: number; readonly kbps: number },
) {
  const codec = av.Codec.findEncoderByName(kind.name as Parameters<typeof av.Codec.findEncoderByName>[0])
  if (!codec) throw new Error(`this build of FFmpeg has no ${kind.name}`)
  const context = new av.CodecContext()
  context.allocContext3(codec)
  context.sampleRate = rateHz
  context.sampleFormat = kind.sampleFormat(av)
  context.channelLayout = channels === 1 ? av.AV_CHANNEL_LAYOUT_MONO : av.AV_CHANNEL_LAYOUT_STEREO
  context.timeBase = new av.Rational(1, rateHz)
  context.bitRate = BigInt(kbps * 1000)
  context.threadCount = 1
  context.setFlags(av.AV_CODEC_FLAG_GLOBAL_HEADER)
  for (const [name, value] of Object.entries(kind.options))
    checked(av, context.setOption(name, value), `${kind.name} ${name}`)
  checked(av, context.open2Sync(codec, null), kind.name)
  return context
}
