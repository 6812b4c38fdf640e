import { audioTrack, describeFirstFrame, frameSampleCount } from '../../codecs/index.ts'
import { MillraceError } from '../../errors.ts'
import {
  AudioClock,
  type AudioCodecId,
  type AudioTrack,
  type MediaSink,
  sameConfiguration,
  ticks,
} from '../../model/index.ts'
import { needsSequenceStart } from './codec-ids.ts'
import type { DropCounters } from './drop-counters.ts'
import { isOpusComment, RECORD_FROM_SEQUENCE_START } from './sequence-start.ts'
import { sameBytes } from './video-track-reader.ts'

const STAMP_HZ = 1000
const NO_RECORD = new Uint8Array(0)

export type AudioPacket = {
  /** On the stream's unwrapped time, with the nanosecond offset as its fraction. */
  readonly timeMs: number
  /** Of the classic header; G.711 says it nowhere else. */
  readonly channelCount?: number
  readonly data: Uint8Array
}

/** One audio track on its way from packets to canonical frames with times from their sample counts. */
export class AudioTrackReader {
  readonly #id: number
  readonly #sink: MediaSink
  readonly #counters: DropCounters
  #codec: AudioCodecId | undefined
  #rawStart: Uint8Array | undefined
  #track: AudioTrack | undefined
  #clock: AudioClock | undefined
  #lastTicks = Number.NEGATIVE_INFINITY

  constructor(id: number, sink: MediaSink, counters: DropCounters) {
    this.#id = id
    this.#sink = sink
    this.#counters = counters
  }

  sequenceStart(codec: AudioCodecId, body: Uint8Array): void {
    if (body.length === 0 || !needsSequenceStart(codec)) return
    if (codec === 'opus' && isOpusComment(body)) return
    if (codec === this.#codec && this.#rawStart !== undefined && sameBytes(body, this.#rawStart)) return
    const track = audioTrack(this.#id, codec, RECORD_FROM_SEQUENCE_START[codec](body))
    this.#rawStart = body.slice()
    this.#announce(track)
  }

  frame(codec: AudioCodecId, packet: AudioPacket): void {
    if (packet.data.length === 0) return
    try {
      if (!needsSequenceStart(codec)) this.#describe(codec, packet)
      this.#emit(codec, packet)
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error
      this.#counters.droppedFrameCount++
    }
  }

  #emit(codec: AudioCodecId, packet: AudioPacket): void {
    const track = this.#track
    if (track === undefined || this.#clock === undefined || this.#codec !== codec) {
      this.#counters.droppedFrameCount++
      return
    }
    const sampleCount = this.#sampleCount(track, packet.data)
    const timeTicks = Math.max(this.#clock.next(packet.timeMs, sampleCount), this.#lastTicks)
    this.#lastTicks = timeTicks
    this.#sink.onFrame({
      trackId: this.#id,
      ptsTicks: ticks(timeTicks),
      dtsTicks: ticks(timeTicks),
      durationTicks: ticks(sampleCount),
      isKey: true,
      data: packet.data,
    })
  }

  #sampleCount(track: AudioTrack, data: Uint8Array): number {
    if (track.codec === 'pcma' || track.codec === 'pcmu') return Math.floor(data.length / track.channelCount)
    return frameSampleCount(track.codec, data, track.config)
  }

  /** MP3, AC-3 and E-AC-3 describe themselves in every frame, G.711 in the tag's header. */
  #describe(codec: AudioCodecId, packet: AudioPacket): void {
    const track =
      codec === 'pcma' || codec === 'pcmu' ? this.#g711Track(codec, packet) : this.#frameTrack(codec, packet)
    const known = this.#track
    if (
      known === undefined ||
      known.codec !== codec ||
      known.sampleRateHz !== track.sampleRateHz ||
      known.channelCount !== track.channelCount
    ) {
      this.#announce(track)
    }
  }

  #g711Track(codec: AudioCodecId, packet: AudioPacket): AudioTrack {
    return { ...audioTrack(this.#id, codec, NO_RECORD), channelCount: packet.channelCount ?? 1 }
  }

  #frameTrack(codec: AudioCodecId, packet: AudioPacket): AudioTrack {
    const described = describeFirstFrame(codec, packet.data)
    const sampleRateHz = described.audio?.sampleRateHz ?? 0
    const channelCount = described.audio?.channelCount ?? 0
    const { config, codecString } = described
    return {
      id: this.#id,
      kind: 'audio',
      codec,
      config,
      codecString,
      clockRateHz: sampleRateHz,
      sampleRateHz,
      channelCount,
    }
  }

  #announce(track: AudioTrack): void {
    if (this.#track !== undefined && sameConfiguration(this.#track, track)) return
    if (this.#track?.clockRateHz !== track.clockRateHz) this.#lastTicks = Number.NEGATIVE_INFINITY
    if (this.#track?.clockRateHz !== track.clockRateHz || this.#codec !== track.codec) {
      this.#clock = new AudioClock(track.clockRateHz, STAMP_HZ)
    }
    this.#codec = track.codec
    this.#track = track
    this.#sink.onTrack(track)
  }
}
