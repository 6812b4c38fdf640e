import type { AudioCodecId, VideoCodecId } from '../../../media/model/index.ts'

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
  /** ← { job, decodes, rssBytes }: done; the payload is the result, and so many pictures were decoded for it. */
  done: 7,
  /** ← { job, fault, problem } */
  failed: 8,
  /** → { job, rungs }: RungOrder of everything that is to be made from now on. */
  rungs: 9,
  /** → { job, track }; the payload is the track's configuration record. */
  inputTrack: 10,
  /** → { job, trackId, ptsTicks, dtsTicks, durationTicks, isKey }; the payload is the frame. */
  inputFrame: 11,
  /** ← Progress */
  progress: 12,
  /** ← { job, slot, problem }: this rung cannot be made; the others go on. */
  rungFailed: 13,
  /** → { job }: the input has ended; everything that is still inside comes out, then `done`. */
  finish: 14,
  /** ← AssetOpened: the file is understood. */
  assetOpened: 15,
  /** ← { job, text }: something that the operator should know, and that is no failure. */
  notice: 16,
  /** ← { job, what, isOn }: WatchEvent */
  watched: 17,
  /** ← { cpuMs }: CPU time of the process since it started, about once a second. */
  usage: 18,
  /** → { isHeld }: jobs that nobody waits for go no further until they are released. */
  hold: 19,
  /** → { job, slot, trackId … } as inputFrame: an older one, for a rung that is led. */
  leadFrame: 20,
} as const

/** Argument of a codec process that nobody waits for. */
export const OFFLINE = 'offline'

export type PictureFormat = 'jpg' | 'webp'

type DemoRequest = { readonly kind: 'demo' }
export type PictureRequest = {
  readonly kind: 'picture'
  /** Of the picture, whatever its size and format: it is decoded once. */
  readonly key: string
  readonly codec: VideoCodecId
  readonly format: PictureFormat
  /** Absent: as wide as the video. */
  readonly widthPx?: number
  /** The payload starts with the configuration record, this long; the access units follow. */
  readonly configBytes: number
  /** In decoding order, from a keyframe on. */
  readonly units: readonly { readonly bytes: number; readonly ptsTicks: number }[]
  /** The picture that is shown then is wanted. */
  readonly atTicks: number
}
/** Keyframes side by side in one JPEG. */
export type TileRequest = {
  readonly kind: 'tile'
  readonly columns: number
  readonly rows: number
  /** Of one picture; others are fitted into it. */
  readonly cellWidthPx: number
  readonly cellHeightPx: number
  /** The payload: the configuration record and the keyframe of each, one after the other. */
  readonly pictures: readonly { readonly codec: VideoCodecId; readonly configBytes: number; readonly bytes: number }[]
  /** Index into `pictures` for each place; those behind them are black. */
  readonly places: readonly number[]
  /** Of the JPEG. */
  readonly maxBytes: number
}
/** Decodes a stream once and encodes it for every rung that it is told of. */
export type LadderRequest = { readonly kind: 'ladder' }
/** Reads a file, as fast as it goes, and encodes it for the rungs. */
export type AssetRequest = { readonly kind: 'asset'; readonly path: string; readonly rungs: readonly RungOrder[] }
export type JobRequest = DemoRequest | PictureRequest | TileRequest | LadderRequest | AssetRequest

/** What is in a file. */
export type AssetOpened = {
  readonly job: number
  /** Of the container, in FFmpeg's words. */
  readonly format: string
  /** 0 where the file does not say. */
  readonly durationSeconds: number
  readonly hasVideo: boolean
  readonly audioCount: number
}

export type HardwareEncoder = 'nvenc' | 'qsv' | 'vaapi' | 'videotoolbox'
export type VideoOrder = {
  readonly codec: VideoCodecId | 'copy'
  /** Box that the picture fits in. */
  readonly widthPx: number
  readonly heightPx: number
  readonly maxFps?: number
  readonly bitrateKbps: number
  readonly crf?: number
  readonly gopMs: number
  readonly preset?: string
  /** Slices of a picture that are encoded at the same time, where the encoder can. Default 1. */
  readonly threads?: number
  readonly bFrames: number
  readonly encoder?: 'software' | HardwareEncoder
  /** Written on the picture, all filled in but `{time}`. */
  readonly text?: string
  /** File of a picture that is laid over it. */
  readonly image?: string
  readonly corner?: 'top-left' | 'top-right' | 'bottom-left' | 'bottom-right'
  /** Half of the frames are left out. May change while the rung runs. */
  readonly isHalved?: boolean
}
export type AudioOrder = {
  readonly codec: AudioCodecId | 'copy'
  readonly bitrateKbps?: number
  readonly sampleRateHz?: number
  readonly channels?: number
  /** What the programme is brought to; EBU R 128. */
  readonly loudnessLufs?: number
}
export type RungOrder = {
  /** Never used twice in a job: its tracks are 2 × slot + 1 (video) and 2 × slot + 2 (audio). */
  readonly slot: number
  readonly video?: VideoOrder
  readonly audio?: AudioOrder
  /** Frames that are presented up to here are decoded and not encoded. 90 kHz. */
  readonly afterTicks?: number
  /** Starts with older frames, which come as leadFrame right behind this. */
  readonly isLed?: boolean
  /** Looks at the source and makes nothing of it: loudness, silence, black and frozen pictures. */
  readonly isWatch?: boolean
}

/** What lasts so long is told of. */
export const LEAST_WATCHED_MS = 2000
/** Something has lasted for LEAST_WATCHED_MS, or ends. */
export type WatchEvent = { readonly what: 'silence' | 'black' | 'freeze'; readonly isOn: boolean }

export function videoTrackOf(slot: number): number {
  return 2 * slot + 1
}
export function audioTrackOf(slot: number): number {
  return 2 * slot + 2
}
/** Of the audio tracks of a file behind its first (`index` 0): each has a rung of its own behind those of the profiles. */
export function sideSlot(profileCount: number, index: number): number {
  return profileCount + index - 1
}
export function slotOf(trackId: number): number {
  return Math.floor((trackId - 1) / 2)
}

/** What a ladder job tells of itself, about ten times a second while it works. */
export type Progress = {
  readonly job: number
  /** Input frames that are done with, since the last message. */
  readonly consumed: number
  /** CPU time of the process since it started. */
  readonly cpuMs: number
  readonly rssBytes: number
  readonly damaged: number
  /** Pictures that came out of the one decoder of the source. */
  readonly decoded: number
  /** Of an asset: how far it has been read. */
  readonly atSeconds?: number
  /** Of a source that is watched: EBU R 128, LUFS. */
  readonly momentaryLufs?: number
  readonly integratedLufs?: number
  readonly rungs: readonly { readonly slot: number; readonly frames: number; readonly busyMs: number }[]
}

export type StartHeader = JobRequest & { readonly job: number }

/** Whose fault a failed job is: its input's, or this machine's. */
export type JobFault = 'input' | 'codec'
