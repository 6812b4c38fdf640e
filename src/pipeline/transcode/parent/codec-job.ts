import type { Frame, Track } from '../../../media/model/index.ts'
import type { AssetOpened, JobFault, JobRequest, Progress, WatchEvent } from '../channel/job-messages.ts'
import type { Message } from '../channel/message.ts'

/** How a job ended. */
export type JobEnd =
  /** `decodes`: pictures that were decoded for it, where that is what the job does. */
  | { readonly outcome: 'done'; readonly result: Uint8Array; readonly decodes: number }
  /** The job cannot be done; the process is well. */
  | { readonly outcome: 'failed'; readonly fault: JobFault; readonly problem: string }
  /** The process ended under the job, or (`hadJob` false) before it had it. A new one starts for the next job. */
  | { readonly outcome: 'died'; readonly problem: string; readonly hadJob: boolean }
  /** There are no codecs on this machine, and no job will ever be done. */
  | { readonly outcome: 'missing'; readonly problem: string }
  | { readonly outcome: 'cancelled' }

/** What a job gives. Frames and results belong to the sink. */
export interface JobSink {
  /** The process has the job; what is sent to it from now on arrives. Never from within `run`. */
  onStarted?(): void
  onTrack?(track: Track): void
  onFrame?(frame: Frame): void
  onAssetOpened?(asset: AssetOpened): void
  onNotice?(text: string): void
  onWatched?(event: WatchEvent): void
  onProgress?(progress: Progress): void
  onRungFailed?(slot: number, problem: string): void
  /** Exactly once, as the last call, and never from within `run`. */
  onEnd(end: JobEnd): void
}

export type JobOrder = {
  readonly request: JobRequest
  /** Must not change until the job ends. */
  readonly input?: Uint8Array
  /** A job from which nothing comes for so long, once the process has it, is frozen: the process is killed. */
  readonly timeoutMs?: number
}

/** A job under way. */
export interface CodecJob {
  readonly id: number
  /** The sink is told at once; what the process still sends for the job is dropped. */
  cancel(): void
  /** For a job that takes input while it runs. `payload` must not change afterwards. Nothing happens before `onStarted`. */
  send(type: number, header: Message['header'], payload?: Uint8Array): void
}
