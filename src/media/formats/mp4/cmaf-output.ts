import type { Ticks } from '../../model/index.ts'

/**
 * Times of chunks and segments lie on the track's presentation timeline: a segment starts at the presentation time
 * of its first sample, and lasts until the end of its last sample.
 */

/** A moof with its mdat: what LL-HLS calls a partial segment. ISO/IEC 23000-19, 7.3.2.3. */
export type CmafChunk = {
  /** Of the segment that the chunk belongs to. */
  readonly sequence: number
  readonly initId: number
  /** 0 for the first chunk of its segment. */
  readonly index: number
  /** The bytes in order; valid during the call only. */
  readonly parts: readonly Uint8Array[]
  readonly byteLength: number
  readonly startTicks: Ticks
  readonly durationTicks: Ticks
  /** Starts with a key frame. True for all audio. */
  readonly isIndependent: boolean
  /** Certain to be the last of its segment. */
  readonly isLast: boolean
  /** The segment that this chunk opens or continues starts behind a discontinuity. */
  readonly discontinuity: boolean
}

/** Where a key frame lies in its segment, for trick-play lists and seeking. */
export type CmafKeyframe = {
  readonly ticks: Ticks
  /** Of the chunk (its moof) that holds the key frame. */
  readonly chunkOffsetBytes: number
  /** Of the key frame's own data. */
  readonly offsetBytes: number
  readonly sizeBytes: number
}

/** A closed segment: the concatenation of its chunks. ISO/IEC 23000-19, 7.3.3. */
export type CmafSegment = {
  /** The same number covers the same interval in every track. May skip numbers in a track that had no samples. */
  readonly sequence: number
  readonly initId: number
  readonly startTicks: Ticks
  readonly durationTicks: Ticks
  /** Times or configuration do not continue those of the segment before. */
  readonly discontinuity: boolean
  /** Starts with a key frame. */
  readonly isIndependent: boolean
  /** No segment of this segmenter, rounded to seconds, lasts longer. */
  readonly targetSeconds: number
  /** Video only. */
  readonly keyframes: readonly CmafKeyframe[]
  readonly byteLength: number
}

/** Receives a segmenter's output: an init before the first chunk that needs it, a segment after its last chunk. */
export interface CmafSink {
  onInit(trackId: number, initId: number, bytes: Uint8Array): void
  onChunk(trackId: number, chunk: CmafChunk): void
  onSegment(trackId: number, segment: CmafSegment): void
}
