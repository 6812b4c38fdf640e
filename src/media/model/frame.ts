import type { Ticks } from './ticks.ts'
import type { Track } from './track.ts'

/** One access unit (video) or one audio frame, immutable, in its codec's canonical form. */
export type Frame = {
  readonly trackId: number
  /** Presentation and decoding time in ticks of the track's clock. dts never decreases within a track. */
  readonly ptsTicks: Ticks
  readonly dtsTicks: Ticks
  /** 0 where unknown (most video). */
  readonly durationTicks: Ticks
  /** A decoder can start here. True for every audio frame. */
  readonly isKey: boolean
  /** Whoever made the frame says how long this view is valid; a MediaSink may keep it only during the call. */
  readonly data: Uint8Array
}

/** What demuxers and protocol adapters feed, in arrival order. */
export interface MediaSink {
  /** A new track, or a new configuration of a known one: it holds for the frames of that id that follow. */
  onTrack(track: Track): void
  /** `frame.data` is valid only during the call. */
  onFrame(frame: Frame): void
}

/**
 * One output format, bytes for many readers at once.
 * Returned arrays and their parts are views that stay valid until the next call.
 */
export interface Muxer {
  /**
   * The track set, at the start and whenever it changes. Returns the bytes that readers which are already in the
   * stream need to go on (empty at the start and for formats that repeat their tables).
   */
  setTracks(tracks: readonly Track[]): readonly Uint8Array[]
  /** The bytes that a new reader needs in front of the first frame at a join point. Valid for good. */
  preamble(): Uint8Array
  /** The bytes of one frame, to be written in order. May be empty while the muxer waits for a duration. */
  frame(frame: Frame): readonly Uint8Array[]
  /** What is still held back, at the end of the stream or before a discontinuity. */
  flush(): readonly Uint8Array[]
}
