import { codecStrings } from '../track-summary.ts'
import {
  bufferDelay,
  type Delay,
  EngineError,
  type PlaybackEngine,
  type PlaybackFailure,
  type StartEngine,
  seekToEdge,
} from './engine.ts'

const EDGE_RESERVE_SECONDS = 0.8
/** Behind more than this the picture jumps to the newest: the browser itself never catches up. */
const MAX_BEHIND_SECONDS = 6
const CHECK_MS = 1000

/** WebKit only: the wall-clock time of the start of the timeline. */
type DatedVideo = HTMLVideoElement & { getStartDate?(): Date }

/** `<video src>`: progressive MP4, and HLS where the browser plays it itself. */
export const startNative: StartEngine = async ({ video, path, stream, onFailure }) => {
  const codecs = stream && codecStrings(stream)
  const mimeType = `video/mp4; codecs="${codecs?.join(',')}"`
  if (codecs && video.canPlayType(mimeType) === '')
    throw new EngineError('unsupported', `this browser cannot play ${mimeType}`)
  const controller = new AbortController()
  const { signal } = controller
  const isPlaylist = /\.m3u8(\?|$)/.test(path)
  video.addEventListener('error', () => onFailure(toFailure(video.error)), { signal })
  video.addEventListener('ended', () => onFailure({ kind: 'interrupted', detail: 'the server ended the stream' }), {
    signal,
  })
  const isLive = !path.startsWith('/vod/')
  const chase = setInterval(() => {
    const behind = bufferDelay(video)?.seconds ?? 0
    if (isLive && !isPlaylist && !video.paused && behind > MAX_BEHIND_SECONDS) seekToEdge(video, EDGE_RESERVE_SECONDS)
  }, CHECK_MS)
  video.src = path
  return new NativeEngine(video, () => {
    clearInterval(chase)
    controller.abort()
  })
}

class NativeEngine implements PlaybackEngine {
  readonly #video: DatedVideo
  readonly #stop: () => void

  constructor(video: HTMLVideoElement, stop: () => void) {
    this.#video = video
    this.#stop = stop
  }

  delay(): Delay | undefined {
    const startMs = this.#video.getStartDate?.().getTime() ?? Number.NaN
    if (Number.isNaN(startMs)) return bufferDelay(this.#video)
    const seconds = (Date.now() - startMs) / 1000 - this.#video.currentTime
    return seconds > 0 ? { kind: 'latency', seconds } : bufferDelay(this.#video)
  }
  goLive(): void {
    seekToEdge(this.#video, EDGE_RESERVE_SECONDS)
  }
  destroy(): void {
    this.#stop()
    this.#video.removeAttribute('src')
    this.#video.load()
  }
}

function toFailure(error: MediaError | null): PlaybackFailure {
  const detail = error?.message || `media error ${error?.code ?? 'unknown'}`
  if (error?.code === MediaError.MEDIA_ERR_DECODE) return { kind: 'media', detail }
  // "Source not supported" is what the browser says to every answer that is not media, a 404 or a 503 as well.
  return { kind: 'interrupted', detail }
}
