/** How a TsDemuxer reads. */
export type TsDemuxerOptions = {
  /** program_number to read; without it the first of the first program association table. */
  readonly programNumber?: number
  /** Largest PES packet; a larger one is a LimitExceededError. 16 MiB without it. */
  readonly maxPesBytes?: number
  /** The most elementary streams of a program; more are a LimitExceededError. 32 without it. */
  readonly maxStreams?: number
}

/** What went wrong so far, for logs and metrics. */
export type TsDemuxerCounters = {
  /** Gaps in a PID's continuity counter. */
  continuityErrors: number
  /** PES packets left out for a hole, a wrong length or a damaged header. */
  droppedPes: number
  /** Lost and found again packet boundaries. */
  resyncs: number
  /** Access units, frames or parameter sets left out as damaged. */
  damagedUnits: number
  /** Packets with transport_error_indicator or an impossible adaptation field. */
  badPackets: number
  /** Packets that are scrambled and cannot be read. */
  scrambledPackets: number
}

/** A stream of the program that gives no track. */
export type UnsupportedStream = { readonly pid: number; readonly streamType: number; readonly reason: string }
