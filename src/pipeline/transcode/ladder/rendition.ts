import type { Frame, MediaSink, Ticks, Track } from '../../../media/model/index.ts'
import { errorFields, type Logger } from '../../../platform/telemetry/index.ts'
import { RENDITION_TRACKS } from '../../stream/index.ts'
import { LateSink } from '../demo/late-sink.ts'

/** What a rendition needs of a stream's Publication. */
export interface RenditionPublication extends MediaSink {
  end(reason: string): void
  /** Set by the rendition: another publisher or an operator ends this one. */
  onKick: (reason: string) => void
}

export type RenditionOptions = {
  /** `live/demo/720p` */
  readonly name: string
  readonly publish: (name: string) => Promise<RenditionPublication>
  readonly log: Logger
  /** It cannot be published, or was ended by somebody else. */
  readonly onLost: (problem: string) => void
}

type Life = { readonly slot: number; readonly sink: LateSink; publication?: RenditionPublication; isOver: boolean }

/**
 * A rung as a live stream. Each life of it in a codec job (a slot) is a publication of its own, which takes over from
 * the one before: viewers of the stream stay and see a discontinuity.
 */
export class Rendition {
  readonly name: string
  /** How far viewers have got; 90 kHz. */
  newestTicks: number | undefined
  readonly #options: RenditionOptions
  #life: Life | undefined
  #hasVideo = false
  #published = Promise.withResolvers<void>()

  constructor(options: RenditionOptions) {
    this.name = options.name
    this.#options = options
    this.#published.promise.catch(() => {})
  }

  /** Somebody can take it now. */
  get isLive(): boolean {
    return this.#life?.publication !== undefined
  }
  /** Resolves when the stream is there; rejects with what `fail` was told. */
  get published(): Promise<void> {
    return this.#published.promise
  }

  onTrack(slot: number, track: Track): void {
    const life = this.#lifeOf(slot)
    life.sink.onTrack({ ...track, id: RENDITION_TRACKS[track.kind] })
  }
  onFrame(slot: number, track: Track, frame: Frame): void {
    if (this.#life?.slot !== slot) return
    const ticks = ((frame.ptsTicks * 90_000) / track.clockRateHz) as Ticks
    if (track.kind === 'video') this.#hasVideo = true
    if (track.kind === 'video' || !this.#hasVideo) this.newestTicks = Math.max(this.newestTicks ?? ticks, ticks)
    this.#life.sink.onFrame({ ...frame, trackId: RENDITION_TRACKS[track.kind] })
  }
  /** Nobody needs it any more, or the source is gone. */
  end(reason: string): void {
    const life = this.#life
    this.#life = undefined
    if (!life || life.isOver) return
    life.isOver = true
    life.publication?.end(reason)
  }
  /** `error` is for those who wait for the stream, `reason` for those who have it. */
  fail(error: Error, reason: string): void {
    this.#published.reject(error)
    this.end(reason)
  }

  #lifeOf(slot: number): Life {
    if (this.#life?.slot === slot) return this.#life
    const before = this.#life
    const life: Life = { slot, sink: new LateSink(), isOver: false }
    this.#life = life
    void this.#publish(life, before)
    return life
  }
  async #publish(life: Life, before: Life | undefined): Promise<void> {
    // The registry ends the publication before in favour of this one: that is not somebody else.
    if (before) before.isOver = true
    try {
      const publication = await this.#options.publish(this.name)
      if (this.#life !== life) return publication.end('the rendition ended meanwhile')
      life.publication = publication
      publication.onKick = (reason) => this.#kicked(life, reason)
      life.sink.open(publication)
      this.#published.resolve()
    } catch (error) {
      this.#options.log.warn('rendition.refused', { stream: this.name, ...errorFields(error) })
      this.#lost(life, error instanceof Error ? error.message : String(error))
    }
  }
  #kicked(life: Life, reason: string): void {
    if (!life.isOver) this.#lost(life, reason)
  }
  #lost(life: Life, problem: string): void {
    life.isOver = true
    if (this.#life !== life) return
    this.#life = undefined
    this.#options.onLost(problem)
  }
}
