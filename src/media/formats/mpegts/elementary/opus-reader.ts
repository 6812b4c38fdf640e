import { ByteReader } from '../../../bytes/index.ts'
import { opusSampleCount, writeOpusHead } from '../../../codecs/opus/index.ts'
import { MalformedInputError, UnsupportedInputError } from '../../../errors.ts'
import { opusHeadOf } from '../opus-descriptor.ts'
import type { Descriptor } from '../program-tables.ts'
import { AudioOutput } from './audio-output.ts'
import type { ElementaryReader, ElementarySink, PayloadPlace } from './elementary-reader.ts'

/** opus_control_header(). ETSI TS Opus in MPEG-2 TS, 4.3. */
type ControlHeader = { readonly unitBytes: number; readonly startTrim: number; readonly endTrim: number }

const CONTROL_PREFIX = 0x3ff

/** Opus access units behind control headers, private data registered as `Opus`. */
export class OpusReader implements ElementaryReader {
  readonly #sink: ElementarySink
  readonly #output: AudioOutput
  readonly #descriptors: readonly Descriptor[]

  constructor(sink: ElementarySink, descriptors: readonly Descriptor[]) {
    this.#sink = sink
    this.#output = new AudioOutput('opus', sink)
    this.#descriptors = descriptors
  }

  push(data: Uint8Array, { pts }: PayloadPlace): void {
    try {
      const r = new ByteReader(data)
      for (let stamp = pts; r.remaining > 0; stamp = undefined) {
        const header = readControlHeader(r)
        this.#frame(r.take(header.unitBytes, 'opus_access_unit'), header, stamp)
      }
    } catch (error) {
      if (error instanceof MalformedInputError) this.#sink.onDamaged()
      else if (error instanceof UnsupportedInputError) this.#sink.onUnsupported(error.message)
      else throw error
    }
  }

  reset(): void {
    this.#output.reset()
  }

  flush(): void {}

  #frame(data: Uint8Array, header: ControlHeader, stamp: number | undefined): void {
    if (!this.#output.hasTrack) {
      // The trim at the start of the stream is what OpusHead calls the pre-skip.
      const head = opusHeadOf(this.#descriptors, header.startTrim)
      this.#output.configure(writeOpusHead(head), { sampleRateHz: 48_000, channelCount: head.channelCount })
    }
    const sampleCount = opusSampleCount(data)
    const durationSamples = Math.max(0, sampleCount - header.endTrim)
    this.#output.frame({ data, sampleCount, durationSamples, stamp })
  }
}

function readControlHeader(r: ByteReader): ControlHeader {
  const head = r.u16('control_header_prefix')
  if (head >> 5 !== CONTROL_PREFIX) throw new MalformedInputError('control_header_prefix', r.offset - 2, 'is not 0x3ff')
  let unitBytes = 0
  let part: number
  do {
    part = r.u8('au_size')
    unitBytes += part
  } while (part === 255)
  const startTrim = (head & 0x10) === 0 ? 0 : r.u16('start_trim') & 0x1fff
  const endTrim = (head & 0x08) === 0 ? 0 : r.u16('end_trim') & 0x1fff
  if ((head & 0x04) !== 0) r.skip(r.u8('control_extension_length'), 'control_extension')
  return { unitBytes, startTrim, endTrim }
}
