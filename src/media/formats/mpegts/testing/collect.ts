import type { Frame, Track } from '../../../model/index.ts'
import { TsDemuxer } from '../demuxer.ts'
import type { TsDemuxerOptions } from '../demuxer-options.ts'
import { TsMuxer, type TsMuxerOptions } from '../muxer.ts'

/** Everything that a demuxer said, with copies of the data. */
export type Collected = {
  readonly tracks: Track[]
  readonly frames: Frame[]
  /** The order of calls: `track 1`, `frame 1`. */
  readonly calls: string[]
  readonly demuxer: TsDemuxer
}

export function collector(options?: TsDemuxerOptions): Collected {
  const tracks: Track[] = []
  const frames: Frame[] = []
  const calls: string[] = []
  const demuxer = new TsDemuxer(
    {
      onTrack(track) {
        tracks.push(track)
        calls.push(`track ${track.id}`)
      },
      onFrame(frame) {
        frames.push({ ...frame, data: frame.data.slice() })
        calls.push(`frame ${frame.trackId}`)
      },
    },
    options,
  )
  return { tracks, frames, calls, demuxer }
}

export function demuxed(bytes: Uint8Array, options?: TsDemuxerOptions): Collected {
  const collected = collector(options)
  collected.demuxer.push(bytes)
  collected.demuxer.flush()
  return collected
}

/** The same bytes in pieces; `sizes` is used over and over. */
export function demuxedInPieces(bytes: Uint8Array, sizes: readonly number[]): Collected {
  const collected = collector()
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = Math.max(1, sizes[i % sizes.length] ?? 1)
    // A copy that is overwritten afterwards: nothing may keep a view on the input.
    const piece = bytes.slice(at, at + size)
    collected.demuxer.push(piece)
    piece.fill(0xee)
    at += size
  }
  collected.demuxer.flush()
  return collected
}

export function muxed(tracks: readonly Track[], frames: readonly Frame[], options?: TsMuxerOptions): Uint8Array {
  const muxer = new TsMuxer(options)
  const parts: Uint8Array[] = [...muxer.setTracks(tracks).map((part) => part.slice())]
  for (const frame of frames) parts.push(...muxer.frame(frame).map((part) => part.slice()))
  parts.push(...muxer.flush())
  return Uint8Array.from(Buffer.concat(parts))
}

/** What has to be equal however the bytes were cut. */
export function summary({ tracks, frames, calls, demuxer }: Collected): unknown {
  return {
    calls,
    counters: { ...demuxer.counters },
    unsupported: demuxer.unsupportedStreams,
    tracks: tracks.map((track) => ({ ...track, config: Buffer.from(track.config).toString('hex') })),
    frames: frames.map((frame) => ({ ...frame, data: Buffer.from(frame.data).toString('hex') })),
  }
}
