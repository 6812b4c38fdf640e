import {
  ADTS_HEADER_BYTES,
  type AdtsHeader,
  adtsConfig,
  adtsFrameBytes,
  rawDataBlocks,
  readAdtsHeader,
  startsWithProgramConfig,
  writeAudioSpecificConfig,
} from '../../../codecs/aac/index.ts'
import { AudioOutput } from './audio-output.ts'
import type { ElementaryReader, ElementarySink, PayloadPlace } from './elementary-reader.ts'
import { FrameSplitter } from './frame-splitter.ts'
import { guarded } from './guarded.ts'

/** AAC with ADTS headers, stream type 0x0F. ISO/IEC 14496-3, 1.A.2. */
export class AdtsReader implements ElementaryReader {
  readonly #output: AudioOutput
  readonly #splitter: FrameSplitter
  /** The header fields that the configuration stands on. */
  #configKey = -1

  constructor(sink: ElementarySink) {
    this.#output = new AudioOutput('aac', sink)
    const onFrame = guarded(sink, (frame, stamp) => this.#frame(frame, stamp))
    const syntax = { frameBytes: adtsFrameBytes, headerBytes: ADTS_HEADER_BYTES }
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

  #frame(frame: Uint8Array, stamp: number | undefined): void {
    const header = readAdtsHeader(frame)
    let blockStamp = stamp
    for (const data of rawDataBlocks(frame, header)) {
      this.#configure(header, data)
      if (this.#output.hasTrack) this.#output.frame({ data, sampleCount: 1024, stamp: blockStamp })
      blockStamp = undefined
    }
  }

  /** Channel configuration 0 is said by the first block that opens with it, and need not be repeated. */
  #configure(header: AdtsHeader, block: Uint8Array): void {
    const { audioObjectType, samplingFrequencyIndex, channelConfiguration } = header
    const key = (audioObjectType << 8) | (samplingFrequencyIndex << 4) | channelConfiguration
    if (key === this.#configKey && (channelConfiguration !== 0 || !startsWithProgramConfig(block))) return
    const config = adtsConfig(header, block)
    this.#configKey = key
    this.#output.configure(writeAudioSpecificConfig(config), {
      sampleRateHz: config.samplingFrequencyHz,
      channelCount: config.channelCount,
    })
  }
}
