import type { AudioTrack, Frame, VideoTrack } from '../../../../media/model/index.ts'
import type { Av } from '../av.ts'
import { LadderAudio } from './ladder-audio.ts'
import { LadderVideo } from './ladder-video.ts'
import type { Rung } from './rung.ts'

export type LeadSource = {
  readonly video: VideoTrack | undefined
  readonly clockwiseDegrees: number
  readonly audio: AudioTrack | undefined
}
export type LeadEvents = {
  readonly onFailure: (rung: Rung, error: unknown) => void
  readonly onNotice: (text: string) => void
}

/** Frames that wait at most; a machine that is so much too slow does not catch up at all. */
const MAX_WAITING = 3000

/**
 * One rung that starts while others run, from older frames than they are at: with a decoder of its own it goes through
 * them, then through those that come, until it is where the ladder is, and becomes one of its rungs.
 */
export class RungLead {
  readonly rung: Rung
  readonly video: LadderVideo
  readonly audio: LadderAudio
  readonly #source: LeadSource
  readonly #waiting: Frame[] = []
  readonly #opened: Promise<void>
  #working: Promise<void> | undefined
  #isOver = false

  constructor(av: Av, rung: Rung, source: LeadSource, { onFailure, onNotice }: LeadEvents) {
    this.rung = rung
    this.#source = source
    this.video = new LadderVideo(av, onFailure, onNotice)
    this.audio = new LadderAudio(av, onFailure)
    this.video.add(rung)
    this.audio.add(rung)
    this.#opened = this.#open()
  }

  /** It has taken all that it was given. */
  get isCaughtUp(): boolean {
    return this.#working === undefined
  }
  push(frame: Frame): void {
    this.#waiting.push(frame)
    // What follows does not continue it; the rung has a hole there.
    if (this.#waiting.length > MAX_WAITING) this.#waiting.length = 0
    this.#working ??= this.#workOff()
  }
  /** Resolves when it has caught up. */
  async settled(): Promise<void> {
    await this.#opened
    await this.#working
  }
  /** What waits is dropped. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true
    await this.settled()
    await this.video[Symbol.asyncDispose]()
    this.audio[Symbol.dispose]()
  }

  async #open(): Promise<void> {
    const { video, audio, clockwiseDegrees } = this.#source
    if (video) await this.video.setTrack(video, clockwiseDegrees)
    if (audio) this.audio.setTrack(audio)
  }
  async #workOff(): Promise<void> {
    const { video, audio } = this.#source
    await this.#opened
    for (let next = this.#waiting.shift(); next && !this.#isOver; next = this.#waiting.shift()) {
      if (next.trackId === video?.id) await this.video.frame(next)
      else if (next.trackId === audio?.id) this.audio.frame(next)
    }
    this.#working = undefined
  }
}
