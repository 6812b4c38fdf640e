import type { Frame, MediaSink, Track } from '../../../model/index.ts'

/** A sink that keeps everything, with copies of the data. */
export class CollectingSink implements MediaSink {
  readonly tracks: Track[] = []
  readonly frames: Frame[] = []
  onTrack(track: Track): void {
    this.tracks.push({ ...track, config: track.config.slice() })
  }
  onFrame(frame: Frame): void {
    this.frames.push({ ...frame, data: frame.data.slice() })
  }
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]))
}

/** Cuts at the given sizes, used in turn. */
export function cut(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = []
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = Math.max(1, sizes[i % sizes.length] ?? 1)
    pieces.push(bytes.slice(at, at + size))
    at += size
  }
  return pieces
}
