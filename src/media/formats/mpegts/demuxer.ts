import { type MediaSink, Unwrapper } from '../../model/index.ts'
import type { DemuxedStream, StreamContext } from './demuxed-stream.ts'
import type { TsDemuxerCounters, TsDemuxerOptions, UnsupportedStream } from './demuxer-options.ts'
import { HEADER_BYTES, NULL_PID, PACKET_BYTES, PAT_PID, PID_COUNT } from './packet.ts'
import { PacketFramer } from './packet-framer.ts'
import { Program } from './program.ts'
import { PAT_TABLE_ID, readProgramAssociation } from './program-tables.ts'
import { SectionAssembler } from './section-assembler.ts'

const DEFAULT_MAX_PES_BYTES = 16 * 1024 * 1024
const DEFAULT_MAX_STREAMS = 32
const TIME_BITS = 33
const NO_COUNTER = 255

/**
 * MPEG-TS in, frames out. ISO/IEC 13818-1. Bytes may be split anywhere. Reads one program. Video times are those of
 * the PES packets at 90 kHz, unwrapped on one timeline for the program; audio times count samples from them. A source
 * whose clock jumps keeps its jump: rebasing is up to who owns the stream.
 *
 * Throws MalformedInputError where the input is no MPEG-TS and LimitExceededError at a limit; the demuxer must then be
 * thrown away. All other damage is counted and passed over. Tracks are announced when their configuration is known.
 */
export class TsDemuxer {
  readonly counters: TsDemuxerCounters = {
    continuityErrors: 0,
    droppedPes: 0,
    resyncs: 0,
    damagedUnits: 0,
    badPackets: 0,
    scrambledPackets: 0,
  }
  /** Streams of the current program that give no track. */
  readonly unsupportedStreams: UnsupportedStream[] = []

  readonly #options: TsDemuxerOptions
  readonly #framer: PacketFramer
  readonly #context: StreamContext
  readonly #pat = new SectionAssembler((section) => this.#patSection(section))
  readonly #continuity = new Uint8Array(PID_COUNT).fill(NO_COUNTER)
  readonly #streams: (DemuxedStream | undefined)[] = new Array(PID_COUNT)
  #pmt: SectionAssembler | undefined
  #program: Program | undefined
  #patVersion = -1

