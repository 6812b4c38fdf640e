/** What a demuxer met and left out, for metrics. */
export type DropCounters = {
  /** Coded frames in front of their sequence start, and frames that their codec cannot read. */
  droppedFrameCount: number
  /** Tags and packets of types that carry no media for us. */
  ignoredPacketCount: number
}
