import { ListTexts } from '../../../platform/content/index.ts'
import { CMAF_FORMAT } from '../../packaging/index.ts'
import type { StartPoint, StreamHub } from '../../stream/index.ts'
import type { Ladders } from './ladder.ts'
import { hasSegments } from './list-age.ts'
import { SegmentedView } from './segmented-view.ts'
import { TsSegments } from './ts/ts-segments.ts'

export type OpenStreamsOptions = {
  readonly hub: Pick<StreamHub, 'has' | 'subscribe'>
  readonly ladders: Ladders
  readonly segmentMs: number
  readonly lingerMs: number
  readonly nowMs: () => number
}

/** What this worker has of a stream. */
export type OpenStream = {
  readonly view: SegmentedView
  readonly texts: ListTexts
  readonly ts: TsSegments
  /** Of the ladder that the stream is a rung of. */
  readonly source: string | undefined
  isLinedUp: boolean
}
export type Opening = {
  /** Where a rendition begins that starts for this; asked for where one may. */
  readonly start: () => StartPoint
  /** A rung on demand that has stopped starts anew; otherwise what it has left is there for a while. */
  readonly isWoken: boolean
}
type Slot = { readonly opening: Promise<OpenStream>; stream?: OpenStream }

/** The streams whose lists and segments this worker gives out, from the first request until some time after the last. */
export class OpenStreams {
  readonly #options: OpenStreamsOptions
  readonly #slots = new Map<string, Slot>()

  constructor(options: OpenStreamsOptions) {
    this.#options = options
  }

  /** Rejects with AccessDeniedError (`not-found`) or UnsupportedInputError. */
  open(name: string, opening?: Opening): Promise<OpenStream> {
    const known = this.#slots.get(name)
    if (known && !(known.stream && this.#isPast(name, known.stream, opening?.isWoken ?? false))) return known.opening
    known?.stream?.view.subscription.release()
    const slot: Slot = { opening: this.#open(name, opening?.start()) }
    this.#slots.set(name, slot)
    slot.opening.then(
      (stream) => {
        slot.stream = stream
      },
      () => this.#slots.delete(name),
    )
    return slot.opening
  }
  /** As it is here, ended or not. */
  known(name: string): OpenStream | undefined {
    return this.#slots.get(name)?.stream
  }
  /** Of what is here, what is still the stream of that name. */
  present(name: string): OpenStream | undefined {
    const stream = this.known(name)
    return stream && !this.#isPast(name, stream, true) ? stream : undefined
  }
  /** It has something to play and goes on. */
  running(name: string): SegmentedView | undefined {
    const view = this.known(name)?.view
    return view && !view.ended && hasSegments(view.index) ? view : undefined
  }
  dropIdle(): void {
    const { lingerMs, segmentMs, nowMs } = this.#options
    for (const [name, { stream }] of this.#slots) {
      if (!stream || stream.view.busy) continue
      const { view } = stream
      const patienceMs = view.ended ? lingerMs : Math.max(lingerMs, 6 * segmentMs)
      if (nowMs() - view.lastUsedMs < patienceMs) continue
      this.#slots.delete(name)
      view.subscription.release()
    }
  }

  /** A stream that ended and came back is another output; until then the ended playlist stays for its viewers. */
  #isPast(name: string, { view, source }: OpenStream, isWoken: boolean): boolean {
    if (!view.ended) return false
    const { hub, ladders } = this.#options
    if (hub.has(name)) return true
    return isWoken && source !== undefined && hub.has(source) && ladders.onDemandOf(source).includes(name)
  }
  async #open(name: string, start: StartPoint | undefined): Promise<OpenStream> {
    const subscription = await this.#options.hub.subscribe(name, CMAF_FORMAT, start)
    const view = new SegmentedView(subscription, subscription.startPosition)
    view.lastUsedMs = this.#options.nowMs()
    const source = this.#options.ladders.sourceOf(name)
    return { view, texts: new ListTexts(), ts: new TsSegments(), source, isLinedUp: false }
  }
}
