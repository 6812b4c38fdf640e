import { readSyncframe, startsAccessUnit, syncframeBytes } from '../../../codecs/ac3/index.ts'
import { describeFirstFrame } from '../../../codecs/index.ts'
import { InvariantError, UnsupportedInputError } from '../../../errors.ts'
import { ScratchBuffer } from '../scratch-buffer.ts'
import { AudioOutput } from './audio-output.ts'
import type { ElementaryReader, ElementarySink, PayloadPlace } from './elementary-reader.ts'
import { FrameSplitter, type SplitFrameHandler } from './frame-splitter.ts'
import { guarded } from './guarded.ts'

const HEADER_BYTES = 8
const MAX_ACCESS_UNIT_BYTES = 65_536

/**
 * AC-3 and E-AC-3. ETSI TS 102 366. The syncframes of an E-AC-3 access unit (dependent and further independent
 * substreams) stay together; the unit is whole when the next one begins or its PES packet ends.
 */
export class Ac3Reader implements ElementaryReader {
  readonly #codec: 'ac3' | 'eac3'
  readonly #output: AudioOutput
  readonly #splitter: FrameSplitter
  readonly #emitUnit: SplitFrameHandler
  readonly #unit = new ScratchBuffer()
  #unitStamp: number | undefined

  constructor(codec: 'ac3' | 'eac3', sink: ElementarySink) {
    this.#codec = codec
    this.#output = new AudioOutput(codec, sink)
    const onFrame = guarded(sink, (frame, stamp) => this.#frame(frame, stamp))
    const syntax = { frameBytes: syncframeBytes, headerBytes: HEADER_BYTES }
    this.#splitter = new FrameSplitter(syntax, onFrame, () => sink.onDamaged())
    this.#emitUnit = guarded(sink, (data, stamp) => this.#emit(data, stamp))
  }

  push(data: Uint8Array, { pts }: PayloadPlace): void {
    this.#splitter.push(data, pts)
    if (this.#splitter.isEmpty) this.#endUnit()
  }

  reset(): void {
    this.#splitter.reset()
    this.#output.reset()
    this.#unit.reset()
  }

  flush(): void {
    this.#splitter.flush()
    this.#endUnit()
  }

  #frame(frame: Uint8Array, stamp: number | undefined): void {
    const header = readSyncframe(frame)
    if (header.kind !== this.#codec) throw new UnsupportedInputError(`${header.kind} in a stream of ${this.#codec}`)
    const starts = startsAccessUnit(header)
    if (starts) this.#endUnit()
    // Dependent substreams without what they depend on are of no use.
    if (!starts && this.#unit.length === 0) return
    if (this.#unit.length + frame.length > MAX_ACCESS_UNIT_BYTES) return this.#unit.reset()
    if (starts) this.#unitStamp = stamp
    this.#unit.append(frame)
  }

  #endUnit(): void {
    if (this.#unit.length === 0) return
    this.#emitUnit(this.#unit.bytes.subarray(0, this.#unit.length), this.#unitStamp)
    this.#unit.reset()
  }

  #emit(data: Uint8Array, stamp: number | undefined): void {
    const { audio, config } = describeFirstFrame(this.#codec, data)
    if (audio === undefined) throw new InvariantError('a syncframe says its rate')
    this.#output.configure(config, audio)
    this.#output.frame({ data, sampleCount: audio.samplesPerFrame, stamp })
  }
}
