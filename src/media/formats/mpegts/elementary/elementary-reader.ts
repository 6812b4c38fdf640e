import type { Frame, Track } from '../../../model/index.ts'
import type { Following } from '../pes-assembler.ts'

/** Where a reader puts what it finds. The demuxer gives the track its language. */
export type ElementarySink = {
  readonly trackId: number
  onTrack(track: Track): void
  onFrame(frame: Frame): void
  /** The stream turned out to be something that Millrace does not read; nothing more is given to the reader. */
  onUnsupported(reason: string): void
  /** Bytes or an access unit were left out because they are damaged. */
  onDamaged(): void
}

/** Where a PES payload stands. Times are 90 kHz, unwrapped; undefined where the PES packet has none. */
export type PayloadPlace = {
  readonly pts: number | undefined
  readonly dts: number | undefined
  readonly following: Following
}

/** Turns the PES payloads of one stream into canonical frames. Sans-I/O. */
export interface ElementaryReader {
  /** `data` is valid only during the call. */
  push(data: Uint8Array, place: PayloadPlace): void
  /** Something was lost between the last payload and the next one. */
  reset(): void
  /** The stream ends. */
  flush(): void
}
