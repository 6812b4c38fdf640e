import { LimitExceededError, UnsupportedInputError } from '../../errors.ts'
import { type Frame, type Muxer, rescaleTicks, type Track, VIDEO_CLOCK_HZ } from '../../model/index.ts'
import { languageDescriptors } from './language.ts'
import { PACKET_BYTES, PAT_PID } from './packet.ts'
import { type PidState, packetCount, writePackets, writePcrPacket, writeSectionPackets } from './packet-writer.ts'
import { CARRIAGES } from './payload/carriages.ts'
import type { TrackCarriage } from './payload/payload-writer.ts'
import { PcrClock } from './pcr-clock.ts'
import { PES_FIXED_BYTES, pesOptionalBytes, writePesHeader } from './pes-header.ts'
import { type Descriptor, writeProgramAssociation, writeProgramMap } from './program-tables.ts'
import { ScratchBuffer } from './scratch-buffer.ts'

/** How a TsMuxer writes. */
export type TsMuxerOptions = {
  /** Added to every time, 90 kHz. 0 without it: the stream's own times, and a PCR that may begin before 0 (wrapped). */
  readonly timeOffsetTicks?: number
  /**
   * The muxer writes one segment of that number, made without the one before: the tables stand once, at its start, with
   * counters that follow from the number; every other PID says that its counter does not go on. ISO/IEC 13818-1, 2.4.3.5.
   */
  readonly segmentNumber?: number
}

/** A track that MPEG-TS cannot carry. */
export type SkippedTrack = { readonly track: Track; readonly reason: string }

type MuxedStream = {
  readonly track: Track
  readonly carriage: TrackCarriage
  readonly pid: PidState
}

const PROGRAM_NUMBER = 1
const PMT_PID = 0x1000
const FIRST_STREAM_PID = 0x100
const LAST_TRACK_ID = 0xdff
/** How often the tables are repeated where no video key frame does it. */
const TABLE_INTERVAL_TICKS = 45_000
const MAX_PES_LENGTH = 0xffff
const PARAMETER_SETS_GUESS_BYTES = 1024

/**
 * Frames in, MPEG-TS out. ISO/IEC 13818-1. One program (1, map on PID 0x1000); a track's PID is 0x100 + its id. Every
 * frame is one PES packet. The tables stand in front of every video key frame, or about every 0.5 s where there is no
 * video, and after a change of tracks; the PCR is on the first video track, else the first audio track.
 */
export class TsMuxer implements Muxer {
  /** Tracks of the last `setTracks` that are left out. */
  skippedTracks: readonly SkippedTrack[] = []

  readonly #timeOffset: number
  readonly #out = new ScratchBuffer()
  readonly #pat: PidState
  readonly #pmt: PidState
  readonly #isSegment: boolean
  /** Of a segment: those that have written nothing yet. */
  readonly #unheard = new Set<PidState>()
  readonly #pids = new Map<number, PidState>()
  readonly #streams = new Map<number, MuxedStream>()
  readonly #pcr = new PcrClock()
  #pcrStream: MuxedStream | undefined
  #mapVersion = -1
  #patSection: Uint8Array = new Uint8Array(0)
  #pmtSection: Uint8Array = new Uint8Array(0)
  #lastTables: number | undefined

  constructor(options: TsMuxerOptions = {}) {
    const { timeOffsetTicks = 0, segmentNumber } = options
    this.#timeOffset = timeOffsetTicks
    this.#isSegment = segmentNumber !== undefined
    const counter = (segmentNumber ?? 0) & 15
    this.#pat = { pid: PAT_PID, counter }
    this.#pmt = { pid: PMT_PID, counter }
  }

