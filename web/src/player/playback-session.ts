import { ApiError } from '../api/client.ts'
import type { StreamInfo } from '../api/stream-info.ts'
import { type Delay, EngineError, type PlaybackEngine, type PlaybackFailure } from './engine.ts'
import { mediaPath, PROTOCOLS, type ProtocolId } from './protocols.ts'

export type SessionState =
  | { readonly phase: 'loading' }
  | { readonly phase: 'playing' }
  /** Paused so long that the connection was given back; `resume` starts anew. */
  | { readonly phase: 'paused' }
  /** `retryAtMs` (performance.now) where the session tries again by itself. */
  | { readonly phase: 'error'; readonly failure: PlaybackFailure; readonly retryAtMs: number | undefined }

export type SessionOptions = {
  readonly video: HTMLVideoElement
  readonly name: string
  readonly protocol: ProtocolId
  /** Asks the server: null while nobody publishes the stream. Rejects where the server does not answer. */
  readonly lookup: () => Promise<StreamInfo | null>
  readonly onState: (state: SessionState) => void
}

const WATCH_MS = 1000
/** No progress for this long is a stall; a stream's first picture may take longer. */
const STALLED_MS = 7000
const FIRST_PICTURE_MS = 20_000
const BACKOFF_MS = [500, 1000, 2000, 4000, 8000] as const
/** A paused viewer receives this long, then nothing any more. */
const PAUSED_MS = 60_000
/** Playing this long forgives earlier failures. */
const STEADY_MS = 10_000

/** Keeps one stream playing over one protocol: starts it, watches it, starts it again. */
export class PlaybackSession {
  readonly #options: SessionOptions
  readonly #controller = new AbortController()
  readonly #watch: ReturnType<typeof setInterval>
  #engine: PlaybackEngine | undefined
  #state: SessionState = { phase: 'loading' }
  #attempt = 0
  #failures = 0
  #retry: ReturnType<typeof setTimeout> | undefined
  #progress = { atMs: performance.now(), currentTime: 0 }
  #playingSinceMs = 0
  #pausedSinceMs: number | undefined
  #isPublisherAway = false

