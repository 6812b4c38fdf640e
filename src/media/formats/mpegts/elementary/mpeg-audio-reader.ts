import { describeMp3Frame, MPEG_AUDIO_HEADER_BYTES, parseMpegAudioHeader } from '../../../codecs/mp3/index.ts'
import { InvariantError } from '../../../errors.ts'
import { AudioOutput } from './audio-output.ts'
import type { ElementaryReader, ElementarySink, PayloadPlace } from './elementary-reader.ts'
import { FrameSplitter } from './frame-splitter.ts'
import { guarded } from './guarded.ts'

/** MPEG audio, stream types 0x03 and 0x04; layer III only. */
export class MpegAudioReader implements ElementaryReader {
  readonly #output: AudioOutput
  readonly #splitter: FrameSplitter

  constructor(sink: ElementarySink) {
    this.#output = new AudioOutput('mp3', sink)
    const onFrame = guarded(sink, (frame, stamp) => this.#frame(frame, stamp))
    const syntax = { frameBytes: mpegAudioFrameBytes, headerBytes: MPEG_AUDIO_HEADER_BYTES }
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

  #frame(data: Uint8Array, stamp: number | undefined): void {
    const { audio, config } = describeMp3Frame(data)
    if (audio === undefined) throw new InvariantError('an MPEG audio frame says its rate')
    this.#output.configure(config, audio)
    this.#output.frame({ data, sampleCount: audio.samplesPerFrame, stamp })
  }
}

function mpegAudioFrameBytes(bytes: Uint8Array, at: number): number {
  const left = bytes.length - at
  if (bytes[at] !== 0xff || (left > 1 && (bytes[at + 1] ?? 0) < 0xe0)) return -1
  if (left < MPEG_AUDIO_HEADER_BYTES) return 0
  return parseMpegAudioHeader(bytes, at)?.frameBytes ?? -1
}
