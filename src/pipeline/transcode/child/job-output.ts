import type { AudioCodecId, VideoCodecId } from '../../../media/model/index.ts'
import { type AssetOpened, type JobFault, MESSAGE, type Progress, type WatchEvent } from '../channel/job-messages.ts'
import type { MessagePipe } from '../channel/message-pipe.ts'

export type EncodedFrame = {
  readonly trackId: number
  readonly ptsTicks: number
  readonly dtsTicks: number
  readonly durationTicks: number
  readonly isKey: boolean
  /** Must not change afterwards. */
  readonly data: Uint8Array
}

/** What the worker cannot read from the configuration record. */
export type EncodedTrack = {
  readonly id: number
  /** In the canonical form of docs/codec-registry.md. */
  readonly config: Uint8Array
} & (
  | {
      readonly kind: 'video'
      readonly codec: VideoCodecId
      readonly widthPx: number
      readonly heightPx: number
      readonly frameRate?: number
    }
  | {
      readonly kind: 'audio'
      readonly codec: AudioCodecId
      readonly sampleRateHz: number
      readonly channelCount: number
      /** BCP 47. */
      readonly language?: string
    }
)

/** One job's voice. */
export class JobOutput {
  readonly #pipe: MessagePipe
  readonly #job: number

  constructor(pipe: MessagePipe, job: number) {
    this.#pipe = pipe
    this.#job = job
  }

  get isFull(): boolean {
    return this.#pipe.isFull
  }
  drained(): Promise<void> {
    return this.#pipe.drained()
  }
  track({ config, ...track }: EncodedTrack): void {
    this.#pipe.send(MESSAGE.track, { job: this.#job, ...track }, config)
  }
  frame({ data, ...frame }: EncodedFrame): void {
    this.#pipe.send(MESSAGE.frame, { job: this.#job, ...frame }, data)
  }
  progress(progress: Omit<Progress, 'job'>): void {
    this.#pipe.send(MESSAGE.progress, { job: this.#job, ...progress })
  }
  watched(event: WatchEvent): void {
    this.#pipe.send(MESSAGE.watched, { job: this.#job, ...event })
  }
  notice(text: string): void {
    this.#pipe.send(MESSAGE.notice, { job: this.#job, text: text.slice(0, 1000) })
  }
  assetOpened(asset: Omit<AssetOpened, 'job'>): void {
    this.#pipe.send(MESSAGE.assetOpened, { job: this.#job, ...asset })
  }
  rungFailed(slot: number, problem: string): void {
    this.#pipe.send(MESSAGE.rungFailed, { job: this.#job, slot, problem: problem.slice(0, 2000) })
  }
  done(result?: Uint8Array, decodes = 0): void {
    this.#pipe.send(MESSAGE.done, { job: this.#job, decodes, rssBytes: process.memoryUsage.rss() }, result)
  }
  failed(fault: JobFault, problem: string): void {
    this.#pipe.send(MESSAGE.failed, { job: this.#job, fault, problem: problem.slice(0, 2000) })
  }
}
