import { LimitExceededError, MalformedInputError } from '../../errors.ts'
import { DemuxedStream, type StreamContext } from './demuxed-stream.ts'
import type { UnsupportedStream } from './demuxer-options.ts'
import { type ElementaryStream, PMT_TABLE_ID, readProgramMap } from './program-tables.ts'
import { isVideoKind, type StreamKind, streamKind } from './stream-kind.ts'

const FIRST_EXTRA_TRACK_ID = 3

/** The program that is read: follows its map over changes and keeps the streams that stay the same. */
export class Program {
  readonly programNumber: number
  readonly pmtPid: number
  readonly #context: StreamContext
  readonly #maxStreams: number
  readonly #unsupported: UnsupportedStream[]
  #lastCrc = -1
  #streams: DemuxedStream[] = []

  constructor(
    where: { programNumber: number; pmtPid: number },
    limits: { maxStreams: number },
    context: StreamContext,
    unsupported: UnsupportedStream[],
  ) {
    this.programNumber = where.programNumber
    this.pmtPid = where.pmtPid
    this.#maxStreams = limits.maxStreams
    this.#context = context
    this.#unsupported = unsupported
  }

  get streams(): readonly DemuxedStream[] {
    return this.#streams
  }

  /** A section of the program map PID. Returns whether the streams may have changed. */
  section(section: Uint8Array): 'changed' | 'same' {
    if (section[0] !== PMT_TABLE_ID) return 'same'
    const crc = new DataView(section.buffer, section.byteOffset).getUint32(section.length - 4)
    if (crc === this.#lastCrc) return 'same'
    const map = readMapOrNothing(section)
    if (map === undefined || map.programNumber !== this.programNumber) return 'same'
    if (map.streams.length > this.#maxStreams) {
      throw new LimitExceededError(`program ${map.programNumber} has ${map.streams.length} streams`)
    }
    this.#lastCrc = crc
    this.#use(map.streams)
    return 'changed'
  }

  flush(): void {
    for (const stream of this.#streams) stream.flush()
  }

  #use(entries: readonly ElementaryStream[]): void {
    const described = entries.map((entry) => ({ entry, kind: streamKind(entry) }))
    const hasVideo = described.some(({ kind }) => kind !== undefined && kind !== 'sniff' && isVideoKind(kind))
    // Private data that nothing describes may be video only where there is no other.
    const kinds = described.map(({ entry, kind }) => ({ entry, kind: hasVideo && kind === 'sniff' ? undefined : kind }))
    const before = this.#streams
    const kept = (entry: ElementaryStream, kind: StreamKind) => before.find((stream) => stream.matches(entry, kind))
    const used = new Set<number>()
    for (const { entry, kind } of kinds) {
      const stream = kind === undefined ? undefined : kept(entry, kind)
      if (stream !== undefined) used.add(stream.trackId)
    }
    const after: DemuxedStream[] = []
    this.#unsupported.length = 0
    for (const { entry, kind } of kinds) {
      if (after.some((stream) => stream.entry.pid === entry.pid)) continue
      if (kind === undefined) this.#report(entry)
      else after.push(kept(entry, kind) ?? this.#open(entry, kind, used))
    }
    for (const stream of before) if (!after.includes(stream)) stream.flush()
    this.#streams = after
  }

  #report(entry: ElementaryStream): void {
    const { pid, streamType } = entry
    this.#unsupported.push({ pid, streamType, reason: `stream_type 0x${streamType.toString(16).padStart(2, '0')}` })
  }

  /** Video is track 1, audio track 2, further ones 3 and up in the order of the map. */
  #open(entry: ElementaryStream, kind: StreamKind, used: Set<number>): DemuxedStream {
    let trackId = isVideoKind(kind) ? 1 : 2
    if (used.has(trackId)) trackId = FIRST_EXTRA_TRACK_ID
    while (used.has(trackId)) trackId++
    used.add(trackId)
    return new DemuxedStream(entry, kind, trackId, this.#context)
  }
}

function readMapOrNothing(section: Uint8Array) {
  try {
    return readProgramMap(section)
  } catch (error) {
    if (error instanceof MalformedInputError) return undefined
    throw error
  }
}
