import type { Frame, Muxer, Track } from '../../../media/model/index.ts'
import type { FrameContext, LogWriter, StreamOutput } from '../../stream/index.ts'

/** Puts a message envelope around the bytes of one append (WebSocket frames); the identity for plain HTTP. */
export type Envelope = (parts: readonly Uint8Array[]) => readonly Uint8Array[]

/** Runs one muxer over a stream, once, into the byte log that all viewers of the format read. */
export class ByteOutput implements StreamOutput {
  readonly log: LogWriter
  readonly #muxer: Muxer
  readonly #envelope: Envelope

  constructor(muxer: Muxer, log: LogWriter, envelope: Envelope) {
    this.log = log
    this.#muxer = muxer
    this.#envelope = envelope
  }

  onTracks(tracks: readonly Track[]): void {
    const inband = join(this.#wrapped(this.#muxer.setTracks(tracks)))
    if (inband.length > 0) this.log.append([inband])
    this.log.setPreamble(join(this.#wrapped([this.#muxer.preamble()])), inband)
    this.log.commit()
  }
  onFrame(frame: Frame, { isJoin }: FrameContext): void {
    if (isJoin) this.log.markJoin()
    this.log.append(this.#wrapped(this.#muxer.frame(frame)))
    this.log.commit()
  }
  onDiscontinuity(): void {
    this.log.append(this.#wrapped(this.#muxer.flush()))
  }
  onEnd(): void {
    this.log.append(this.#wrapped(this.#muxer.flush()))
    this.log.end()
  }

  #wrapped(parts: readonly Uint8Array[]): readonly Uint8Array[] {
    return parts.some((part) => part.length > 0) ? this.#envelope(parts) : []
  }
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}
