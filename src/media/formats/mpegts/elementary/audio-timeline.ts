import { AudioClock, type AudioTrack, rescaleTicks, type Ticks, VIDEO_CLOCK_HZ } from '../../../model/index.ts'

/** Exact times of audio frames: PES stamps at the start and where they disagree, sample counts in between. */
export class AudioTimeline {
  #clock: AudioClock | undefined
  #sampleRateHz = 0
  #next: number | undefined

  /** A new configuration may bring another rate. */
  use(track: AudioTrack): void {
    if (track.clockRateHz === this.#sampleRateHz) return
    this.#sampleRateHz = track.clockRateHz
    this.#clock = new AudioClock(track.clockRateHz, VIDEO_CLOCK_HZ)
    this.#next = undefined
  }

  /** After a loss the next stamp counts again. */
  reset(): void {
    if (this.#sampleRateHz > 0) this.#clock = new AudioClock(this.#sampleRateHz, VIDEO_CLOCK_HZ)
    this.#next = undefined
  }

  /** The time of a frame, or undefined where no stamp has been seen yet. `stamp` is 90 kHz, unwrapped. */
  time(stamp: number | undefined, sampleCount: number): Ticks | undefined {
    const counted = this.#next === undefined ? undefined : rescaleTicks(this.#next, this.#sampleRateHz, VIDEO_CLOCK_HZ)
    const wanted = stamp ?? counted
    if (wanted === undefined || this.#clock === undefined) return undefined
    const time = this.#clock.next(wanted, sampleCount)
    this.#next = time + sampleCount
    return time
  }
}