  constructor(sink: MediaSink, options: TsDemuxerOptions = {}) {
    this.#options = options
    this.#framer = new PacketFramer(
      (bytes, at) => this.#packet(bytes, at),
      () => {
        this.counters.resyncs++
      },
    )
    const time = new Unwrapper(TIME_BITS)
    this.#context = {
      sink,
      maxPesBytes: options.maxPesBytes ?? DEFAULT_MAX_PES_BYTES,
      unwrap: (value) => time.unwrap(value),
      onDroppedPes: () => {
        this.counters.droppedPes++
      },
      onDamaged: () => {
        this.counters.damagedUnits++
      },
      onUnsupported: ({ pid, streamType }, reason) => {
        this.unsupportedStreams.push({ pid, streamType, reason })
      },
    }
  }

  /** Streams of the program whose tracks have not been announced yet. */
  get awaitedTracks(): number {
    return this.#program?.streams.filter(({ isAwaited }) => isAwaited).length ?? 0
  }
  /** Why no stream of the program gives a track; undefined while one may. */
  get obstacle(): string | undefined {
    const mayGive = this.#program?.streams.some(({ isSupported }) => isSupported) ?? true
    if (mayGive || this.unsupportedStreams.length === 0) return undefined
    return this.unsupportedStreams.map(({ pid, reason }) => `PID ${pid}: ${reason}`).join('; ')
  }

  /** The bytes are read during the call only. */
  push(bytes: Uint8Array): void {
    this.#framer.push(bytes)
  }

  /** The end of the stream: what is whole but was waiting for its end comes out. */
  flush(): void {
    this.#framer.flush()
    this.#program?.flush()
  }

  /** One transport packet. ISO/IEC 13818-1, 2.4.3.2 and 2.4.3.4. */
  #packet(bytes: Uint8Array, at: number): void {
    const b1 = bytes[at + 1] ?? 0
    const b3 = bytes[at + 3] ?? 0
    const pid = ((b1 & 31) << 8) | (bytes[at + 2] ?? 0)
    const stream = this.#streams[pid]
    const isTable = pid === PAT_PID || pid === this.#program?.pmtPid
    if (pid === NULL_PID || (stream === undefined && !isTable)) return
    const end = at + PACKET_BYTES
    let from = at + HEADER_BYTES
    let discontinuity = false
    if ((b3 & 0x20) !== 0) {
      const length = bytes[from] ?? 0
      discontinuity = length > 0 && ((bytes[from + 1] ?? 0) & 0x80) !== 0
      from += 1 + length
    }
    if ((b1 & 0x80) !== 0 || from > end) {
      this.counters.badPackets++
      return
    }
    if ((b3 & 0xc0) !== 0) {
      this.counters.scrambledPackets++
      return
    }
    const hasPayload = (b3 & 0x10) !== 0
    if (!this.#checkContinuity(pid, b3 & 15, discontinuity, hasPayload) || from === end) return
    const starts = (b1 & 0x40) !== 0
    if (stream !== undefined) stream.payload(bytes, from, end, starts)
    else this.#tablePayload(pid, bytes.subarray(from, end), starts)
  }

  /** Counts a gap and tells whoever reads the PID. False where the packet has no payload or is a repetition. */
  #checkContinuity(pid: number, counter: number, discontinuity: boolean, hasPayload: boolean): boolean {
    const last = this.#continuity[pid] ?? NO_COUNTER
    if (discontinuity) this.#continuity[pid] = NO_COUNTER
    if (!hasPayload) return false
    this.#continuity[pid] = counter
    if (last === NO_COUNTER || discontinuity || counter === ((last + 1) & 15)) return true
    if (counter === last) return false
    this.counters.continuityErrors++
    this.#streams[pid]?.lost()
    if (pid === PAT_PID) this.#pat.reset()
    else if (pid === this.#program?.pmtPid) this.#pmt?.reset()
    return true
  }

  #tablePayload(pid: number, payload: Uint8Array, starts: boolean): void {
    const assembler = pid === PAT_PID ? this.#pat : this.#pmt
    assembler?.push(payload, starts ? 'unit start' : 'continuation')
  }

  #patSection(section: Uint8Array): void {
    if (section[0] !== PAT_TABLE_ID) return
    const { programs, version } = readProgramAssociation(section)
    const wanted = this.#options.programNumber
    const current = this.#program
    // Further sections of the table that the program was chosen from say nothing new.
    if (current !== undefined && version === this.#patVersion) return
    this.#patVersion = version
    if (current !== undefined && programs.some((program) => isSame(program, current))) return
    const chosen = programs.find((program) => wanted === undefined || program.programNumber === wanted)
    if (chosen === undefined) return
    current?.flush()
    const limits = { maxStreams: this.#options.maxStreams ?? DEFAULT_MAX_STREAMS }
    const program = new Program(chosen, limits, this.#context, this.unsupportedStreams)
    this.#program = program
    this.#streams.fill(undefined)
    this.#pmt = new SectionAssembler((bytes) => {
      if (program.section(bytes) === 'changed') this.#useStreams(program)
    })
  }

  #useStreams(program: Program): void {
    this.#streams.fill(undefined)
    for (const stream of program.streams) this.#streams[stream.entry.pid] = stream
  }
}

type ProgramPlace = { readonly programNumber: number; readonly pmtPid: number }

function isSame(a: ProgramPlace, b: ProgramPlace): boolean {
  return a.programNumber === b.programNumber && a.pmtPid === b.pmtPid
}
