import type { AudioTrack, Frame, VideoTrack } from '../../../../media/model/index.ts'
import type { Av } from '../av.ts'
import { LadderAudio } from './ladder-audio.ts'
import { LadderVideo } from './ladder-video.ts'
import type { Rung } from './rung.ts'
import { WaitingFrames } from './waiting-frames.ts'

export type LeadSource = {
  readonly video: VideoTrack | undefined
  readonly clockwiseDegrees: number
  readonly audio: AudioTrack | undefined
}
export type LeadEvents = {
  readonly onFailure: (rung: Rung, error: unknown) => void
  readonly onNotice: (text: string) => void
}

/**
 * One rung that starts while others run, from older frames than they are at: with a decoder of its own it goes through
 * them, then through those that come, until it is where the ladder is, and becomes one of its rungs.
 */
export class RungLead {
  readonly rung: Rung
  readonly video: LadderVideo
  readonly audio: LadderAudio
  readonly #source: LeadSource
  readonly #waiting: WaitingFrames
  readonly #opened: Promise<void>
  #working: Promise<void> | undefined
  #isOver = false

  constructor(av: Av, rung: Rung, source: LeadSource, { onFailure, onNotice }: LeadEvents) {
    this.rung = rung
    this.#source = source
    this.#waiting = new WaitingFrames(source.video?.id)
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
