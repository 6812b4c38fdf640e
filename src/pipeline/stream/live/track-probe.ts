import type { Frame, Track } from '../../../media/model/index.ts'
import { FrameCursor } from '../log/frame-log.ts'
import type { LogReader } from '../log/log-reader.ts'

/** A stream in which only one kind of track has shown itself for so long is taken to have no other. */
const PATIENCE_SECONDS = 0.5

/**
 * Looks ahead at a new publisher's frames until its track set is clear, so that outputs which fix their tracks in a
 * header (fragmented MP4, HLS) do not start without the audio that comes 20 ms later.
 */
export class TrackProbe {
  readonly tracks = new Map<number, Track>()
  readonly #cursor: FrameCursor
  readonly #reader: LogReader
  readonly #firstSeconds = new Map<number, number>()
  #spanSeconds = 0

  constructor(reader: LogReader) {
    this.#reader = reader
    this.#cursor = new FrameCursor(reader, 0)
  }

  /** True once the track set is clear. */
  scan(): boolean {
    this.#cursor.drainTo(this.#reader.head, {
      onTrack: (track) => this.tracks.set(track.id, track),
      onFrame: (frame) => this.#onFrame(frame),
      onArrival: () => {},
    })
    const kinds = new Set([...this.tracks.values()].map((track) => track.kind))
    const hasFrames = this.#firstSeconds.size > 0
    return hasFrames && (kinds.size === 2 || this.#spanSeconds >= PATIENCE_SECONDS)
  }

  #onFrame(frame: Frame): void {
    const track = this.tracks.get(frame.trackId)
    if (!track) return
    const seconds = frame.dtsTicks / track.clockRateHz
    const first = this.#firstSeconds.get(frame.trackId) ?? seconds
    this.#firstSeconds.set(frame.trackId, first)
    this.#spanSeconds = Math.max(this.#spanSeconds, Math.abs(seconds - first))
  }
}
