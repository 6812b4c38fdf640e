import { UnsupportedInputError } from '../../../media/errors.ts'
import { AccessDeniedError } from '../../../platform/errors.ts'
import { type TilePictures, type TilePlace, UTC_QUERY } from '../../packaging/index.ts'
import { prefixTo, type StreamHub } from '../../stream/index.ts'
import type { ReadyAnswer, SegmentedAnswer, SegmentedRequest } from './answers.ts'
import { Audience } from './audience.ts'
import { hasCome, isFarAhead, type PlaylistDirectives, readDirectives } from './blocking-reload.ts'
import { type DashTemplate, type ManifestOptions, manifest, readTemplate } from './dash/manifest.ts'
import { iFramePlaylist } from './hls/i-frames.ts'
import { mediaPlaylist } from './hls/media.ts'
import { multivariantPlaylist } from './hls/multivariant.ts'
import { assertListable, type Ladder, type Ladders, ladderVersion, type Member, type PlannedMember } from './ladder.ts'
import { hasSegments, maxAgeSeconds } from './list-age.ts'
import { imageVariants, liveTile, liveTilePlaylist } from './live-tiles.ts'
import { FIRST_SEGMENT_MS, mediaAnswer, readyMedia } from './media-answers.ts'
import { type Opening, type OpenStream, OpenStreams } from './open-streams.ts'
import { isList, type ListResource, type SegmentedResource, type TsResource } from './segment-address.ts'
import { isReached, StandIns } from './stand-ins.ts'
import { tsMultivariantPlaylist, tsPlaylist } from './ts/ts-playlist.ts'
import { isTsListLong, isTsSegmentWhole } from './ts/ts-segments.ts'
import { block, blockedMs, mediaWait, playlistWait } from './waits.ts'

export type SegmentedOptions = {
  readonly hub: StreamHub
  readonly segmentMs: number
  /** Of MPDs that are asked for without `?template=`. */
  readonly dashTemplate: DashTemplate
  readonly ladders: Ladders
  readonly beside: Pick<ManifestOptions, 'tiles' | 'trickMode'> & {
    /** Multivariant playlists name the tiles while the stream is live. */
    readonly inLiveHls: boolean
  }
  /** Whether there are MPEG-TS segments. */
  readonly mpegTs: boolean
  readonly lingerMs: number
  readonly nowMs: () => number
}

type TrackListResource = Extract<ListResource, { readonly trackId: number }>

/** Old players want something to begin with; hlsdemux2 loses its place in a list of one segment. RFC 8216bis, 6.2.2. */
const TS_SEGMENTS_AT_FIRST = 3
/**
 * Players of whole segments stay three target durations behind the end of the list (RFC 8216bis, 4.4.3.8), which is a
 * segment behind the newest frame.
 */
const SEGMENTS_BEHIND = 4
/** Times in addresses are rounded. */
const NEARLY_MS = 50
/** A rendition that starts on demand has this long to come into the list of its source. */
const MEMBER_TARGETS = 4
/** A member of a ladder gets delta updates from then on: twice the skip boundary. */
const NEW_SEGMENTS = 12

/** HLS and DASH of every stream on this worker: lists as shared texts, media as views on the CMAF log. */
export class SegmentedService {
  readonly #options: SegmentedOptions
  readonly #streams: OpenStreams
  readonly #standIns: StandIns
  readonly #sweep: NodeJS.Timeout
  readonly audience: Audience
  sentBytes = 0

  constructor(options: SegmentedOptions) {
    this.#options = options
    this.#streams = new OpenStreams(options)
    this.#standIns = new StandIns({ hub: options.hub, streams: this.#streams, nowMs: options.nowMs })
    this.audience = new Audience(Math.max(10_000, 4 * options.segmentMs), options.nowMs)
    this.#sweep = setInterval(() => this.#streams.dropIdle(), 1000)
    this.#sweep.unref()
  }

