import type { VideoCodecId } from '../../../media/model/index.ts'

/** What the two sides say to each other. `→` worker to codec process, `←` back. */
export const MESSAGE = {
  /** → StartHeader; the payload is the job's input. */
  start: 1,
  /** → { job } */
  cancel: 2,
  /** ← { ffmpeg }: the codecs are loaded. The first message. */
  hello: 3,
  /** ← { reason }: they cannot be. The first message, and the last. */
  missing: 4,
  /** ← { job, track }; the payload is the track's configuration record. */
  track: 5,
  /** ← { job, trackId, ptsTicks, dtsTicks, durationTicks, isKey }; the payload is the frame. */
  frame: 6,
  /** ← { job }: done; the payload is the result. */
  done: 7,
  /** ← { job, fault, problem } */
  failed: 8,
} as const

export type PictureFormat = 'jpg' | 'webp'

type DemoRequest = { readonly kind: 'demo' }
export type PictureRequest = {
  readonly kind: 'picture'
  readonly codec: VideoCodecId
  readonly format: PictureFormat
  /** Absent: as wide as the video. */
  readonly widthPx?: number
  /** The payload starts with the configuration record, this long; the keyframe follows. */
  readonly configBytes: number
}
export type JobRequest = DemoRequest | PictureRequest

export type StartHeader = JobRequest & { readonly job: number }

/** Whose fault a failed job is: its input's, or this machine's. */
export type JobFault = 'input' | 'codec'
