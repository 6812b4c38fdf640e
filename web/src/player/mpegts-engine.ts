import mpegts from 'mpegts.js'
import {
  absoluteUrl,
  bufferDelay,
  type Delay,
  EngineError,
  type EngineOptions,
  failureOfStatus,
  type PlaybackEngine,
  type PlaybackFailure,
  type StartEngine,
  seekToEdge,
} from './engine.ts'

const EDGE_RESERVE_SECONDS = 0.6

type Source = { readonly type: 'flv' | 'mpegts'; readonly scheme: 'http' | 'ws' }

export const startHttpFlv: StartEngine = (options) => start(options, { type: 'flv', scheme: 'http' })
export const startWsFlv: StartEngine = (options) => start(options, { type: 'flv', scheme: 'ws' })
export const startHttpTs: StartEngine = (options) => start(options, { type: 'mpegts', scheme: 'http' })

async function start(options: EngineOptions, source: Source): Promise<PlaybackEngine> {
  if (!mpegts.getFeatureList().mseLivePlayback)
    throw new EngineError('unsupported', 'this browser has no Media Source Extensions for live streams')
  return new MpegtsEngine(options, source)
}

class MpegtsEngine implements PlaybackEngine {
  readonly #video: HTMLVideoElement
  readonly #player: ReturnType<typeof mpegts.createPlayer>

  constructor({ video, path, stream, onFailure }: EngineOptions, { type, scheme }: Source) {
    mpegts.LoggingControl.enableAll = false
    this.#video = video
    const hasTracks = stream !== undefined && stream.tracks.length > 0
    this.#player = mpegts.createPlayer(
      {
        type,
        isLive: true,
        url: absoluteUrl(path, scheme),
        // Told beforehand, a stream with sound only or picture only starts without waiting for the other.
        ...(hasTracks
          ? {
              hasVideo: stream.tracks.some(({ kind }) => kind === 'video'),
              hasAudio: stream.tracks.some(({ kind }) => kind === 'audio'),
            }
          : {}),
      },
      {
        enableWorker: false,
        enableStashBuffer: false,
        liveSync: true,
        liveSyncMaxLatency: 2,
        liveSyncTargetLatency: 1,
        liveSyncPlaybackRate: 1.08,
        autoCleanupSourceBuffer: true,
        autoCleanupMaxBackwardDuration: 60,
        autoCleanupMinBackwardDuration: 20,
      },
    )
    const { ERROR, LOADING_COMPLETE } = mpegts.Events
    this.#player.on(ERROR, (_type: string, details: string, info: unknown) => onFailure(toFailure(details, info)))
    this.#player.on(LOADING_COMPLETE, () => onFailure({ kind: 'interrupted', detail: 'the server ended the stream' }))
    this.#player.attachMediaElement(video)
    this.#player.load()
  }

  delay(): Delay | undefined {
    return bufferDelay(this.#video)
  }
  goLive(): void {
    seekToEdge(this.#video, EDGE_RESERVE_SECONDS)
  }
  destroy(): void {
    this.#player.destroy()
  }
}

function toFailure(details: string, info: unknown): PlaybackFailure {
  const { code, msg } = info as { readonly code?: unknown; readonly msg?: unknown }
  const { ErrorDetails } = mpegts
  if (details === ErrorDetails.NETWORK_STATUS_CODE_INVALID) return failureOfStatus(typeof code === 'number' ? code : 0)
  const detail = typeof msg === 'string' && msg !== '' ? `${details}: ${msg}` : details
  if (details === ErrorDetails.MEDIA_CODEC_UNSUPPORTED || details === ErrorDetails.MEDIA_FORMAT_UNSUPPORTED)
    return { kind: 'unsupported', detail }
  const isMedia = details === ErrorDetails.MEDIA_MSE_ERROR || details === ErrorDetails.MEDIA_FORMAT_ERROR
  return { kind: isMedia ? 'media' : 'interrupted', detail }
}
