import type { AudioTrack, Frame, Track } from '../../../media/model/index.ts'
import type { FrameContext, StreamConsumer, StreamOutput } from '../../stream/index.ts'
import { type Misfit, misfit } from './carried-codecs.ts'
import type { FitOptions, Substitute } from './fitted-output.ts'

/** So long an output waits at its start to know the converted sound: what comes later starts behind a discontinuity. */
const MAX_WAIT_MS = 3000
const MAX_WAIT_BYTES = 8 << 20
/** Sound that could not be had is tried again at a join point, so long behind the last try; after more failures later. */
const RETRY_MS = 5000
const MAX_RETRY_MS = 60_000
/** Far from the ids that streams have; added to that of the track which is converted. */
const BESIDE_ID = 64

/**
 * An output of a stream as it is, for one that must be kept bit by bit, with sound that everybody can play beside the
 * stream's own where that has none of such. Pictures and sound of the stream never wait for the conversion, but at the start.
 * Where it cannot be had the stream goes on without.
 */
export class SoundBeside implements StreamOutput {
  readonly log: StreamOutput['log']
  readonly snapshot?: () => Uint8Array
  readonly #inner: StreamOutput
  readonly #options: FitOptions
  #tracks: readonly Track[] = []
  #beside: AudioTrack | undefined
  #feed: BesideFeed | undefined
  #triedMs = 0
  #retryMs = RETRY_MS
  /** Frames from the start of the stream, until the converted sound is known. */
  #held: HeldFrames | undefined
  #hasStarted = false
  #newestSeconds = Number.NEGATIVE_INFINITY
  /** Converted sound from before is from the other side of a discontinuity. */
  #floorSeconds = Number.NEGATIVE_INFINITY

  constructor(inner: StreamOutput, options: FitOptions) {
    this.#inner = inner
    this.#options = options
    this.log = inner.log
    if (inner.snapshot) this.snapshot = () => inner.snapshot?.() ?? new Uint8Array(0)
  }

  onTracks(tracks: readonly Track[]): void {
    if (this.#held?.isEmpty === false) this.#start()
    this.#tracks = tracks
    const found = this.#lack()
    if (found && !this.#feed) this.#convert(found)
    if (!found) this.#stop()
    if (this.#feed && !this.#hasStarted) this.#held ??= new HeldFrames()
    else this.#start()
  }
  onFrame(frame: Frame, context: FrameContext): void {
    if (this.#feed) this.#noteTime(frame)
    if (this.#held) {
      if (this.#held.add(frame, context)) return
      this.#start()
    }
    if (context.isJoin) this.#tryAgain(context.epochMs)
    this.#inner.onFrame(frame, context)
  }
  onDiscontinuity(): void {
    if (this.#held) this.#start()
    this.#floorSeconds = this.#newestSeconds
    this.#inner.onDiscontinuity()
  }
  onEnd(): void {
    if (this.#held) this.#start()
    this.#stop()
    this.#inner.onEnd()
  }
  onUnused(): void {
    this.#stop()
    this.#held = undefined
    this.#inner.onUnused?.()
  }

  #noteTime({ trackId, ptsTicks }: Frame): void {
    const clockRateHz = this.#tracks.find(({ id }) => id === trackId)?.clockRateHz ?? 1
    this.#newestSeconds = Math.max(this.#newestSeconds, ptsTicks / clockRateHz)
  }
  /** Where no sound of the stream can be carried. */
  #lack(): Misfit | undefined {
    const sounds = this.#tracks.filter(({ kind }) => kind === 'audio')
    const isCarried = (track: Track) => !misfit(this.#options.format, [track])
    return sounds.some(isCarried) ? undefined : misfit(this.#options.format, sounds)
  }
  #convert(found: Misfit): void {
    const substitute = this.#options.substitute(found)
    if (!('attach' in substitute)) return
    this.#feed = new BesideFeed(substitute, {
      onTrack: (track) => this.#onBeside(track),
      onFrame: (frame, context) => this.#onBesideFrame(frame, context),
      onGone: (error) => this.#onGone(error),
    })
  }
  #stop(): void {
    this.#feed?.stop()
    this.#feed = undefined
    this.#beside = undefined
  }
  #tryAgain(nowMs: number): void {
    if (this.#feed?.isGone === false || nowMs < this.#triedMs + this.#retryMs) return
    this.#triedMs = nowMs
    this.#retryMs = Math.min(MAX_RETRY_MS, this.#retryMs * 2)
    const found = this.#lack()
    if (found) this.#convert(found)
  }

  /** The inner output gets what it has, and from now on what comes. */
  #start(): void {
    this.#hasStarted = true
    this.#inner.onTracks(this.#beside ? [...this.#tracks, this.#beside] : this.#tracks)
    const held = this.#held?.frames ?? []
    this.#held = undefined
    for (const { frame, context } of held) this.#inner.onFrame(frame, context)
  }
  #onBeside(track: AudioTrack): void {
    this.#retryMs = RETRY_MS
    const source = this.#tracks.find(({ kind }) => kind === 'audio')
    const { language } = source ?? {}
    this.#beside = { ...track, id: BESIDE_ID + (source?.id ?? 0), ...(language === undefined ? {} : { language }) }
    this.#start()
  }
  #onBesideFrame(frame: Frame, context: FrameContext): void {
    if (!this.#beside || frame.ptsTicks / this.#beside.clockRateHz <= this.#floorSeconds) return
    this.#inner.onFrame({ ...frame, trackId: this.#beside.id }, { ...context, isJoin: false })
  }
  #onGone(error: unknown): void {
    if (error !== undefined) this.#options.onFailed(error)
    if (this.#held) this.#start()
  }
}

type HeldFrame = { readonly frame: Frame; readonly context: FrameContext }

/** Frames with bytes of their own, for a short while. */
class HeldFrames {
  readonly frames: HeldFrame[] = []
  #sizeBytes = 0

