import type { Frame, Track } from '../../../media/model/index.ts'
import { isPrimaryVideo } from '../log/frame-log.ts'

/** An audio-only stream offers a point to join this often. */
const AUDIO_JOIN_SECONDS = 0.5

/** Says where a new reader can start, for one run of frames: the first audio frame of a run is such a point. */
export class JoinPoints {
  readonly #tracks: ReadonlyMap<number, Track>
  #lastAudioSeconds = Number.NEGATIVE_INFINITY

  /** `tracks` by id, as they are when a frame comes. */
  constructor(tracks: ReadonlyMap<number, Track>) {
    this.#tracks = tracks
  }

  /** Call once for every frame, in order. */
  isJoin(frame: Frame): boolean {
    const track = this.#tracks.get(frame.trackId)
    if (track?.kind === 'video') return frame.isKey && isPrimaryVideo(track, this.#tracks.values())
    for (const other of this.#tracks.values()) if (other.kind === 'video') return false
    const seconds = frame.dtsTicks / (track?.clockRateHz ?? 1)
    if (Math.abs(seconds - this.#lastAudioSeconds) < AUDIO_JOIN_SECONDS) return false
    this.#lastAudioSeconds = seconds
    return true
  }
}