  /** Throws UnsupportedInputError where no track can be carried. The tables follow with the next frame. */
  setTracks(tracks: readonly Track[]): readonly Uint8Array[] {
    const skipped: SkippedTrack[] = []
    const before = new Map(this.#streams)
    this.#streams.clear()
    for (const track of tracks) {
      const known = before.get(track.id)
      // The same track object keeps its carriage, so that a trim at the start is not written again.
      const carriage = known?.track === track ? known.carriage : carriageOf(track)
      if (typeof carriage === 'string') skipped.push({ track, reason: carriage })
      else this.#streams.set(track.id, { track, carriage, pid: this.#pidOf(track.id) })
    }
    this.skippedTracks = skipped
    if (this.#streams.size === 0) {
      throw new UnsupportedInputError(`no track for MPEG-TS: ${skipped.map(({ reason }) => reason).join('; ')}`)
    }
    const streams = [...this.#streams.values()]
    this.#pcrStream = streams.find(({ track }) => track.kind === 'video') ?? streams[0]
    this.#writeTables(streams)
    return []
  }

  /** Empty where video key frames bring the tables with them, else the tables. */
  preamble(): Uint8Array {
    if (this.#pcrStream === undefined || this.#pcrStream.track.kind === 'video') return new Uint8Array(0)
    const out = new ScratchBuffer()
    writeSectionPackets(out, { ...this.#pat }, this.#patSection)
    writeSectionPackets(out, { ...this.#pmt }, this.#pmtSection)
    return out.bytes.slice(0, out.length)
  }

  /** One view on a buffer that the next call writes over; none for a frame of a track that is left out. */
  frame(frame: Frame): readonly Uint8Array[] {
    const stream = this.#streams.get(frame.trackId)
    if (stream === undefined) return []
    const { clockRateHz } = stream.track
    const dts = rescaleTicks(frame.dtsTicks, clockRateHz, VIDEO_CLOCK_HZ) + this.#timeOffset
    const pts = rescaleTicks(frame.ptsTicks, clockRateHz, VIDEO_CLOCK_HZ) + this.#timeOffset
    this.#out.reset()
    if (this.#needsTables(stream, frame.isKey, dts)) this.#appendTables(dts)
    const pcr = this.#appendPcrs(stream, dts)
    this.#appendPes(stream, frame, { pts, dts, pcr })
    return [this.#out.bytes.subarray(0, this.#out.length)]
  }

  flush(): readonly Uint8Array[] {
    return []
  }

  /** Counters go on over changes of configuration. */
  #pidOf(trackId: number): PidState {
    if (trackId < 0 || trackId > LAST_TRACK_ID) throw new LimitExceededError(`track id ${trackId} has no PID`)
    const known = this.#pids.get(trackId)
    if (known !== undefined) return known
    const pid = { pid: FIRST_STREAM_PID + trackId, counter: 0 }
    this.#pids.set(trackId, pid)
    if (this.#isSegment) this.#unheard.add(pid)
    return pid
  }

  #writeTables(streams: readonly MuxedStream[]): void {
    this.#mapVersion = (this.#mapVersion + 1) & 31
    const programs = [{ programNumber: PROGRAM_NUMBER, pmtPid: PMT_PID }]
    this.#patSection = writeProgramAssociation({ transportStreamId: 1, version: 0, programs })
    this.#pmtSection = writeProgramMap({
      programNumber: PROGRAM_NUMBER,
      version: this.#mapVersion,
      pcrPid: this.#pcrStream?.pid.pid ?? 0x1fff,
      descriptors: [],
      streams: streams.map(({ track, carriage, pid }) => ({
        streamType: carriage.streamType,
        pid: pid.pid,
        descriptors: [...carriage.descriptors, ...languageOfTrack(track)],
      })),
    })
    this.#lastTables = undefined
  }

  #needsTables(stream: MuxedStream, isKey: boolean, dts: number): boolean {
    if (this.#lastTables === undefined) return true
    if (this.#isSegment) return false
    if (stream === this.#pcrStream && stream.track.kind === 'video') return isKey
    const hasVideo = this.#pcrStream?.track.kind === 'video'
    return !hasVideo && Math.abs(dts - this.#lastTables) >= TABLE_INTERVAL_TICKS
  }

  #appendTables(dts: number): void {
    writeSectionPackets(this.#out, this.#pat, this.#patSection)
    writeSectionPackets(this.#out, this.#pmt, this.#pmtSection)
    this.#lastTables = dts
  }

  /** PCR packets that are due before this frame; returns the PCR that goes into the frame's own first packet. */
  #appendPcrs(stream: MuxedStream, dts: number): number | undefined {
    if (stream !== this.#pcrStream) return undefined
    for (let pcr = this.#pcr.nextBefore(dts); pcr !== undefined; pcr = this.#pcr.nextBefore(dts)) {
      writePcrPacket(this.#out, stream.pid, pcr)
    }
    return this.#pcr.at(dts)
  }

  /** The PES packet is put together behind the room for its transport packets, then moved forward into them. */
  #appendPes(stream: MuxedStream, frame: Frame, times: { pts: number; dts: number; pcr: number | undefined }): void {
    const out = this.#out
    const to = out.length
    const headerBytes = PES_FIXED_BYTES + pesOptionalBytes(times.pts, times.dts)
    const fields = { randomAccess: frame.isKey, pcr: times.pcr, discontinuity: this.#unheard.delete(stream.pid) }
    // The payload's size is known only when it is written: the room for the packets is a guess, mended below.
    const guess = packetCount(frame.data.length + headerBytes + PARAMETER_SETS_GUESS_BYTES, fields) * PACKET_BYTES
    let from = out.extend(guess + headerBytes) + guess
    stream.carriage.write(out, frame)
    const length = out.length - from
    const { streamId } = stream.carriage
    if (length - 6 > MAX_PES_LENGTH && stream.track.kind === 'audio') {
      throw new LimitExceededError(`audio frame of ${length} bytes does not fit a PES packet`)
    }
    const { pts, dts } = times
    writePesHeader(out.bytes, from, { streamId, pts, dts, payloadBytes: length - headerBytes })
    const room = packetCount(length, fields) * PACKET_BYTES
    if (room > guess) {
      out.extend(room - guess)
      out.bytes.copyWithin(to + room, from, from + length)
      from = to + room
    }
    writePackets(out, { to, from, length }, stream.pid, fields)
    out.length = to + room
  }
}

function carriageOf(track: Track): TrackCarriage | string {
  return CARRIAGES[track.codec](track)
}

function languageOfTrack(track: Track): Descriptor[] {
  return languageDescriptors(track.language)
}