  get isEmpty(): boolean {
    return this.frames.length === 0
  }
  /** False where it is too much, or too long ago that the first of them came. */
  add(frame: Frame, context: FrameContext): boolean {
    const sinceMs = this.frames[0]?.context.epochMs ?? context.epochMs
    if (context.epochMs - sinceMs > MAX_WAIT_MS || this.#sizeBytes + frame.data.length > MAX_WAIT_BYTES) return false
    this.#sizeBytes += frame.data.length
    this.frames.push({ frame: { ...frame, data: Uint8Array.from(frame.data) }, context })
    return true
  }
}

type BesideSink = {
  readonly onTrack: (track: AudioTrack) => void
  readonly onFrame: (frame: Frame, context: FrameContext) => void
  /** Nothing more comes; with what failed, where something did. */
  readonly onGone: (error: unknown) => void
}

/** The sound of a substitute, until it is stopped or gone. */
class BesideFeed implements StreamConsumer {
  readonly #sink: BesideSink
  #hold: Disposable | undefined
  #track: AudioTrack | undefined
  #isStopped = false
  isGone = false

  constructor(substitute: Substitute, sink: BesideSink) {
    this.#sink = sink
    substitute.attach(this).then(
      (hold) => {
        if (this.#isStopped) hold[Symbol.dispose]()
        else this.#hold = hold
      },
      (error: unknown) => this.#end(error),
    )
  }

  stop(): void {
    this.#isStopped = true
    this.#hold?.[Symbol.dispose]()
    this.#hold = undefined
  }
  onTracks(tracks: readonly Track[]): void {
    const track = tracks.find((each) => each.kind === 'audio')
    if (track === undefined || this.#isStopped) return
    this.#track = track
    this.#pass(() => this.#sink.onTrack(track))
  }
  onFrame(frame: Frame, context: FrameContext): void {
    if (frame.trackId === this.#track?.id) this.#pass(() => this.#sink.onFrame(frame, context))
  }
  /** The next sound is where its time says. */
  onDiscontinuity(): void {}
  onEnd(): void {
    this.#end(undefined)
  }

  #pass(give: () => void): void {
    if (this.#isStopped) return
    try {
      give()
    } catch (error) {
      this.#end(error)
    }
  }
  #end(error: unknown): void {
    if (this.#isStopped) return
    this.stop()
    this.isGone = true
    this.#sink.onGone(error)
  }
}
