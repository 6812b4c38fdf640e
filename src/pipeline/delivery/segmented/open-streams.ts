import { ListTexts } from '../../../platform/content/index.ts'
import { CMAF_FORMAT } from '../../packaging/index.ts'
import type { StartPoint, StreamHub } from '../../stream/index.ts'
import type { Front } from './hls/media.ts'
import type { StandIn } from './hls/stand-in.ts'
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
  /** A list of it was given out. */
  isListed: boolean
  /** By track: where its lists name segments of the source, from before this life of the stream. */
  readonly standIns: Map<number, StandIn>
  /** By track, once that is all there; undefined: there is none any more. */
  readonly fronts: Map<number, Front | undefined>
  /** By track, once it has left the ladder: what its lists name in front of the source's segments, and where. */
  readonly left: Map<number, Front>
  readonly away: Map<number, StandIn>
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
  /** Members of ladders that are back, and have nothing to list yet. */
  readonly #coming = new Map<string, Slot>()

  constructor(options: OpenStreamsOptions) {
    this.#options = options
  }

  /**
   * What is given out under that name: of a member of a ladder that is back, what it was before until it has something to
   * list. Rejects with AccessDeniedError (`not-found`) or UnsupportedInputError.
   */
  open(name: string, opening?: Opening): Promise<OpenStream> {
    const itself = this.itself(name, opening)
    const coming = this.#coming.get(name)
    const known = this.#slots.get(name)
    if (!coming || !known) return itself
    const { stream } = coming
    if (!stream || !(hasSegments(stream.view.index) || stream.view.ended)) return known.opening
    return this.#replace(name, coming)
  }
  /** The stream as it is now, whether it has anything to list or not. Rejects as `open`. */
  itself(name: string, opening?: Opening): Promise<OpenStream> {
    const known = this.#slots.get(name)
    const stream = known?.stream
    if (known && !(stream && this.#isPast(name, stream, opening?.isWoken ?? false))) return known.opening
    const next = this.#coming.get(name) ?? this.#begin(name, opening)
    const { hub } = this.#options
    if (!stream?.source || !hub.has(stream.source) || !hub.has(name)) return this.#replace(name, next)
    this.#coming.set(name, next)
    return next.opening
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
    for (const slots of [this.#slots, this.#coming]) {
      for (const [name, { stream }] of slots) {
        if (!stream || stream.view.busy) continue
        const { view } = stream
        const patienceMs = view.ended ? lingerMs : Math.max(lingerMs, 6 * segmentMs)
        if (nowMs() - view.lastUsedMs < patienceMs) continue
        slots.delete(name)
        view.subscription.release()
      }
    }
  }

  #begin(name: string, opening: Opening | undefined): Slot {
    const slot: Slot = { opening: this.#open(name, opening?.start()) }
    slot.opening.then(
      (stream) => {
        slot.stream = stream
      },
      () => {
        for (const slots of [this.#slots, this.#coming]) if (slots.get(name) === slot) slots.delete(name)
      },
    )
    return slot
  }
  #replace(name: string, next: Slot): Promise<OpenStream> {
    const past = this.#slots.get(name)?.stream
    past?.view.subscription.release()
    this.#coming.delete(name)
    this.#slots.set(name, next)
    return next.opening.then((stream) => {
      // What its source stood in for stays so in its lists.
      for (const [trackId, away] of past?.away ?? []) stream.standIns.set(trackId, away)
      return stream
    })
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
    return {
      view,
      texts: new ListTexts(),
      ts: new TsSegments(),
      source,
      isLinedUp: false,
      isListed: false,
      standIns: new Map(),
      fronts: new Map(),
      left: new Map(),
      away: new Map(),
    }
  }
}
