import type { Frame, Track } from '../../../../media/model/index.ts'
import { audioTrackOf, type RungOrder, videoTrackOf } from '../../channel/job-messages.ts'
import type { EncodedFrame, EncodedTrack, JobOutput } from '../job-output.ts'

/** What encoders put in front of their first samples is shorter. */
const MAX_PRIMING_SECONDS = 0.2

/** What one rung has given so far, and what it must not give: frames that its viewers have had already. */
export class Rung {
  readonly order: RungOrder
  frameCount = 0
  busyMs = 0
  readonly #output: JobOutput
  readonly #clocksHz = new Map<number, number>()
  #isVideoOpen = false
  #lastSoundSeconds = Number.NEGATIVE_INFINITY

  constructor(order: RungOrder, output: JobOutput) {
    this.order = order
    this.#output = output
  }

  get slot(): number {
    return this.order.slot
  }
  get videoTrackId(): number {
    return videoTrackOf(this.slot)
  }
  get audioTrackId(): number {
    return audioTrackOf(this.slot)
  }
  /** Whether a frame presented then is still to be made. */
  isWanted(ticks: number, clockHz: number): boolean {
    const { afterTicks } = this.order
    return ticks >= 0 && (afterTicks === undefined || ticks * 90_000 > afterTicks * clockHz)
  }

  onTrack(track: EncodedTrack): void {
    this.#clocksHz.set(track.id, track.kind === 'video' ? 90_000 : track.sampleRateHz)
    this.#output.track(track)
  }
  /** What an encoder gives. */
  onFrame(frame: EncodedFrame): void {
    if (frame.trackId === this.videoTrackId || !this.#isPriming(frame)) this.#give(frame)
  }

  /** Video that is passed on starts with a keyframe. */
  copyVideo(frame: Frame, track: Track): void {
    if (!this.isWanted(frame.ptsTicks, 90_000) || !(frame.isKey || this.#isVideoOpen)) return
    this.#copy(frame, track, this.videoTrackId, !this.#isVideoOpen)
    this.#isVideoOpen = true
  }
  copyAudio(frame: Frame, track: Track): void {
    if (!this.isWanted(frame.ptsTicks, track.clockRateHz)) return
    this.#copy(frame, track, this.audioTrackId, !this.#clocksHz.has(this.audioTrackId))
  }
  /** The source's configuration changed. */
  copyTrack(track: Track): void {
    const id = track.kind === 'video' ? this.videoTrackId : this.audioTrackId
    if (this.#clocksHz.has(id)) this.onTrack({ ...track, id })
  }

  #copy(frame: Frame, track: Track, id: number, isFirst: boolean): void {
    if (isFirst) this.onTrack({ ...track, id })
    const { ptsTicks, dtsTicks, durationTicks, isKey, data } = frame
    this.#give({ trackId: id, ptsTicks, dtsTicks, durationTicks, isKey, data })
  }
  #give(frame: EncodedFrame): void {
    const clockHz = this.#clocksHz.get(frame.trackId) ?? 90_000
    if (!this.isWanted(frame.ptsTicks, clockHz)) return
    if (frame.trackId === this.videoTrackId) this.frameCount++
    else this.#lastSoundSeconds = frame.ptsTicks / clockHz
    this.#output.frame(frame)
  }
  /** What a new encoder puts in front lies where there was other sound already. */
  #isPriming({ trackId, ptsTicks }: EncodedFrame): boolean {
    const backSeconds = this.#lastSoundSeconds - ptsTicks / (this.#clocksHz.get(trackId) ?? 90_000)
    return backSeconds >= 0 && backSeconds < MAX_PRIMING_SECONDS
  }
}
