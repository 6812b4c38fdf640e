import type { Frame, Track } from '../../../model/index.ts'
import type { ScratchBuffer } from '../scratch-buffer.ts'

/** How one track goes into PES packets. */
export type TrackCarriage = {
  readonly streamType: number
  readonly streamId: number
  readonly descriptors: readonly { readonly tag: number; readonly data: Uint8Array }[]
  /** Appends the PES payload of a frame. Throws MalformedInputError where the frame is not canonical. */
  write(out: ScratchBuffer, frame: Frame): void
}

/** A carriage, or the reason why the track cannot go into MPEG-TS. */
export type CarriageFactory = (track: Track) => TrackCarriage | string

/** stream_id. ISO/IEC 13818-1, table 2-22. */
export const STREAM_ID = { video: 0xe0, audio: 0xc0, private1: 0xbd } as const
