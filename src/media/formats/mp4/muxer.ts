import { ByteWriter } from '../../bytes/index.ts'
import { type Frame, type Muxer, sameConfiguration, type Ticks, type Track } from '../../model/index.ts'
import { writeFragment } from './fragment.ts'
import { writeInitSegment } from './init-segment.ts'
import { countedDurationTicks, defaultDurationTicks } from './sample-duration.ts'

type Lane = { readonly track: Track; lastDurationTicks: Ticks }

/**
 * The endless `.mp4` over HTTP and WebSocket: an initialization segment, then one fragment per frame, at once.
 *
 * Nothing is held back, so a join point stands right in front of the bytes that `frame` returns for a key frame.
 * Exact video durations are the caller's: it may run one frame late and fill in `durationTicks`. A frame without one
 * gets its sample count (audio) or the duration of the frame before it (video; 1/30 s at first); its fragment's
 * decode time is right all the same. Frames of unknown tracks and empty frames are left out.
 */
export class Fmp4Muxer implements Muxer {
  readonly #w = new ByteWriter(512)
  #lanes = new Map<number, Lane>()
  #init: Uint8Array = new Uint8Array()
  #sequenceNumber = 0

  /** A changed set returns a new initialization segment, to be written in-band; the first one returns nothing. */
  setTracks(tracks: readonly Track[]): readonly Uint8Array[] {
    const isFirst = this.#init.length === 0
    if (this.#isCurrent(tracks)) return []
    this.#lanes = new Map(tracks.map((track) => [track.id, this.#newLane(track)]))
    this.#init = tracks.length === 0 ? new Uint8Array() : writeInitSegment(tracks)
    return isFirst || tracks.length === 0 ? [] : [this.#init]
  }

  preamble(): Uint8Array {
    return this.#init
  }

  /** [moof and mdat header, the frame's data]; the first part is valid until the next call. */
  frame(frame: Frame): readonly Uint8Array[] {
    const lane = this.#lanes.get(frame.trackId)
    if (lane === undefined || frame.data.length === 0) return []
    const durationTicks = frame.durationTicks || countedDurationTicks(lane.track, frame.data) || lane.lastDurationTicks
    lane.lastDurationTicks = durationTicks
    this.#sequenceNumber++
    this.#w.reset()
    const run = { trackId: frame.trackId, samples: [{ ...frame, durationTicks }] }
    return writeFragment(this.#sequenceNumber, [run], this.#w)
  }

  /** Nothing: no frame is ever held. */
  flush(): readonly Uint8Array[] {
    return []
  }

  #isCurrent(tracks: readonly Track[]): boolean {
    return (
      tracks.length === this.#lanes.size &&
      tracks.every((track) => {
        const lane = this.#lanes.get(track.id)
        return lane !== undefined && sameConfiguration(lane.track, track)
      })
    )
  }

  #newLane(track: Track): Lane {
    const before = this.#lanes.get(track.id)
    const isSameClock = before?.track.clockRateHz === track.clockRateHz
    return { track, lastDurationTicks: isSameClock ? before.lastDurationTicks : defaultDurationTicks(track) }
  }
}
