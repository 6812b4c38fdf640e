/** A stored CMAF segment of one track, as the catalogue knows it. */
export type RecordedSegment = {
  /** Blob with the segment's chunks (moof and mdat, one after the other). */
  readonly key: string
  readonly trackId: number
  /** Blob with the initialization segment. */
  readonly initKey: string
  /** The same number covers the same interval in every track. */
  readonly sequence: number
  /** Presentation time and duration in ticks of the track's clock. */
  readonly startTicks: number
  readonly durationTicks: number
  readonly byteLength: number
  /** Does not continue the times or the configuration of the segment before. */
  readonly discontinuity: boolean
}

/** Random access to stored blobs. */
export interface BlobReader {
  /** Bytes in the blob. */
  size(key: string): Promise<number>
  /** Bytes `from` up to, not including, `to`. The result is the caller's. */
  read(key: string, from: number, to: number): Promise<Uint8Array>
}
