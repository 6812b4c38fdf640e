import { type MediaSink, sameConfiguration, type Track } from '../../model/index.ts'
import type { ElementaryReader } from './elementary/elementary-reader.ts'
import { READERS } from './elementary/readers.ts'
import { languageOf } from './language.ts'
import { PesAssembler, type PesPacket } from './pes-assembler.ts'
import { type ElementaryStream, sameDescriptors } from './program-tables.ts'
import type { StreamKind } from './stream-kind.ts'

/** What a stream needs of its demuxer. */
export type StreamContext = {
  readonly sink: MediaSink
  readonly maxPesBytes: number
  /** 33-bit times on the program's one unwrapped timeline. */
  unwrap(time: number): number
  onDroppedPes(): void
  onDamaged(): void
  onUnsupported(stream: ElementaryStream, reason: string): void
}

/** One elementary stream of the program: transport payloads in, frames out. */
export class DemuxedStream {
  readonly entry: ElementaryStream
  readonly kind: StreamKind
  readonly trackId: number
  readonly #context: StreamContext
  readonly #assembler: PesAssembler
  readonly #reader: ElementaryReader
  #supported = true
  #track: Track | undefined

  constructor(entry: ElementaryStream, kind: StreamKind, trackId: number, context: StreamContext) {
    this.entry = entry
    this.kind = kind
    this.trackId = trackId
    this.#context = context
    const onDropped = () => {
      this.#reader.reset()
      context.onDroppedPes()
    }
    this.#assembler = new PesAssembler(context.maxPesBytes, (packet) => this.#pes(packet), onDropped)
    this.#reader = READERS[kind](
      {
        trackId,
        onTrack: (track) => this.#announce(track),
        onFrame: (frame) => context.sink.onFrame(frame),
        onDamaged: () => context.onDamaged(),
        onUnsupported: (reason) => this.#giveUp(reason),
      },
      entry.descriptors,
    )
  }

  /** False once its data have shown that it cannot be read. */
  get isSupported(): boolean {
    return this.#supported
  }
  /** Its track has not been announced yet, and may be. */
  get isAwaited(): boolean {
    return this.#supported && this.#track === undefined
  }
  /** Whether a new program map means this very stream. */
  matches(entry: ElementaryStream, kind: StreamKind): boolean {
    return this.entry.pid === entry.pid && this.kind === kind && sameDescriptors(this.entry, entry)
  }

  lost(): void {
    this.#assembler.damage()
    this.#reader.reset()
  }

  /** bytes[from, to) is the payload of a packet; `starts` its payload_unit_start_indicator. */
  payload(bytes: Uint8Array, from: number, to: number, starts: boolean): void {
    if (!this.#supported) return
    if (starts) this.#assembler.start(bytes, from, to)
    else this.#assembler.continue(bytes, from, to)
  }

  flush(): void {
    this.#assembler.end()
    if (this.#supported) this.#reader.flush()
  }

  #pes({ header, payload, following }: PesPacket): void {
    if (!this.#supported || payload.length === 0) return
    // dts first: it is the earlier one, and the timeline follows the stream.
    const dts = header.dts === undefined ? undefined : this.#context.unwrap(header.dts)
    const pts = header.pts === undefined ? undefined : this.#context.unwrap(header.pts)
    this.#reader.push(payload, { pts, dts, following })
  }

  #announce(track: Track): void {
    const language = languageOf(this.entry.descriptors)
    const named = language === undefined ? track : { ...track, language }
    if (this.#track !== undefined && sameConfiguration(this.#track, named)) return
    this.#track = named
    this.#context.sink.onTrack(named)
  }

  #giveUp(reason: string): void {
    if (!this.#supported) return
    this.#supported = false
    this.#context.onUnsupported(this.entry, reason)
  }
}