  constructor(options: SessionOptions) {
    this.#options = options
    const { signal } = this.#controller
    options.video.addEventListener('playing', () => this.#onPlaying(), { signal })
    options.video.addEventListener('ended', () => this.#onEnded(), { signal })
    document.addEventListener('visibilitychange', () => this.#touch(), { signal })
    this.#watch = setInterval(() => this.#watchProgress(), WATCH_MS)
    void this.#start()
  }

  get state(): SessionState {
    return this.#state
  }
  delay(): Delay | undefined {
    return this.#state.phase === 'playing' ? this.#engine?.delay() : undefined
  }
  goLive(): void {
    this.#engine?.goLive()
  }
  /** Undoes a pause: near the live edge again, since nothing was recorded for this viewer meanwhile. */
  resume(): void {
    if (this.#state.phase === 'paused' || this.#state.phase === 'error') return this.retry()
    const { video, protocol } = this.#options
    if (protocol !== 'hls') this.goLive()
    void video.play().catch(() => {})
  }
  /** Starts again at once. */
  retry(): void {
    void this.#start()
  }
  /** What the API says about the stream, whenever it says it. */
  update(stream: StreamInfo | null): void {
    this.#isPublisherAway = stream?.state === 'waiting'
    const isBack = stream?.state === 'live' && this.#state.phase === 'error' && this.#state.failure.kind === 'offline'
    if (!isBack) return
    this.#failures = 0
    this.retry()
  }
  destroy(): void {
    this.#controller.abort()
    clearInterval(this.#watch)
    this.#stop()
  }

  #stop(): void {
    this.#attempt += 1
    clearTimeout(this.#retry)
    this.#engine?.destroy()
    this.#engine = undefined
  }

  async #start(): Promise<void> {
    this.#stop()
    this.#setState({ phase: 'loading' })
    this.#touch()
    const attempt = this.#attempt
    const isStale = () => attempt !== this.#attempt || this.#controller.signal.aborted
    try {
      const { video, name, protocol, lookup } = this.#options
      const [stream, startEngine] = await Promise.all([lookup(), PROTOCOLS[protocol].load()])
      if (isStale()) return
      if (!stream) throw new EngineError('offline', 'nobody publishes this stream')
      const onFailure = (failure: PlaybackFailure) => void (isStale() || this.#fail(failure))
      const engine = await startEngine({ video, path: mediaPath(protocol, name), stream, onFailure })
      if (isStale()) engine.destroy()
      else this.#engine = engine
    } catch (error) {
      if (!isStale()) void this.#fail(failureOf(error))
    }
  }

  async #fail(failure: PlaybackFailure): Promise<void> {
    this.#stop()
    const attempt = this.#attempt
    const cause = await this.#findCause(failure)
    if (attempt !== this.#attempt || this.#controller.signal.aborted) return
    this.#failures += 1
    const waitMs = BACKOFF_MS[Math.min(this.#failures, BACKOFF_MS.length) - 1] ?? 0
    // An offline stream is started by `update`; what is not supported or not allowed stays so.
    const isFinal = cause.kind === 'unsupported' || cause.kind === 'forbidden' || cause.kind === 'offline'
    if (!isFinal) this.#retry = setTimeout(() => void this.#start(), waitMs)
    this.#setState({ phase: 'error', failure: cause, retryAtMs: isFinal ? undefined : performance.now() + waitMs })
  }
  /** Players often know only that it did not work. The API knows whether the stream is there. */
  async #findCause(failure: PlaybackFailure): Promise<PlaybackFailure> {
    if (failure.kind === 'forbidden' || failure.kind === 'offline' || failure.kind === 'unreachable') return failure
    try {
      const stream = await this.#options.lookup()
      return stream ? failure : { kind: 'offline', detail: failure.detail }
    } catch {
      return { kind: 'unreachable', detail: failure.detail }
    }
  }

  #onPlaying(): void {
    this.#touch()
    if (!this.#engine || this.#state.phase === 'playing') return
    this.#playingSinceMs = performance.now()
    this.#setState({ phase: 'playing' })
  }
  /** The server closed the stream's playlist. */
  #onEnded(): void {
    if (this.#state.phase === 'playing') void this.#fail({ kind: 'interrupted', detail: 'the stream ended' })
  }
  #touch(): void {
    this.#progress = { atMs: performance.now(), currentTime: this.#options.video.currentTime }
  }
  #watchProgress(): void {
    const { video } = this.#options
    const nowMs = performance.now()
    const { phase } = this.#state
    if (phase === 'error' || phase === 'paused') return
    if (this.#hasPausedLong(nowMs)) {
      this.#stop()
      return this.#setState({ phase: 'paused' })
    }
    const isWaitingForClick = video.paused && video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA
    const isExcused = document.hidden || isWaitingForClick || this.#isPublisherAway
    if (isExcused || video.currentTime !== this.#progress.currentTime) {
      if (phase === 'playing' && nowMs - this.#playingSinceMs > STEADY_MS) this.#failures = 0
      return this.#touch()
    }
    const limitMs = phase === 'playing' ? STALLED_MS : FIRST_PICTURE_MS
    if (nowMs - this.#progress.atMs > limitMs)
      void this.#fail({ kind: 'stalled', detail: `no progress for ${Math.round(limitMs / 1000)} s` })
  }
  #hasPausedLong(nowMs: number): boolean {
    const isPaused = this.#options.video.paused && this.#state.phase === 'playing'
    this.#pausedSinceMs = isPaused ? (this.#pausedSinceMs ?? nowMs) : undefined
    return this.#pausedSinceMs !== undefined && nowMs - this.#pausedSinceMs > PAUSED_MS
  }
  #setState(state: SessionState): void {
    this.#state = state
    if (!this.#controller.signal.aborted) this.#options.onState(state)
  }
}

function failureOf(error: unknown): PlaybackFailure {
  if (error instanceof EngineError) return error.failure
  const detail = error instanceof Error ? error.message : String(error)
  // `lookup` found no server, or the player's code could not be loaded from it (a TypeError).
  const isNetwork = error instanceof ApiError || error instanceof TypeError
  return { kind: isNetwork ? 'unreachable' : 'media', detail }
}
