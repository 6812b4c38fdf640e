import { MalformedInputError } from '../../../media/errors.ts'
import { AccessDeniedError, UnavailableError } from '../../../platform/errors.ts'
import { CMAF_FORMAT, type CmafIndex } from '../../packaging/index.ts'
import type { StreamHub } from '../../stream/index.ts'
import { Audience } from './audience.ts'
import { checkDirectives, hasCome, type PlaylistDirectives, readDirectives } from './blocking-reload.ts'
import { type DashTemplate, manifest, UTC_QUERY } from './dash/manifest.ts'
import { findMedia } from './find-media.ts'
import { GrowingSegment } from './growing-segment.ts'
import { mediaPlaylist } from './hls/media.ts'
import { multivariantPlaylist } from './hls/multivariant.ts'
import { type ListText, ListTexts } from './list-texts.ts'
import type { ListResource, MediaResource, SegmentedResource } from './segment-address.ts'
import { type HeldBytes, SegmentedView } from './segmented-view.ts'

export type SegmentedOptions = {
  readonly hub: StreamHub
  readonly segmentMs: number
  /** Of MPDs that are asked for without `?template=`. */
  readonly dashTemplate: DashTemplate
  readonly lingerMs: number
  readonly nowMs: () => number
}

export type SegmentedAnswer =
  | { readonly kind: 'list'; readonly list: ListText; readonly maxAgeSeconds: number }
  | { readonly kind: 'clock' }
  | { readonly kind: 'init'; readonly bytes: Uint8Array }
  | { readonly kind: 'media'; readonly held: HeldBytes }
  | { readonly kind: 'growing'; readonly segment: GrowingSegment }

export type SegmentedRequest = { readonly query: URLSearchParams; readonly signal: AbortSignal }

type Entry = { readonly view: SegmentedView; readonly texts: ListTexts }
type Slot = { readonly opening: Promise<Entry>; view?: SegmentedView }

/** A first segment needs a keyframe, a target duration and the next keyframe. */
const FIRST_SEGMENT_MS = 30_000
/** RFC 8216bis, 6.2.5.2: a blocked request is given up after so many target durations. */
const BLOCKED_TARGETS = 3
/** What a blocking request was answered with can be kept by a cache for so many target durations. */
const BLOCKED_MAX_AGE_TARGETS = 6
const ENDED_MAX_AGE_SECONDS = 60

/** HLS and DASH of every stream on this worker: lists as shared texts, media as views on the CMAF log. */
export class SegmentedService {
  readonly #options: SegmentedOptions
  readonly #entries = new Map<string, Slot>()
  readonly #sweep: NodeJS.Timeout
  readonly audience: Audience
  sentBytes = 0

  constructor(options: SegmentedOptions) {
    this.#options = options
    this.audience = new Audience(Math.max(10_000, 4 * options.segmentMs), options.nowMs)
    this.#sweep = setInterval(() => this.#dropIdle(), 1000)
    this.#sweep.unref()
  }

  /**
   * Rejects with AccessDeniedError (`not-found`) for what does not exist (any more) or never will, with
   * MalformedInputError for directives out of reach, with UnavailableError when a wait took too long.
   */
  async answer(name: string, resource: SegmentedResource, request: SegmentedRequest): Promise<SegmentedAnswer> {
    const entry = await this.#entry(name)
    entry.view.lastUsedMs = this.#options.nowMs()
    return isList(resource) ? this.#list(name, entry, resource, request) : this.#media(name, entry, resource, request)
  }
  close(): void {
    clearInterval(this.#sweep)
  }

  async #list(name: string, entry: Entry, resource: ListResource, request: SegmentedRequest): Promise<SegmentedAnswer> {
    const { view, texts } = entry
    const { index } = view
    const ready = await view.wait('segments', () => hasSegments(index), FIRST_SEGMENT_MS, request.signal)
    if (!ready) throw new AccessDeniedError(`stream "${name}" has no segments yet`, 'not-found')
    if (resource.kind === 'manifest') return this.#manifest(entry, request.query)
    if (resource.kind === 'multivariant') {
      const list = texts.get('multivariant', index.segmentVersion, () => multivariantPlaylist(index))
      return { kind: 'list', list, maxAgeSeconds: Math.min(2, index.targetSeconds) }
    }
    const directives = readDirectives(request.query)
    await this.#block(view, resource.trackId, directives, request.signal)
    const track = view.track(resource.trackId)
    if (!track) throw new AccessDeniedError('no such track', 'not-found')
    const form = directives.skip && !index.ended ? 'delta' : 'whole'
    const list = texts.get(`${form} ${resource.trackId}`, track.version, () => mediaPlaylist(index, track, form))
    return { kind: 'list', list, maxAgeSeconds: maxAgeSeconds(index, directives) }
  }

