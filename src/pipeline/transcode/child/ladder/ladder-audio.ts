import type { AudioTrack, Frame } from '../../../../media/model/index.ts'
import type { AudioOrder } from '../../channel/job-messages.ts'
import type { Av } from '../av.ts'
import { AudioDecoding } from './audio-decoding.ts'
import { AudioEncoding, type EncodedAudio } from './audio-encoding.ts'
import type { Rung } from './rung.ts'
import type { SoundWatch } from './stream-watch.ts'

type OnFailure = (rung: Rung, error: unknown) => void
type Encoded = {
  readonly order: AudioOrder
  readonly rungs: Set<Rung>
  encoding: AudioEncoding | undefined
  /** Rungs that know what this encoder gives. */
  announced: WeakSet<Rung>
}

/** A step in the times of the source that is longer cannot be one sound any more. */
const MAX_GAP_SECONDS = 0.5

/** The audio of all rungs: one decoder, one encoder for each kind of audio that some rungs have. */
export class LadderAudio implements Disposable {
  /** Hears everything of the source. */
  watch: SoundWatch | undefined
  readonly #av: Av
  readonly #onFailure: OnFailure
  readonly #rungs = new Set<Rung>()
  readonly #encoded = new Set<Encoded>()
  #track: AudioTrack | undefined
  #decoding: AudioDecoding | undefined
  #lastSeconds: number | undefined

  constructor(av: Av, onFailure: OnFailure) {
    this.#av = av
    this.#onFailure = onFailure
  }

  get damagedCount(): number {
    return this.#decoding?.damagedCount ?? 0
  }
  setTrack(track: AudioTrack): void {
    this.#decoding?.[Symbol.dispose]()
    this.#decoding = undefined
    const before = this.#track
    for (const each of [...this.#encoded]) {
      // What is passed on from here on has no encoder; others follow the source's rate and channels.
      const isOver = isCopy(each.order, track)
      if (isOver || !before || !hasFormOf(before, track)) this.#finish(each)
      if (isOver) this.#encoded.delete(each)
    }
    this.#track = track
    for (const rung of this.#rungs) if (isCopy(rung.order.audio, track)) rung.copyTrack(track)
  }
  add(rung: Rung): void {
    if (rung.order.audio) this.#rungs.add(rung)
  }
  /** Takes over the rungs of `other`, which has been given the same frames; their encoders go on. */
  adopt(other: LadderAudio): void {
    for (const rung of other.#rungs) this.#rungs.add(rung)
    for (const each of other.#encoded) this.#encoded.add(each)
    if (this.#decoding === undefined) {
      this.#decoding = other.#decoding
      this.#lastSeconds = other.#lastSeconds
      other.#decoding = undefined
    }
    other.#rungs.clear()
    other.#encoded.clear()
  }
  remove(rung: Rung): void {
    this.#rungs.delete(rung)
    for (const each of [...this.#encoded]) {
      if (!each.rungs.delete(rung) || each.rungs.size > 0) continue
      each.encoding?.[Symbol.dispose]()
      this.#encoded.delete(each)
    }
  }

  frame(frame: Frame): void {
    const track = this.#track
    if (!track) return
    let isDecoded = this.watch !== undefined
    for (const rung of this.#rungs) {
      if (isCopy(rung.order.audio, track)) rung.copyAudio(frame, track)
      else isDecoded = this.#subscribe(rung) || isDecoded
    }
    if (!isDecoded) return
    if (this.#hasGap(frame, track)) this.#restartEncodings()
    this.#decoding ??= new AudioDecoding(this.#av, track)
    this.#decoding.decode(frame, (samples) => {
      this.watch?.push(samples)
      for (const each of [...this.#encoded])
        this.#attempt(each, (encoding) => encoding.push(samples, (encoded) => give(each, encoded)))
    })
  }
  flush(): void {
    for (const each of [...this.#encoded])
      this.#attempt(each, (encoding) => encoding.flush((encoded) => give(each, encoded)))
  }
  [Symbol.dispose](): void {
    this.#decoding?.[Symbol.dispose]()
    for (const { encoding } of this.#encoded) encoding?.[Symbol.dispose]()
  }

  #subscribe(rung: Rung): boolean {
    const { audio: order } = rung.order
    if (!order) return false
    const encoded = [...this.#encoded]
    if (encoded.some(({ rungs }) => rungs.has(rung))) return true
    const key = JSON.stringify(order)
    const known = encoded.find((each) => JSON.stringify(each.order) === key)
    if (known) known.rungs.add(rung)
    else this.#encoded.add({ order, rungs: new Set([rung]), encoding: undefined, announced: new WeakSet() })
    return true
  }
  #hasGap({ ptsTicks }: Frame, { clockRateHz }: AudioTrack): boolean {
    const last = this.#lastSeconds
    const seconds = ptsTicks / clockRateHz
    this.#lastSeconds = seconds
    return last !== undefined && Math.abs(seconds - last) > MAX_GAP_SECONDS
  }
  /** What the encoder still holds comes out, and there is no encoder any more. */
  #finish(each: Encoded): void {
    if (!each.encoding) return
    this.#attempt(each, (encoding) => encoding.flush((encoded) => give(each, encoded)))
    each.encoding?.[Symbol.dispose]()
    each.encoding = undefined
  }
  /** Samples from before the gap must not be one packet with those after it. */
  #restartEncodings(): void {
    for (const each of this.#encoded) {
      each.encoding?.[Symbol.dispose]()
      each.encoding = undefined
    }
  }

  #attempt(each: Encoded, work: (encoding: AudioEncoding) => void): void {
    const { codec } = each.order
    const track = this.#track
    if (!track || codec === 'copy') return
    try {
      each.encoding ??= this.#open(each, { ...each.order, codec }, track)
      work(each.encoding)
    } catch (error) {
      each.encoding?.[Symbol.dispose]()
      for (const rung of each.rungs) {
        this.#rungs.delete(rung)
        this.#onFailure(rung, error)
      }
      this.#encoded.delete(each)
    }
  }
  #open(each: Encoded, order: ConstructorParameters<typeof AudioEncoding>[1], track: AudioTrack): AudioEncoding {
    const encoding = new AudioEncoding(this.#av, order, track)
    each.announced = new WeakSet()
    return encoding
  }
}

function isCopy(order: AudioOrder | undefined, track: AudioTrack): boolean {
  if (order?.codec === 'copy') return true
  return order?.codec === track.codec && order.bitrateKbps === undefined && order.loudnessLufs === undefined
}

function hasFormOf(one: AudioTrack, other: AudioTrack): boolean {
  return one.sampleRateHz === other.sampleRateHz && one.channelCount === other.channelCount
}

function give({ encoding, rungs, announced }: Encoded, frame: EncodedAudio): void {
  for (const rung of rungs) {
    const id = rung.audioTrackId
    if (encoding && !announced.has(rung)) rung.onTrack({ ...encoding.description, id })
    announced.add(rung)
    rung.onFrame({ ...frame, trackId: id })
  }
}
