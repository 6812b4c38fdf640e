import type { Frame, Ticks, Track } from '../../../media/model/index.ts'

/** Offsets are multiples of this, so that they are whole ticks of every usual clock (11,025 Hz and up). */
const OFFSET_STEP_MS = 40
const MAX_BACKWARD_SECONDS = 0.5
const MAX_FORWARD_SECONDS = 30

/** Whether a publisher's stamps are put where the wall clock says, or are the line of time already (renditions). */
export type PublisherTimes = 'moved' | 'kept'

export type MappedFrame = { readonly frame: Frame; readonly jumped: boolean }

/**
 * Puts the frames of one publisher after the other on one ever-growing line of time. The first publisher's stamps are
 * kept as they are; a later one, or a publisher whose stamps jump, is moved to where the wall clock says it belongs.
 */
export class StreamTimeline {
  #offsetMs: number | undefined
  #first = true
  #times: PublisherTimes = 'moved'
  #lastEndSeconds = 0
  #lastArrivalMs = 0
  readonly #lastDts = new Map<number, number>()

  /** The frames that follow come from another publisher. */
  startSession(times: PublisherTimes = 'moved'): void {
    this.#times = times
    if (this.#offsetMs !== undefined) this.#first = false
    this.#offsetMs = undefined
    this.#lastDts.clear()
  }

  /** `jumped`: the times are not continuous with the frame before. */
  map(frame: Frame, track: Track, arrivalMs: number): MappedFrame {
    const jumped = this.#offsetMs !== undefined && this.#hasJumped(frame, track)
    if (jumped) this.#lastDts.clear()
    if (this.#offsetMs === undefined || jumped) this.#anchor(frame.dtsTicks / track.clockRateHz, arrivalMs, jumped)
    this.#lastDts.set(frame.trackId, frame.dtsTicks)
    this.#lastArrivalMs = arrivalMs
    const mapped = this.shift(frame, track)
    this.#lastEndSeconds = Math.max(this.#lastEndSeconds, mapped.dtsTicks / track.clockRateHz)
    return { frame: mapped, jumped }
  }

  /** Only moves the times; for frames that were mapped before (a consumer that starts at the last keyframe). */
  shift(frame: Frame, track: Track): Frame {
    const offset = ((this.#offsetMs ?? 0) * track.clockRateHz) / 1000
    if (offset === 0) return frame
    return { ...frame, ptsTicks: (frame.ptsTicks + offset) as Ticks, dtsTicks: (frame.dtsTicks + offset) as Ticks }
  }

  #hasJumped(frame: Frame, track: Track): boolean {
    const last = this.#lastDts.get(frame.trackId)
    if (last === undefined) return false
    const step = (frame.dtsTicks - last) / track.clockRateHz
    return step < -MAX_BACKWARD_SECONDS || step > MAX_FORWARD_SECONDS
  }

  #anchor(firstSeconds: number, arrivalMs: number, jumped: boolean): void {
    if (this.#times === 'kept') {
      this.#offsetMs = 0
      return
    }
    if (this.#first && !jumped) {
      this.#offsetMs = firstSeconds < 0 ? roundUp(-firstSeconds * 1000) : 0
      return
    }
    const gapSeconds = Math.max(0, arrivalMs - this.#lastArrivalMs) / 1000
    this.#offsetMs = roundUp((this.#lastEndSeconds + gapSeconds - firstSeconds) * 1000 + OFFSET_STEP_MS)
  }
}

function roundUp(ms: number): number {
  return Math.ceil(ms / OFFSET_STEP_MS) * OFFSET_STEP_MS
}