  /**
   * Rejects with AccessDeniedError (`not-found`) for what does not exist (any more) or never will, with
   * MalformedInputError for directives out of reach, with UnavailableError when a wait took too long.
   */
  async answer(name: string, resource: SegmentedResource, request: SegmentedRequest): Promise<SegmentedAnswer> {
    const opening = this.#openingFor(name, resource, request)
    const isTimed = resource.kind === 'timed'
    const entry = await (isTimed ? this.#streams.itself(name, opening) : this.#streams.open(name, opening))
    entry.view.lastUsedMs = this.#options.nowMs()
    if (resource.kind === 'ts-segment') return await this.#tsSegment(name, entry, resource, request)
    if (isList(resource)) return await this.#list(name, entry, resource, request)
    const { view, source } = entry
    const isOfLadder = source !== undefined
    const { signal } = request
    return await mediaAnswer(view, resource, {
      name,
      isOfLadder,
      signal,
      blockedMs: blockedMs(view.index),
    })
  }
  /** The same answer where nothing has to be waited for; undefined: ask `answer`. Throws MalformedInputError. */
  answerNow(name: string, resource: SegmentedResource, query: URLSearchParams): ReadyAnswer | undefined {
    const entry = this.#streams.present(name)
    if (!entry) return undefined
    const { view } = entry
    const { index } = view
    view.lastUsedMs = this.#options.nowMs()
    if (resource.kind === 'ts-segment') return undefined
    if (!isList(resource)) return readyMedia(view, resource)
    if (resource.kind !== 'playlist' && resource.kind !== 'i-frames') return undefined
    const track = view.track(resource.trackId)
    if (!track || !hasSegments(index) || this.#standIns.sourceToLineUpWith(entry) !== undefined) return undefined
    if (this.#standIns.hasLeft(entry) || !isReached(this.#standIns.frontOf(name, entry, track))) return undefined
    const directives = readDirectives(query)
    return hasCome(index, track, directives) ? this.#trackList(name, entry, resource, directives) : undefined
  }
  /**
   * Waits for what `answerNow` does not have yet. `onPass` is told once, of true: ask again; of false: it does not come
   * (`doesNotCome`). Returns what takes the wait back; undefined where there is more to wait for than one thing: ask
   * `answer`. Throws MalformedInputError.
   */
  join(
    name: string,
    resource: SegmentedResource,
    query: URLSearchParams,
    onPass: (isOpen: boolean) => void,
  ): (() => void) | undefined {
    const entry = this.#streams.known(name)
    if (!entry || entry.view.ended || !hasSegments(entry.view.index) || this.#standIns.sourceToLineUpWith(entry))
      return undefined
    const { view } = entry
    const track = resource.kind === 'playlist' ? view.track(resource.trackId) : undefined
    if (track && isFarAhead(view.index, track, readDirectives(query))) return undefined
    const wait =
      resource.kind === 'playlist'
        ? playlistWait(view, resource.trackId, readDirectives(query))
        : resource.kind === 'part' || resource.kind === 'segment'
          ? mediaWait(view, resource)
          : undefined
    const deadlineMs = performance.now() + blockedMs(view.index)
    return wait && view.join(wait, { pass: (isOpen) => onPass(isOpen || view.ended), deadlineMs })
  }
  /** What a tile of thumbnails of the live window is made of. Rejects as `answer`. */
  async tilePictures(name: string, life: string, place: TilePlace): Promise<TilePictures | undefined> {
    const { tiles } = this.#options.beside
    const { view } = await this.#streams.open(name)
    if (!tiles || view.index.life !== life) throw new AccessDeniedError('no such tile in this stream', 'not-found')
    view.lastUsedMs = this.#options.nowMs()
    return await liveTile(view, tiles, place)
  }
  close(): void {
    clearInterval(this.#sweep)
  }

  async #list(
    name: string,
    entry: OpenStream,
    resource: ListResource,
    request: SegmentedRequest,
  ): Promise<SegmentedAnswer> {
    const { view, texts } = entry
    const { index } = view
    const ready = await view.wait('segments', () => hasSegments(index), FIRST_SEGMENT_MS, request.signal)
    if (!ready) throw new AccessDeniedError(`stream "${name}" has no segments yet`, 'not-found')
    if (resource.kind === 'manifest' || resource.kind === 'multivariant') assertListable(index)
    if (resource.kind === 'manifest') return this.#manifest(name, entry, request)
    if (resource.kind === 'multivariant') {
      const { ladder, planned } = await this.#ladder(name, entry, request.signal)
      const version = ladderVersion(ladder, planned)
      const { tiles, inLiveHls } = this.#options.beside
      const images = inLiveHls || index.ended ? imageVariants(tiles, name, index) : []
      const make = () => multivariantPlaylist(ladder, { planned, images })
      const list = texts.get(`multivariant ${images.length}`, version, make)
      return { kind: 'list', list, maxAgeSeconds: Math.min(2, index.targetSeconds) }
    }
    if (resource.kind === 'tiles') return this.#tileList(name, entry)
    if (resource.kind === 'ts-playlist' || resource.kind === 'ts-multivariant')
      return await this.#tsList(name, entry, resource.kind, request.signal)
    const directives = readDirectives(request.query)
    const { signal } = request
    await this.#standIns.lineUp(entry, signal).catch(() => {})
    const hasAll = await block(view, resource.trackId, directives, signal)
    if (resource.kind === 'playlist') {
      const left = await this.#standIns.listOfLeft(name, entry, resource.trackId, { directives, signal })
      if (left) return left
      await this.#standIns.reach(name, entry, resource.trackId, signal)
    }
    const answer = this.#trackList(name, entry, resource, directives)
    return hasAll ? answer : { ...answer, maxAgeSeconds: 0 }
  }
  #trackList(
    name: string,
    entry: OpenStream,
    { kind, trackId }: TrackListResource,
    directives: PlaylistDirectives,
  ): Extract<SegmentedAnswer, { kind: 'list' }> {
    const { view, texts, source } = entry
    const { index } = view
    const track = view.track(trackId)
    if (!track) throw new AccessDeniedError('no such track', 'not-found')
    if (kind === 'i-frames') {
      const list = texts.get(`i-frames ${trackId}`, index.segmentVersion, () => iFramePlaylist(index, track))
      return { kind: 'list', list, maxAgeSeconds: maxAgeSeconds(index, { skip: false }) }
    }
    // What players have of a member that came back may be its source's.
    const isNew = source !== undefined && track.segments.length <= NEW_SEGMENTS
    const form = directives.skip && !index.ended && !isNew ? 'delta' : 'whole'
    const front = this.#standIns.frontOf(name, entry, track)
    const version = front ? `${track.version} ${front.from} ${front.segments.length}` : track.version
    const make = () => mediaPlaylist(index, track, form, { others: this.#openSiblings(name), front })
    const list = texts.get(`${form} ${trackId}`, version, make)
    return { kind: 'list', list, maxAgeSeconds: maxAgeSeconds(index, directives) }
  }

  async #manifest(name: string, entry: OpenStream, { query, signal }: SegmentedRequest): Promise<SegmentedAnswer> {
    if (query.has(UTC_QUERY)) return { kind: 'clock' }
    const template = readTemplate(query.get('template')) ?? this.#options.dashTemplate
    const { ladder, planned } = await this.#ladder(name, entry, signal)
    const { index } = entry.view
    const make = () => manifest(name, ladder, { template, planned, ...this.#options.beside }) ?? ''
    const list = entry.texts.get(`manifest ${template}`, ladderVersion(ladder, planned), make)
    return { kind: 'list', list, maxAgeSeconds: maxAgeSeconds(index, { skip: false }) }
  }

  /**
   * The members of a stream's ladder that have something to play, opening those that are not open yet; renditions on
   * demand only as far as somebody has opened them, the others as they are planned. Waits for new ones once and not for
   * long: a player reads its multivariant playlist only once.
   */
  async #ladder(name: string, entry: OpenStream, signal: AbortSignal): Promise<WholeLadder> {
    const source: Member = { prefix: '', index: entry.view.index }
    if (entry.view.ended) return { ladder: [source], planned: [] }
    const infos = [...entry.view.index.tracks.values()].map(({ info }) => info)
    const { ladders } = this.#options
    const planned = ladders
      .plannedOf(name, infos)
      .flatMap((rung) => (this.#streams.running(rung.name) ? [] : [{ prefix: prefixTo(name, rung.name), rung }]))
    const onDemand = ladders.onDemandOf(name)
    const waiting = ladders.membersOf(name).map(async (member): Promise<Member[]> => {
      if (onDemand.includes(member)) return this.#runningMember(name, member)
      const opened = await this.#streams.itself(member).catch(() => undefined)
      if (!opened || opened.view.ended) return []
      const { view } = opened
      view.lastUsedMs = this.#options.nowMs()
      const patienceMs = MEMBER_TARGETS * entry.view.index.targetSeconds * 1000
      const ready = await view.wait('segments', () => hasSegments(view.index), patienceMs, signal)
      return ready ? [{ prefix: prefixTo(name, member), index: view.index }] : []
    })
    return { ladder: [source, ...(await Promise.all(waiting)).flat()], planned }
  }

  /** Lists read it as it is, and keep no rendition running. */
  #runningMember(name: string, member: string): Member[] {
    const view = this.#streams.running(member)
    return view ? [{ prefix: prefixTo(name, member), index: view.index }] : []
  }
  /** Those of the ladder of `name` that are open here, seen from `name`. */
  #openSiblings(name: string): Member[] {
    const source = this.#options.ladders.sourceOf(name) ?? name
    const names = [source, ...this.#options.ladders.membersOf(source)].filter((each) => each !== name)
    return names.flatMap((each) => {
      const view = this.#streams.known(each)?.view
      return view && !view.ended ? [{ prefix: prefixTo(name, each), index: view.index }] : []
    })
  }

  #tileList(name: string, { view, texts }: OpenStream): SegmentedAnswer {
    const { tiles } = this.#options.beside
    const { index } = view
    if (!tiles) throw new AccessDeniedError('there are no thumbnails: thumbnails.enabled, or node-av', 'not-found')
    const list = texts.get('tiles', index.segmentVersion, () => liveTilePlaylist(tiles, name, index) ?? '')
    if (list.text === '') throw new AccessDeniedError('a stream without video has no thumbnails', 'not-found')
    return { kind: 'list', list, maxAgeSeconds: maxAgeSeconds(index, { skip: false }) }
  }
  async #tsList(name: string, entry: OpenStream, kind: TsListKind, signal: AbortSignal): Promise<SegmentedAnswer> {
    const { index } = entry.view
    if (!this.#options.mpegTs)
      throw new AccessDeniedError('MPEG-TS segments are switched off (hls.mpegTs)', 'not-found')
    const maxAge = maxAgeSeconds(index, { skip: false })
    if (kind === 'ts-multivariant') {
      const { ladder, planned } = await this.#ladder(name, entry, signal)
      const make = () => tsMultivariantPlaylist(ladder, planned)
      return { kind: 'list', list: entry.texts.get(kind, ladderVersion(ladder, planned), make), maxAgeSeconds: maxAge }
    }
    await entry.view.wait(kind, () => isTsListLong(index, TS_SEGMENTS_AT_FIRST), FIRST_SEGMENT_MS, signal)
    const list = entry.texts.get(kind, index.segmentVersion, () => tsPlaylist(index) ?? '')
    if (list.text === '') throw new UnsupportedInputError('MPEG-TS cannot carry the codecs of this stream')
    return { kind: 'list', list, maxAgeSeconds: maxAge }
  }
  /** The one that comes next is waited for. */
  async #tsSegment(
    name: string,
    { view, ts }: OpenStream,
    { life, sequence }: TsResource,
    { signal }: SegmentedRequest,
  ): Promise<SegmentedAnswer> {
    const { index } = view
    const isNext = isTsSegmentWhole(index, sequence - 1) && !isTsSegmentWhole(index, sequence)
    if (isNext && life === index.life)
      await view.wait(`ts ${sequence}`, () => isTsSegmentWhole(index, sequence), blockedMs(index), signal)
    const bytes = life === index.life && this.#options.mpegTs ? ts.get(view, sequence) : undefined
    if (!bytes)
      throw new AccessDeniedError(`that segment of "${name}" is not, or no longer, in the live window`, 'not-found')
    return { kind: 'ts', bytes }
  }
  /** A player goes on with a rendition that starts for its request from where it is. */
  #openingFor(name: string, resource: SegmentedResource, { viewer }: SegmentedRequest): Opening {
    if (resource.kind === 'timed') return { start: () => ({ atMs: resource.startMs + NEARLY_MS }), isWoken: true }
    const start = () => {
      const { segmentMs, ladders } = this.#options
      const source = ladders.sourceOf(name) ?? name
      const reads = this.audience.lastRead([source, ...ladders.membersOf(source)], viewer())
      return { backMs: (reads === 'parts' ? 1 : SEGMENTS_BEHIND) * segmentMs }
    }
    return { start, isWoken: resource.kind === 'playlist' }
  }
}

type TsListKind = 'ts-playlist' | 'ts-multivariant'
type WholeLadder = { readonly ladder: Ladder; readonly planned: readonly PlannedMember[] }
