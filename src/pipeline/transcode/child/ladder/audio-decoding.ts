import type { AudioTrack, Frame } from '../../../../media/model/index.ts'
import type { Av } from '../av.ts'
import { openAudioDecoder } from '../open-decoder.ts'

type NativeFrame = InstanceType<Av['Frame']>

/** The one decoder of a source's audio. */
export class AudioDecoding implements Disposable {
  damagedCount = 0
  readonly #clockHz: number
  readonly #context
  readonly #packet
  readonly #frame

  constructor(av: Av, track: AudioTrack) {
    this.#clockHz = track.clockRateHz
    this.#context = openAudioDecoder(av, track)
    this.#packet = new av.Packet()
    this.#packet.alloc()
    this.#frame = new av.Frame()
    this.#frame.alloc()
  }

  /** `onSamples`: pts in samples at the rate that the decoder gives. The frame is the decoder's again afterwards. */
  decode(frame: Frame, onSamples: (samples: NativeFrame) => void): void {
    const packet = this.#packet
    packet.data = Buffer.from(frame.data)
    packet.pts = BigInt(frame.ptsTicks)
    packet.dts = BigInt(frame.dtsTicks)
    packet.duration = BigInt(frame.durationTicks)
    if (this.#context.sendPacketSync(packet) < 0) this.damagedCount++
    packet.unref()
    while (this.#context.receiveFrameSync(this.#frame) >= 0) {
      // HE-AAC gives twice the samples of its core, whose rate is the track's clock.
      const rate = this.#frame.sampleRate
      if (rate !== this.#clockHz) {
        this.#frame.pts = BigInt(Math.round((Number(this.#frame.pts) * rate) / this.#clockHz))
      }
      onSamples(this.#frame)
      this.#frame.unref()
    }
  }
  [Symbol.dispose](): void {
    this.#packet.free()
    this.#frame.free()
    this.#context.freeContext()
  }
}
