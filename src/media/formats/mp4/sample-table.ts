import type { Track } from '../../model/index.ts'

/** Sample tables of one track, one element per sample in decode order. Times in ticks of the track's clock. */
export type SampleTable = {
  /** On the timeline that all tracks share; never decreasing. */
  readonly dtsTicks: Float64Array
  /** pts − dts. */
  readonly compositionOffsetTicks: Int32Array
  readonly sizeBytes: Uint32Array
  /** Counts for the last sample only: the others last until the next decode time. */
  readonly durationTicks: Uint32Array
  /** 1 where a decoder can start. */
  readonly isKey: Uint8Array
}

export type ProgressiveTrack = {
  /** The configurations in use, one sample entry each. Same id, kind and clock. */
  readonly versions: readonly [Track, ...Track[]]
  readonly samples: SampleTable
}

/** Samples that lie one after the other in their source. */
export type ProgressiveChunk = {
  /** Index into the tracks. */
  readonly trackIndex: number
  readonly sampleCount: number
  /** Index into the track's versions. */
  readonly versionIndex: number
  readonly byteLength: number
  /** Whatever the caller counts its sources by. */
  readonly sourceIndex: number
  readonly sourceOffset: number
}

/** A chunk with its place behind the header of mdat. */
export type PlacedChunk = { readonly chunk: ProgressiveChunk; readonly payloadOffset: number }
