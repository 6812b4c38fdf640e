import { UnsupportedInputError } from '../../../media/errors.ts'
import type { Frame, Track } from '../../../media/model/index.ts'
import type { FrameContext, StreamConsumer, StreamOutput } from '../../stream/index.ts'
import { isAsShown } from '../format-names.ts'
import { type Misfit, misfit, orderMisfit } from './carried-codecs.ts'
import { PictureOrder } from './picture-order.ts'

/** A second picture comes long before so many frames of sound. */
const MAX_HELD = 256

/** A stream with the same pictures and sound in other codecs. */
export interface Substitute {
  /** Feeds `consumer` from now on; rejects where it cannot be had. Dispose to let it go. */
  attach(consumer: StreamConsumer): Promise<Disposable>
}

export type FitOptions = {
  readonly format: string
  /** A stream that fits instead; or why there is none to be had. */
  readonly substitute: (misfit: Misfit) => Substitute | { readonly refusal: string }
  readonly onFailed: (error: unknown) => void
}

/**
 * An output that takes its frames from the stream while it can carry them, and else from a substitute that is made for
 * it. Where there is none to be had it throws UnsupportedInputError, which says what is missing; unless it is not sure that
 * the viewer lacks anything.
 */
export class FittedOutput implements StreamOutput {
  readonly log: StreamOutput['log']
  readonly ready?: Promise<void>
  readonly snapshot?: () => Uint8Array
  readonly #inner: StreamOutput
  readonly #options: FitOptions
  /** For an output that cannot have B-frames. */
  readonly #order: PictureOrder | undefined
  #substitute: SubstituteFeed | undefined
  #tracks: readonly Track[] = []
  /** Nothing is carried before the first pictures show whether they can be; from the first of them on it is held. */
  #isUndecided = false
  readonly #decision = Promise.withResolvers<void>()
  #held: HeldFrame[] = []
  #isFirst = true

  constructor(inner: StreamOutput, options: FitOptions) {
    this.#inner = inner
    this.#options = options
    if (isAsShown(options.format)) {
      this.#order = new PictureOrder()
      this.ready = this.#decision.promise
    }
    // Whoever waits for it is told; that may be nobody.
    this.#decision.promise.catch(() => {})
    this.log = inner.log
    if (inner.snapshot) this.snapshot = () => inner.snapshot?.() ?? new Uint8Array(0)
  }

  onTracks(tracks: readonly Track[]): void {
    this.#tracks = tracks
    this.#order?.onTracks(tracks)
    const found = misfit(this.#options.format, tracks)
    this.#isUndecided = this.#order?.hasVideo === true && !found
    if (!this.#isUndecided) this.#use(found)
  }
  onFrame(frame: Frame, context: FrameContext): void {
    if (this.#order && !this.#substitute) this.#look(this.#order, { frame, context })
    if (!this.#substitute && !this.#isUndecided) this.#inner.onFrame(frame, context)
  }
  onDiscontinuity(): void {
    this.#order?.onDiscontinuity()
    if (!this.#substitute && !this.#isUndecided) this.#inner.onDiscontinuity()
  }
  onEnd(): void {
    if (this.#held.length > 0) this.#use(undefined)
    this.#substitute?.stop()
    this.#inner.onEnd()
    this.#decision.resolve()
  }
  /** Nobody reads the output any more. */
  onUnused(): void {
    this.#substitute?.stop()
    this.#decision.resolve()
  }

  /** The stream is carried from here on, or what stands in for it. */
  #use(found: Misfit | undefined): void {
    const wasSubstituted = this.#substitute !== undefined
    this.#substitute?.stop()
    this.#substitute = undefined
    this.#isUndecided = false
    const held = this.#held.splice(0)
    const substitute = found && this.#options.substitute(found)
    if (substitute && 'attach' in substitute) {
      if (!this.#isFirst) this.#inner.onDiscontinuity()
      this.#substitute = new SubstituteFeed(this.#inner, substitute, this.#options.onFailed)
    } else {
      if (substitute && !found?.isGuess) throw this.#refuse(`${found?.problem}, and ${substitute.refusal}`)
      if (wasSubstituted) this.#inner.onDiscontinuity()
      this.#inner.onTracks(this.#tracks)
      for (const { frame, context } of held) this.#inner.onFrame(frame, context)
    }
    this.#isFirst = false
    this.#decision.resolve()
  }
  #refuse(problem: string): UnsupportedInputError {
    const error = new UnsupportedInputError(problem)
    this.#decision.reject(error)
    return error
  }
  #look(order: PictureOrder, { frame, context }: HeldFrame): void {
    const ordering = order.look(frame)
    if (ordering === 'reordered' || this.#held.length > MAX_HELD)
      this.#use(orderMisfit(this.#options.format, this.#tracks))
    else if (this.#isUndecided && ordering === 'as-shown') this.#use(undefined)
    else if (this.#isUndecided && (this.#held.length > 0 || order.isVideo(frame)))
      this.#held.push({ frame: { ...frame, data: Uint8Array.from(frame.data) }, context })
  }
}

/** With bytes of its own. */
type HeldFrame = { readonly frame: Frame; readonly context: FrameContext }

/** Passes a substitute on to an output, until it is stopped. */
class SubstituteFeed implements StreamConsumer {
  readonly #output: StreamOutput
  readonly #onFailed: (error: unknown) => void
  #hold: Disposable | undefined
  #isStopped = false

  constructor(output: StreamOutput, substitute: Substitute, onFailed: (error: unknown) => void) {
    this.#output = output
    this.#onFailed = onFailed
    substitute.attach(this).then(
      (hold) => {
        if (this.#isStopped) hold[Symbol.dispose]()
        else this.#hold = hold
      },
      (error: unknown) => this.#fail(error),
    )
  }

  stop(): void {
    this.#isStopped = true
    this.#hold?.[Symbol.dispose]()
  }
  onTracks(tracks: readonly Track[]): void {
    this.#pass(() => this.#output.onTracks(tracks))
  }
  onFrame(frame: Frame, context: FrameContext): void {
    this.#pass(() => this.#output.onFrame(frame, context))
  }
  onDiscontinuity(): void {
    this.#pass(() => this.#output.onDiscontinuity())
  }
  /** The substitute is gone before its stream: its viewers come to the end. */
  onEnd(): void {
    this.#pass(() => this.#output.onEnd())
    this.#isStopped = true
  }

  #pass(give: () => void): void {
    if (this.#isStopped) return
    try {
      give()
    } catch (error) {
      this.#fail(error)
    }
  }
  #fail(error: unknown): void {
    if (this.#isStopped) return
    this.stop()
    this.#onFailed(error)
    this.#output.log.end()
  }
}
