import type { Frame, Track } from '../../src/media/model/index.ts'
import { audioTrackOf, videoTrackOf } from '../../src/pipeline/transcode/channel/job-messages.ts'

/** Of the clip: 25 pictures a second. */
const PICTURE_TICKS = 3600

/** What one rung of a long run gave: counted, and some of it kept. */
export class RungRecord {
  readonly tracks: Track[] = []
  /** What was asked to be kept, each stretch by itself, in the order in which it came. */
  readonly kept: Frame[][] = []
  readonly #name: string
  readonly #videoId: number
  readonly #audioId: number
  readonly #ranges: { readonly fromSeconds: number; readonly toSeconds: number }[] = []
  #pictures = 0
  #wrongPictures = 0
  #nextPictureTicks: number | undefined
  #firstSoundTicks: number | undefined
  #samples = 0
  #stampErrorMs = 0

  constructor(name: string, slot: number) {
    this.#name = name
    this.#videoId = videoTrackOf(slot)
    this.#audioId = audioTrackOf(slot)
  }

  get figures() {
    return {
      name: this.#name,
      pictures: this.#pictures,
      wrongPictures: this.#wrongPictures,
      stampErrorMs: this.#stampErrorMs,
    }
  }
  keep(fromSeconds: number, toSeconds: number): void {
    this.#ranges.push({ fromSeconds, toSeconds })
    this.kept.push([])
  }
  onTrack(track: Track): void {
    if (track.id === this.#videoId || track.id === this.#audioId) this.tracks.push(track)
  }
  onFrame(frame: Frame): void {
    const track = this.tracks.find(({ id }) => id === frame.trackId)
    if (!track) return
    if (track.kind === 'video') this.#onPicture(frame)
    else this.#onSound(frame, track.clockRateHz)
    const seconds = frame.ptsTicks / track.clockRateHz
    for (const [at, { fromSeconds, toSeconds }] of this.#ranges.entries())
      if (seconds >= fromSeconds && seconds < toSeconds) this.kept[at]?.push(frame)
  }

  #onPicture({ ptsTicks }: Frame): void {
    this.#pictures++
    const due = this.#nextPictureTicks ?? ptsTicks
    if (ptsTicks !== due) this.#wrongPictures += Math.max(1, Math.round(Math.abs(ptsTicks - due) / PICTURE_TICKS))
    this.#nextPictureTicks = ptsTicks + PICTURE_TICKS
  }
  #onSound({ ptsTicks, durationTicks }: Frame, clockHz: number): void {
    this.#firstSoundTicks ??= ptsTicks
    const errorTicks = ptsTicks - this.#firstSoundTicks - this.#samples
    this.#stampErrorMs = Math.max(this.#stampErrorMs, (Math.abs(errorTicks) / clockHz) * 1000)
    this.#samples += durationTicks
  }
}
