/** What the test asks of the child process that holds FFmpeg 8.1 (node-av), and what it answers. */
export type AvMethods = {
  /** Encodes a test picture and a tone into an MP4 file, whose times are exact. */
  make(params: { readonly path: string; readonly tracks: readonly MadeTrack[]; readonly seconds: number }): null
  /** Copies all streams of `from` into `to`; `split` cuts like a publisher that stops and goes on. */
  remux(params: { readonly from: string; readonly to: string; readonly format: 'flv' | 'mpegts' }): null
  read(params: ReadParams): Reading
  /** Starts to publish and stops after `pauseSeconds`, or in front of the second keyframe. */
  publishStart(params: PublishParams): null
  publishFinish(params: { readonly url: string }): null
  /** Decodes the first stream of a file, which is sound. */
  hear(params: { readonly path: string }): DecodedSound
  /** Publishes `from` over and over in real time, until the process ends. */
  publishForever(params: { readonly from: string; readonly url: string }): null
  /** Opens a live stream and leaves it when every track has given `units` units. */
  play(params: ReadParams & { readonly units: number }): Reading
}
/** The first channel. */
export type DecodedSound = {
  readonly startSeconds: number
  readonly seconds: number
  readonly frequencyHz: number
  readonly rms: number
  /** When tones set in. */
  readonly onsets: readonly number[]
}
export type MadeTrack = {
  readonly encoder: string
  readonly options?: Readonly<Record<string, string>>
  /** Audio where there is one. */
  readonly sampleRateHz?: number
  /** A tone that sets in every half second, 0.25 s after the start, instead of one that goes on. */
  readonly beeps?: boolean
  /** Noise instead of a tone: as many bits as a rate control gives. */
  readonly noise?: boolean
  readonly channels?: 1 | 2
  /** The picture carries closed captions: channel 1 of CEA-608 and service 1 of CEA-708. */
  readonly captions?: boolean
}
export type ReadParams = {
  readonly url: string
  readonly format?: string
  readonly options?: Readonly<Record<string, string>>
}
export type PublishParams = { readonly from: string; readonly url: string; readonly pauseSeconds: number }

/** An access unit as FFmpeg's demuxer gives it, canonicalised, in decoding order. Times in seconds. */
export type Unit = {
  readonly pts: number
  readonly dts: number
  readonly isKey: boolean
  readonly sha256: string
  /** Where the container has it in its bytes; -1 where FFmpeg does not say. */
  readonly position: number
}
export type ReadTrack = {
  readonly kind: 'video' | 'audio'
  /** FFmpeg's name. */
  readonly codec: string
  /** What every container says of the configuration, in one form: see canonical.ts. Empty where FFmpeg has none. */
  readonly config: string
  /** SHA-256 of the configuration record as it stands in the container; empty where there is none. */
  readonly record: string
  readonly units: readonly Unit[]
}
export type Reading = { readonly tracks: readonly ReadTrack[] }

export type AvRequest = { readonly id: number; readonly method: keyof AvMethods; readonly params: unknown }
export type AvReply =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: string }