  #manifest({ view: { index }, texts }: Entry, query: URLSearchParams): SegmentedAnswer {
    if (query.has(UTC_QUERY)) return { kind: 'clock' }
    const template = readTemplate(query.get('template')) ?? this.#options.dashTemplate
    const list = texts.get(`manifest ${template}`, index.segmentVersion, () => manifest(index, template) ?? '')
    return { kind: 'list', list, maxAgeSeconds: maxAgeSeconds(index, { skip: false }) }
  }

  /** Resolves when the playlist of the track has come as far as `directives` ask. */
  async #block(
    view: SegmentedView,
    trackId: number,
    directives: PlaylistDirectives,
    signal: AbortSignal,
  ): Promise<void> {
    const { index } = view
    const { msn, part } = directives
    const track = view.track(trackId)
    if (msn === undefined || !track || index.ended) return
    checkDirectives(track, directives)
    const has = () => hasCome(index, view.track(trackId) ?? track, directives)
    const isThere = await view.wait(`${trackId} ${msn}.${part}`, has, this.#blockedMs(index), signal)
    if (!isThere && !view.ended) throw new UnavailableError('the stream', `segment ${msn} does not come`)
  }

  async #media(
    name: string,
    { view }: Entry,
    resource: MediaResource,
    { signal }: SegmentedRequest,
  ): Promise<SegmentedAnswer> {
    const { index } = view
    const find = () => findMedia(index, resource)
    if (find().state === 'awaited') {
      const key = `media ${JSON.stringify(resource)}`
      await view.wait(key, () => find().state !== 'awaited', this.#blockedMs(index), signal)
    }
    const found = find()
    if (found.state === 'init') return { kind: 'init', bytes: found.bytes }
    if (found.state === 'awaited') throw new UnavailableError('the stream', 'its next part does not come')
    if (found.state === 'growing') {
      return { kind: 'growing', segment: new GrowingSegment(view, resource, this.#blockedMs(index)) }
    }
    const held = found.state === 'whole' ? view.hold(found.parts) : undefined
    if (!held)
      throw new AccessDeniedError(`that part of "${name}" is not, or no longer, in the live window`, 'not-found')
    return { kind: 'media', held }
  }
  #blockedMs({ targetSeconds }: CmafIndex): number {
    return BLOCKED_TARGETS * Math.max(1000, targetSeconds * 1000)
  }

  #entry(name: string): Promise<Entry> {
    const known = this.#entries.get(name)
    // A stream that ended and came back is another output; until then the ended playlist stays for its viewers.
    if (known && !(known.view?.ended && this.#options.hub.has(name))) return known.opening
    known?.view?.subscription.release()
    const slot: Slot = { opening: this.#open(name) }
    this.#entries.set(name, slot)
    slot.opening.then(
      ({ view }) => {
        slot.view = view
      },
      () => this.#entries.delete(name),
    )
    return slot.opening
  }
  async #open(name: string): Promise<Entry> {
    const subscription = await this.#options.hub.subscribe(name, CMAF_FORMAT)
    const view = new SegmentedView(subscription, subscription.startPosition)
    view.lastUsedMs = this.#options.nowMs()
    return { view, texts: new ListTexts() }
  }

  #dropIdle(): void {
    const nowMs = this.#options.nowMs()
    for (const [name, { view }] of this.#entries) {
      if (!view || view.busy) continue
      const patienceMs = view.ended
        ? this.#options.lingerMs
        : Math.max(this.#options.lingerMs, 6 * this.#options.segmentMs)
      if (nowMs - view.lastUsedMs < patienceMs) continue
      this.#entries.delete(name)
      view.subscription.release()
    }
  }
}

function isList(resource: SegmentedResource): resource is ListResource {
  return resource.kind === 'multivariant' || resource.kind === 'playlist' || resource.kind === 'manifest'
}

/** `?template=` of an MPD. Throws MalformedInputError. */
function readTemplate(text: string | null): DashTemplate | undefined {
  if (text === null || text === 'timeline' || text === 'number') return text ?? undefined
  throw new MalformedInputError('template', 0, 'expected timeline or number')
}

/** True once every track has something to play. */
function hasSegments(index: CmafIndex): boolean {
  if (index.tracks.size === 0) return false
  for (const track of index.tracks.values()) if (track.segments.length === 0) return false
  return true
}

/** A list that waited says the same for ever; one that was there may be half a target duration old. */
function maxAgeSeconds({ ended, targetSeconds }: CmafIndex, { msn }: PlaylistDirectives): number {
  if (ended) return ENDED_MAX_AGE_SECONDS
  return msn === undefined ? Math.floor(targetSeconds / 2) : BLOCKED_MAX_AGE_TARGETS * targetSeconds
}
