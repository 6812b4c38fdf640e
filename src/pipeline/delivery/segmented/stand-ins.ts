import type { CmafIndex, IndexedTrack } from '../../packaging/index.ts'
import { prefixTo, type StreamHub } from '../../stream/index.ts'
import type { ReadyAnswer } from './answers.ts'
import { hasCome, type PlaylistDirectives } from './blocking-reload.ts'
import { type Front, mediaPlaylist } from './hls/media.ts'
import { frontOfLeft, frontOfOwn, ownFrom } from './hls/stand-in.ts'
import { shiftTo } from './line-up.ts'
import { hasSegments, maxAgeSeconds } from './list-age.ts'
import type { OpenStream, OpenStreams } from './open-streams.ts'
import { block, blockedMs } from './waits.ts'

export type StandInsOptions = {
  readonly hub: Pick<StreamHub, 'has'>
  readonly streams: OpenStreams
  readonly nowMs: () => number
}
type ListRequest = { readonly directives: PlaylistDirectives; readonly signal: AbortSignal }
type List = Extract<ReadyAnswer, { kind: 'list' }>

/**
 * The lists of a ladder's members, in agreement with those of their source: its wall clock and its numbers are theirs,
 * and where a member has left, its source's segments go on in its list until it is back. Its players read no other, and
 * the end of it would be the end of the presentation to them.
 */
export class StandIns {
  readonly #options: StandInsOptions

  constructor(options: StandInsOptions) {
    this.#options = options
  }

  /** A member of a ladder that has ended while its source goes on, and is not back yet. */
  hasLeft({ view, source }: OpenStream): boolean {
    return view.ended && source !== undefined && this.#options.hub.has(source)
  }
  /** Undefined where there is none, or it is done. */
  sourceToLineUpWith({ source, isLinedUp }: OpenStream): string | undefined {
    return source !== undefined && !isLinedUp && this.#options.hub.has(source) ? source : undefined
  }
  /** Numbers of a list that was given out without its source stay as they are. */
  async lineUp(entry: OpenStream, signal: AbortSignal): Promise<void> {
    const source = this.sourceToLineUpWith(entry)
    if (source !== undefined) {
      const { view } = await this.#options.streams.open(source)
      view.lastUsedMs = this.#options.nowMs()
      // A source that says nothing does not hold up its members for ever.
      if (!entry.isListed)
        await view.wait('segments', () => hasSegments(view.index), blockedMs(entry.view.index), signal)
      const shift = shiftTo(view.index, entry.view.index)
      if (shift && !entry.isLinedUp) {
        entry.view.index.shift = entry.isListed ? { ...shift, numbers: 0, discontinuities: 0 } : shift
        entry.isLinedUp = true
      }
    }
    entry.isListed = true
  }

  /** The list of a member that has left, when its source has come as far as is asked. */
  async listOfLeft(
    name: string,
    entry: OpenStream,
    trackId: number,
    { directives, signal }: ListRequest,
  ): Promise<List | undefined> {
    const { view, source } = entry
    if (source === undefined || !this.hasLeft(entry)) return undefined
    const { view: instead, texts } = await this.#options.streams.open(source)
    const own = view.track(trackId)
    const track = own && sameKind(instead.index, own)
    if (!track) return undefined
    instead.lastUsedMs = this.#options.nowMs()
    // As far as the member has come, its source comes at once.
    const least = (own.segments.at(-1)?.sequence ?? 0) + view.index.shift.numbers
    const wanted = { ...directives, msn: Math.max(least, directives.msn ?? 0) }
    await block(instead, track.info.id, wanted, signal)
    const make = () => {
      const [leaving, staying] = [
        { index: view.index, track: own },
        { index: instead.index, track },
      ] as const
      const front = entry.left.get(trackId) ?? frontOfLeft(leaving, staying, this.frontOf(name, entry, own))
      entry.left.set(trackId, front)
      const to = track.segments.at(-1)?.sequence ?? front.until
      entry.away.set(trackId, { from: front.until, to, targetSeconds: front.targetSeconds })
      return mediaPlaylist(instead.index, track, 'whole', { front, prefix: prefixTo(name, source) })
    }
    const list = texts.get(`instead of ${name} ${view.index.life} ${trackId}`, track.version, make)
    return { kind: 'list', list, maxAgeSeconds: maxAgeSeconds(instead.index, directives) }
  }

  /** What a member's list names in front of its own segments: its source's, from before it was there. */
  frontOf(name: string, entry: OpenStream, track: IndexedTrack): Front | undefined {
    const { view, source, isLinedUp, standIns, fronts } = entry
    const { id } = track.info
    if (source === undefined || !isLinedUp) return undefined
    const isOut = track.segments.length > view.index.windowSegments
    if (isOut) fronts.set(id, undefined)
    if (fronts.has(id)) return fronts.get(id)
    const behind = this.#options.streams.known(source)?.view
    const other = behind && sameKind(behind.index, track)
    if (!other) return undefined
    behind.lastUsedMs = this.#options.nowMs()
    const whole = { index: behind.index, track: other }
    const known = standIns.get(id)
    const standIn = known?.until === undefined ? ownFrom({ index: view.index, track }, whole, known) : known
    if (!standIn) return undefined
    standIns.set(id, standIn)
    const front = frontOfOwn(standIn, whole, prefixTo(name, source))
    if (isReached(front)) fronts.set(id, front)
    return front
  }
  /** Resolves when the source has come up to where the member's own segments begin. */
  async reach(name: string, entry: OpenStream, trackId: number, signal: AbortSignal): Promise<void> {
    const track = entry.view.track(trackId)
    const front = track && this.frontOf(name, entry, track)
    if (!front || entry.source === undefined || isReached(front)) return
    const { view } = await this.#options.streams.open(entry.source)
    const other = sameKind(view.index, track)
    if (other && !hasCome(view.index, other, { msn: front.until - 1, skip: false }))
      await block(view, other.info.id, { msn: front.until - 1, skip: false }, signal)
  }
}

/** There are all of its segments. */
export function isReached(front: Front | undefined): boolean {
  return !front || front.from + front.segments.length === front.until
}

function sameKind({ tracks }: CmafIndex, { info }: IndexedTrack): IndexedTrack | undefined {
  return [...tracks.values()].find((track) => track.info.kind === info.kind)
}
