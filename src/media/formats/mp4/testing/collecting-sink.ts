import type { Frame, MediaSink, Track } from '../../../model/index.ts'

/** Keeps what a demuxer says, with copies of the data. */
export class CollectingSink implements MediaSink {
  readonly tracks: Track[] = []
  readonly frames: Frame[] = []

  onTrack(track: Track): void {
    this.tracks.push(track)
  }
  onFrame(frame: Frame): void {
    this.frames.push({ ...frame, data: frame.data.slice() })
  }
}
