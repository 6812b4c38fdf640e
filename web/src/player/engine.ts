import type { StreamInfo } from '../api/stream-info.ts'

/**
 * How far behind the picture is. `latency` counts from the moment the server stamped it; `buffer` is only what this
 * browser holds in reserve, the time on the way not included.
 */
export type Delay = { readonly kind: 'latency' | 'buffer'; readonly seconds: number }

export type FailureKind =
  /** Nobody publishes the stream. */
  | 'offline'
  /** The server does not answer. */
  | 'unreachable'
  | 'forbidden'
  /** This browser cannot decode it, or not over this protocol. Trying again does not help. */
  | 'unsupported'
  /** The connection broke, or ended. */
  | 'interrupted'
  /** Connected, but no picture comes. */
  | 'stalled'
  /** The decoder gave up. */
  | 'media'

export type PlaybackFailure = { readonly kind: FailureKind; readonly detail: string }

export type EngineOptions = {
  readonly video: HTMLVideoElement
  /** Path and query on this host: `/live/demo.flv`. */
  readonly path: string
  readonly stream: StreamInfo | undefined
  /** Called at most once; the engine is then destroyed by its owner. */
  readonly onFailure: (failure: PlaybackFailure) => void
}

/** One attempt to play one stream over one protocol into one video element. */
export interface PlaybackEngine {
  delay(): Delay | undefined
  /** Jumps to the newest picture. */
  goLive(): void
  /** Releases the video element and every connection. */
  destroy(): void
}

/** Rejects with EngineError where playback cannot start at all. */
export type StartEngine = (options: EngineOptions) => Promise<PlaybackEngine>

export class EngineError extends Error {
  override readonly name = 'EngineError'
  readonly failure: PlaybackFailure

  constructor(kind: FailureKind, detail: string) {
    super(detail)
    this.failure = { kind, detail }
  }
}

export function failureOfStatus(status: number): PlaybackFailure {
  if (status === 404) return { kind: 'offline', detail: 'the server answered 404' }
  if (status === 401 || status === 403) return { kind: 'forbidden', detail: `the server answered ${status}` }
  if (status === 415 || status === 422) return { kind: 'unsupported', detail: `the server answered ${status}` }
  return { kind: 'interrupted', detail: status ? `the server answered ${status}` : 'the connection broke' }
}

/** Seconds between the picture shown and the newest one received. */
export function bufferAhead(video: HTMLVideoElement): number | undefined {
  const { buffered } = video
  return buffered.length > 0 ? Math.max(0, buffered.end(buffered.length - 1) - video.currentTime) : undefined
}

export function bufferDelay(video: HTMLVideoElement): Delay | undefined {
  const seconds = bufferAhead(video)
  return seconds === undefined ? undefined : { kind: 'buffer', seconds }
}

/** Shows what is `reserveSeconds` before the newest received picture. */
export function seekToEdge(video: HTMLVideoElement, reserveSeconds: number): void {
  const { buffered } = video
  if (buffered.length === 0) return
  const last = buffered.length - 1
  video.currentTime = Math.max(buffered.start(last), buffered.end(last) - reserveSeconds)
}

export function absoluteUrl(path: string, scheme: 'http' | 'ws'): string {
  const url = new URL(path, location.href)
  if (scheme === 'ws') url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  return url.href
}
