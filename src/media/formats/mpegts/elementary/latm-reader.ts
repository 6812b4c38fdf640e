import { BitReader } from '../../../bytes/index.ts'
import { readAudioSpecificConfig } from '../../../codecs/aac/index.ts'
import { AudioOutput } from './audio-output.ts'
import type { ElementaryReader, ElementarySink, PayloadPlace } from './elementary-reader.ts'
import { FrameSplitter } from './frame-splitter.ts'
import { guarded } from './guarded.ts'
import { readStreamMuxConfig, type StreamMuxConfig } from './stream-mux-config.ts'

/** audioSyncStream: the sync word and length in front of every AudioMuxElement. ISO/IEC 14496-3, 1.7.2. */
const LOAS_HEADER_BYTES = 3

/** AAC in LATM with LOAS sync, stream type 0x11: one program, one layer, frames with lengths. */
export class LatmReader implements ElementaryReader {
  readonly #output: AudioOutput
  readonly #splitter: FrameSplitter
  #mux: StreamMuxConfig | undefined
  #sampleCount = 1024

  constructor(sink: ElementarySink) {
    this.#output = new AudioOutput('aac', sink)
    const onFrame = guarded(sink, (frame, stamp) => this.#element(frame, stamp))
    const syntax = { frameBytes: loasFrameBytes, headerBytes: LOAS_HEADER_BYTES }
    this.#splitter = new FrameSplitter(syntax, onFrame, () => sink.onDamaged())
  }

  push(data: Uint8Array, { pts }: PayloadPlace): void {
    this.#splitter.push(data, pts)
  }

  reset(): void {
    this.#splitter.reset()
    this.#output.reset()
  }

  flush(): void {
    this.#splitter.flush()
  }

  /** AudioMuxElement(1). ISO/IEC 14496-3, 1.7.3. */
  #element(frame: Uint8Array, stamp: number | undefined): void {
    const r = new BitReader(frame, LOAS_HEADER_BYTES)
    if (!r.flag('useSameStreamMux')) this.#useMux(readStreamMuxConfig(frame, r))
    if (this.#mux === undefined) return
    let frameStamp = stamp
    for (let i = 0; i < this.#mux.subFrameCount; i++) {
      let length = 0
      let part: number
      do {
        part = r.bits(8, 'MuxSlotLengthBytes')
        length += part
      } while (part === 255)
      const data = readBytes(r, length)
      this.#output.frame({ data, sampleCount: this.#sampleCount, stamp: frameStamp })
      frameStamp = undefined
    }
  }

  #useMux(mux: StreamMuxConfig): void {
    const asc = readAudioSpecificConfig(mux.audioSpecificConfig)
    this.#mux = mux
    this.#sampleCount = asc.frameSampleCount
    const shape = { sampleRateHz: asc.samplingFrequencyHz, channelCount: asc.channelCount }
    this.#output.configure(mux.audioSpecificConfig, shape)
  }
}

/** Payloads start at any bit. */
function readBytes(r: BitReader, count: number): Uint8Array {
  const bytes = new Uint8Array(Math.min(count, r.bitsLeft >> 3))
  for (let i = 0; i < count; i++) bytes[i] = r.bits(8, 'payload')
  return bytes
}

function loasFrameBytes(bytes: Uint8Array, at: number): number {
  const left = bytes.length - at
  if (bytes[at] !== 0x56 || (left > 1 && ((bytes[at + 1] ?? 0) & 0xe0) !== 0xe0)) return -1
  if (left < LOAS_HEADER_BYTES) return 0
  return LOAS_HEADER_BYTES + ((((bytes[at + 1] ?? 0) & 31) << 8) | (bytes[at + 2] ?? 0))
}
