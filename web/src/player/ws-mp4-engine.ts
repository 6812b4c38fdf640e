import { codecStrings } from '../track-summary.ts'
import {
  absoluteUrl,
  bufferAhead,
  bufferDelay,
  type Delay,
  EngineError,
  type EngineOptions,
  type PlaybackEngine,
  type StartEngine,
  seekToEdge,
} from './engine.ts'

/** Played media that stays for the decoder; the rest is removed in steps. */
const KEEP_BEHIND_SECONDS = 10
const TRIM_STEP_SECONDS = 10
/** Above the first the picture runs a little faster, until below the second; above the third it jumps. */
const CATCH_UP_ABOVE_SECONDS = 1.6
const CATCH_UP_UNTIL_SECONDS = 0.9
const JUMP_ABOVE_SECONDS = 5
const CATCH_UP_RATE = 1.06
const EDGE_RESERVE_SECONDS = 0.7
/** More waiting messages than this means that the decoder has stopped taking them. */
const MAX_QUEUED_BYTES = 64e6
const FOLLOW_MS = 250
/** RFC 6455, 7.4.1; the server's "try again later" says why in its reason. */
const CLOSE_UNACCEPTABLE = 1003

/** iPhone has only ManagedMediaSource, which wants remote playback off. */
function mediaSourceClass(): typeof MediaSource | undefined {
  const { ManagedMediaSource } = window as { ManagedMediaSource?: typeof MediaSource }
  return ManagedMediaSource ?? window.MediaSource
}

export const startWsMp4: StartEngine = async (options) => {
  const Source = mediaSourceClass()
  if (!Source) throw new EngineError('unsupported', 'this browser has no Media Source Extensions')
  const codecs = options.stream && codecStrings(options.stream)
  if (!codecs) throw new EngineError('stalled', 'the server has not told the codecs of the stream yet')
  const mimeType = `video/mp4; codecs="${codecs.join(',')}"`
  if (!Source.isTypeSupported(mimeType)) throw new EngineError('unsupported', `this browser cannot play ${mimeType}`)
  return new WsMp4Engine(options, new Source(), mimeType)
}

/** Appends what comes out of the WebSocket (ftyp+moov first, then moof+mdat) and follows its end. */
class WsMp4Engine implements PlaybackEngine {
  readonly #video: HTMLVideoElement
  readonly #onFailure: EngineOptions['onFailure']
  readonly #socket: WebSocket
  readonly #controller = new AbortController()
  readonly #objectUrl: string
  readonly #follow: ReturnType<typeof setInterval>
  #buffer: SourceBuffer | undefined
  #queue: ArrayBuffer[] = []
  #queuedBytes = 0
  #isPositioned = false

  constructor({ video, path, onFailure }: EngineOptions, source: MediaSource, mimeType: string) {
    this.#video = video
    this.#onFailure = onFailure
    const { signal } = this.#controller
    source.addEventListener('sourceopen', () => this.#open(source, mimeType), { once: true, signal })
    video.addEventListener('error', () => this.#fail(), { signal })
    if ('ManagedMediaSource' in window) video.disableRemotePlayback = true
    this.#objectUrl = URL.createObjectURL(source)
    video.src = this.#objectUrl
    this.#socket = new WebSocket(absoluteUrl(path, 'ws'))
    this.#socket.binaryType = 'arraybuffer'
    this.#listen(signal)
    this.#follow = setInterval(() => this.#followEdge(), FOLLOW_MS)
  }

  delay(): Delay | undefined {
    return bufferDelay(this.#video)
  }
  goLive(): void {
    seekToEdge(this.#video, EDGE_RESERVE_SECONDS)
  }
  destroy(): void {
    this.#controller.abort()
    clearInterval(this.#follow)
    this.#socket.close()
    this.#queue = []
    this.#video.playbackRate = 1
    this.#video.removeAttribute('src')
    this.#video.load()
    URL.revokeObjectURL(this.#objectUrl)
  }

  #listen(signal: AbortSignal): void {
    this.#socket.addEventListener('message', ({ data }) => this.#receive(data), { signal })
    this.#socket.addEventListener(
      'close',
      ({ code, reason }) => {
        const detail = `the WebSocket was closed (${code}${reason ? `, ${reason}` : ''})`
        this.#onFailure({ kind: code === CLOSE_UNACCEPTABLE ? 'unsupported' : 'interrupted', detail })
      },
      { signal },
    )
  }
  #open(source: MediaSource, mimeType: string): void {
    this.#buffer = source.addSourceBuffer(mimeType)
    this.#buffer.addEventListener('updateend', () => this.#pump(), { signal: this.#controller.signal })
    this.#pump()
  }

  #receive(data: unknown): void {
    if (!(data instanceof ArrayBuffer)) return
    this.#queue.push(data)
    this.#queuedBytes += data.byteLength
    if (this.#queuedBytes > MAX_QUEUED_BYTES)
      this.#onFailure({ kind: 'media', detail: 'the browser does not take the stream as fast as it comes' })
    else this.#pump()
  }
  #pump(): void {
    const buffer = this.#buffer
    if (!buffer || buffer.updating) return
    this.#position()
    if (this.#trim(buffer)) return
    const next = this.#queue.shift()
    if (!next) return
    this.#queuedBytes -= next.byteLength
    try {
      buffer.appendBuffer(next)
    } catch (error) {
      this.#onFailure({ kind: 'media', detail: error instanceof Error ? error.message : String(error) })
    }
  }
  /** True when a removal is under way. A paused viewer keeps only the newest part. */
  #trim(buffer: SourceBuffer): boolean {
    const { buffered } = buffer
    if (buffered.length === 0) return false
    const start = buffered.start(0)
    const end = buffered.end(buffered.length - 1)
    const keepFrom = Math.max(this.#video.currentTime - KEEP_BEHIND_SECONDS, end - 6 * TRIM_STEP_SECONDS)
    if (keepFrom - start < TRIM_STEP_SECONDS) return false
    buffer.remove(start, keepFrom)
    return true
  }
  /** The timeline of a live stream does not begin at 0. */
  #position(): void {
    const { buffered } = this.#video
    if (this.#isPositioned || buffered.length === 0) return
    this.#isPositioned = true
    this.#video.currentTime = buffered.start(0)
  }

  #followEdge(): void {
    const video = this.#video
    const ahead = bufferAhead(video)
    if (ahead === undefined || video.paused || video.seeking) return
    if (ahead > JUMP_ABOVE_SECONDS || this.#isInGap()) return this.goLive()
    if (ahead > CATCH_UP_ABOVE_SECONDS) video.playbackRate = CATCH_UP_RATE
    else if (ahead < CATCH_UP_UNTIL_SECONDS) video.playbackRate = 1
  }
  /** A publisher that came back leaves a hole in the timeline. */
  #isInGap(): boolean {
    const { buffered, currentTime } = this.#video
    for (let i = 0; i < buffered.length; i++) {
      if (currentTime < buffered.start(i)) return true
      if (currentTime < buffered.end(i) + 0.1) return false
    }
    return buffered.length > 0
  }
  #fail(): void {
    const { error } = this.#video
    this.#onFailure({ kind: 'media', detail: error?.message || `media error ${error?.code ?? 'unknown'}` })
  }
}
