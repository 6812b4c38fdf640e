import { describeFirstFrame, videoTrack } from '../../codecs/index.ts'
import { MillraceError } from '../../errors.ts'
import {
  type MediaSink,
  sameConfiguration,
  ticks,
  VIDEO_CLOCK_HZ,
  type VideoCodecId,
  type VideoTrack,
} from '../../model/index.ts'
import { toCanonicalTemporalUnit } from './av1-temporal-unit.ts'
import { needsSequenceStart } from './codec-ids.ts'
import type { DropCounters } from './drop-counters.ts'
import { nalLengthSize, toLengthSize4 } from './length-size.ts'
import { RECORD_FROM_SEQUENCE_START } from './sequence-start.ts'

const TICKS_PER_MS = VIDEO_CLOCK_HZ / 1000

export type VideoPacket = {
  /** On the stream's unwrapped time, with the nanosecond offset as its fraction. */
  readonly dtsMs: number
  readonly compositionMs: number
  readonly isKey: boolean
  readonly data: Uint8Array
}

/** One video track on its way from packets to canonical frames. */
export class VideoTrackReader {
  readonly #id: number
  readonly #sink: MediaSink
  readonly #counters: DropCounters
  #codec: VideoCodecId | undefined
  /** The sequence start as it came, to know a repeated one. */
  #rawStart: Uint8Array | undefined
  #record: Uint8Array | undefined
  #lengthSize = 4
  #track: VideoTrack | undefined
  #lastDtsTicks = Number.NEGATIVE_INFINITY

  constructor(id: number, sink: MediaSink, counters: DropCounters) {
    this.#id = id
    this.#sink = sink
    this.#counters = counters
  }

  sequenceStart(codec: VideoCodecId, body: Uint8Array): void {
    if (body.length === 0) return
    if (codec === this.#codec && this.#rawStart !== undefined && sameBytes(body, this.#rawStart)) return
    const record = RECORD_FROM_SEQUENCE_START[codec](body)
    const track = needsSequenceStart(codec) ? videoTrack(this.#id, codec, record) : undefined
    if (codec !== this.#codec) this.#track = undefined
    this.#codec = codec
    this.#rawStart = body.slice()
    this.#record = record
    if (codec === 'h264' || codec === 'h265') this.#lengthSize = nalLengthSize(codec, body)
    if (track !== undefined) this.#announce(track)
  }

  frame(codec: VideoCodecId, packet: VideoPacket): void {
    if (packet.data.length === 0) return
    if (!needsSequenceStart(codec) && !this.#describe(codec, packet)) return
    if (this.#track === undefined || this.#codec !== codec) {
      this.#counters.droppedFrameCount++
      return
    }
    const dtsTicks = Math.max(Math.round(packet.dtsMs * TICKS_PER_MS), this.#lastDtsTicks)
    this.#lastDtsTicks = dtsTicks
    this.#sink.onFrame({
      trackId: this.#id,
      ptsTicks: ticks(Math.round((packet.dtsMs + packet.compositionMs) * TICKS_PER_MS)),
      dtsTicks: ticks(dtsTicks),
      durationTicks: ticks(0),
      isKey: packet.isKey,
      data: this.#canonical(codec, packet.data),
    })
  }

  #canonical(codec: VideoCodecId, data: Uint8Array): Uint8Array {
    if (codec === 'av1') return toCanonicalTemporalUnit(data)
    if ((codec === 'h264' || codec === 'h265') && this.#lengthSize !== 4) return toLengthSize4(data, this.#lengthSize)
    return data
  }

  /** VP8 and VP9: picture size, and the record where no sequence start gave one, stand in the keyframes. */
  #describe(codec: VideoCodecId, packet: VideoPacket): boolean {
    if (!packet.isKey) return true
    try {
      const described = describeFirstFrame(codec, packet.data)
      if (codec !== this.#codec) this.#record = undefined
      this.#codec = codec
      const base = videoTrack(this.#id, codec, this.#record ?? described.config)
      this.#announce({ ...base, ...described.video })
      return true
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error
      this.#counters.droppedFrameCount++
      return false
    }
  }

  #announce(track: VideoTrack): void {
    if (this.#track !== undefined && sameConfiguration(this.#track, track)) return
    this.#track = track
    this.#sink.onTrack(track)
  }
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}
