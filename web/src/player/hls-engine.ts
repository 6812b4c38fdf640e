import Hls, { type ErrorData } from 'hls.js'
import {
  type Delay,
  EngineError,
  type EngineOptions,
  failureOfStatus,
  type PlaybackEngine,
  type PlaybackFailure,
  type StartEngine,
} from './engine.ts'
import { startNative } from './native-engine.ts'

/** What more than this is says more about the clocks than about the stream. */
const MAX_CREDIBLE_LATENCY_SECONDS = 120

const { default: POLICY } = Hls.DefaultConfig.fragLoadPolicy
/** The server waits for what is about to exist, so a 404 is its last word: the stream has begun anew. */
const FRAGMENT_POLICY: typeof POLICY = {
  ...POLICY,
  errorRetry: POLICY.errorRetry && {
    ...POLICY.errorRetry,
    shouldRetry: (_config, _count, _isTimeout, response, retry) => retry && response?.code !== 404,
  },
}

/** Safari plays HLS itself, with its own codecs and AirPlay. Only it has ManagedMediaSource, or no MediaSource at all. */
function prefersNative(video: HTMLVideoElement): boolean {
  const isSafari = 'ManagedMediaSource' in window || !('MediaSource' in window)
  return isSafari && video.canPlayType('application/vnd.apple.mpegurl') !== ''
}

export const startHls: StartEngine = async (options) => {
  if (prefersNative(options.video)) return startNative(options)
  if (!Hls.isSupported()) throw new EngineError('unsupported', 'this browser has no Media Source Extensions')
  return new HlsEngine(options)
}

class HlsEngine implements PlaybackEngine {
  readonly #hls: Hls
  readonly #options: EngineOptions
  #recoveries = 0

  constructor(options: EngineOptions) {
    this.#options = options
    this.#hls = new Hls({
      enableWorker: false,
      lowLatencyMode: true,
      backBufferLength: 30,
      liveDurationInfinity: true,
      maxLiveSyncPlaybackRate: 1.08,
      fragLoadPolicy: { default: FRAGMENT_POLICY },
    })
    this.#hls.on(Hls.Events.ERROR, (_event, data) => this.#onError(data))
    this.#hls.loadSource(options.path)
    this.#hls.attachMedia(options.video)
  }

  delay(): Delay | undefined {
    const { playingDate, latency } = this.#hls
    const sinceStamp = playingDate ? (Date.now() - playingDate.getTime()) / 1000 : undefined
    if (sinceStamp !== undefined && sinceStamp > 0 && sinceStamp < MAX_CREDIBLE_LATENCY_SECONDS)
      return { kind: 'latency', seconds: sinceStamp }
    return latency > 0 ? { kind: 'latency', seconds: latency } : undefined
  }
  goLive(): void {
    const edge = this.#hls.liveSyncPosition
    if (edge !== null) this.#options.video.currentTime = edge
  }
  destroy(): void {
    this.#hls.destroy()
  }

  #onError(data: ErrorData): void {
    if (!data.fatal) return
    if (data.type === Hls.ErrorTypes.MEDIA_ERROR && this.#recoveries < 1) {
      this.#recoveries += 1
      this.#hls.recoverMediaError()
      return
    }
    this.#options.onFailure(toFailure(data))
  }
}

function toFailure({ type, details, response }: ErrorData): PlaybackFailure {
  if (
    details === Hls.ErrorDetails.MANIFEST_INCOMPATIBLE_CODECS_ERROR ||
    details === Hls.ErrorDetails.BUFFER_ADD_CODEC_ERROR
  )
    return { kind: 'unsupported', detail: details }
  if (type !== Hls.ErrorTypes.NETWORK_ERROR) return { kind: 'media', detail: details }
  const failure = failureOfStatus(response?.code ?? 0)
  return { ...failure, detail: `${details}: ${failure.detail}` }
}

/** Plays a recording: no live edge, the browser's own controls. The answer stops it. */
export async function playRecording(
  video: HTMLVideoElement,
  path: string,
  onFailure: (failure: PlaybackFailure) => void,
): Promise<() => void> {
  if (prefersNative(video) || !Hls.isSupported()) {
    const engine = await startNative({ video, path, stream: undefined, onFailure })
    return () => engine.destroy()
  }
  const hls = new Hls({ enableWorker: false, startPosition: 0 })
  hls.on(Hls.Events.ERROR, (_event, data) => {
    if (data.fatal) onFailure(toFailure(data))
  })
  hls.loadSource(path)
  hls.attachMedia(video)
  return () => hls.destroy()
}
