import { createHash } from 'node:crypto'
import { AccessDeniedError } from '../../../platform/errors.ts'
import { CMAF_FORMAT } from '../../packaging/index.ts'
import type { StreamHub } from '../../stream/index.ts'
import { type HlsResource, hasSegments, multivariantPlaylist, trackPlaylist } from './hls-playlists.ts'
import { type HeldBytes, HlsView } from './hls-view.ts'

export type HlsOptions = {
  readonly hub: StreamHub
  readonly windowSegments: number
  readonly segmentMs: number
  readonly lingerMs: number
  readonly nowMs: () => number
}

export type HlsAnswer =
  | { readonly kind: 'playlist'; readonly text: string; readonly etag: string; readonly maxAgeSeconds: number }
  | { readonly kind: 'init'; readonly bytes: Uint8Array }
  | { readonly kind: 'segment'; readonly held: HeldBytes }

type Cached = { readonly version: number; readonly text: string; readonly etag: string }
type Entry = { readonly view: HlsView; readonly texts: Map<string, Cached> }
type Slot = { readonly opening: Promise<Entry>; view?: HlsView }

/** A first segment needs a keyframe, a target duration and the next keyframe. */
const FIRST_SEGMENT_MS = 30_000

/** HLS of every stream on this worker: playlists as cached text, segments as views on the CMAF log. */
export class HlsService {
  readonly #options: HlsOptions
  readonly #entries = new Map<string, Slot>()
  readonly #audience = new Map<string, Map<string, number>>()
  readonly #sweep: NodeJS.Timeout
  sentBytes = 0

  constructor(options: HlsOptions) {
    this.#options = options
    this.#sweep = setInterval(() => this.#dropIdle(), 1000)
    this.#sweep.unref()
  }

  /** Rejects with AccessDeniedError (`not-found`) for what does not exist (any more). */
  async answer(name: string, resource: HlsResource, signal: AbortSignal): Promise<HlsAnswer> {
    const entry = await this.#entry(name)
    const { view } = entry
    view.lastUsedMs = this.#options.nowMs()
    if (resource.kind === 'multivariant' || resource.kind === 'playlist') {
      const ready = await view.wait(() => hasSegments(view.index), FIRST_SEGMENT_MS, signal)
      if (!ready) throw new AccessDeniedError(`stream "${name}" has no segments yet`, 'not-found')
      return this.#playlist(entry, resource)
    }
    if (resource.life !== view.index.life) throw gone(name)
    const track = view.track(resource.trackId)
    if (resource.kind === 'init') {
      const bytes = track?.inits.get(resource.initId)
      if (!bytes) throw gone(name)
      return { kind: 'init', bytes }
    }
    const segment = track?.segments.find(({ sequence }) => sequence === resource.sequence)
    const held = segment && view.hold(segment)
    if (!held) throw gone(name)
    this.sentBytes += held.byteLength
    return { kind: 'segment', held }
  }

  /** Someone (address and agent) asked for media of `name`. */
  seen(name: string, who: string): void {
    const audience = this.#audience.get(name) ?? new Map<string, number>()
    audience.set(who, this.#options.nowMs())
    this.#audience.set(name, audience)
  }
  /** Viewers of the last few segments, by stream. */
  *viewerCounts(): Iterable<{ readonly stream: string; readonly count: number }> {
    const since = this.#options.nowMs() - Math.max(10_000, 4 * this.#options.segmentMs)
    for (const [stream, audience] of this.#audience) {
      for (const [who, lastMs] of audience) if (lastMs < since) audience.delete(who)
      if (audience.size > 0) yield { stream, count: audience.size }
      else this.#audience.delete(stream)
    }
  }
  close(): void {
    clearInterval(this.#sweep)
  }

  #playlist(entry: Entry, resource: HlsResource): HlsAnswer {
    const { index } = entry.view
    const key = resource.kind === 'playlist' ? String(resource.trackId) : ''
    let cached = entry.texts.get(key)
    if (cached?.version !== index.version) {
      const text = resource.kind === 'playlist' ? this.#trackText(entry, resource.trackId) : multivariantPlaylist(index)
      const etag = `"${createHash('sha1').update(text).digest('base64url')}"`
      cached = { version: index.version, text, etag }
      entry.texts.set(key, cached)
    }
    return {
      kind: 'playlist',
      text: cached.text,
      etag: cached.etag,
      maxAgeSeconds: resource.kind === 'playlist' ? 1 : 2,
    }
  }
  #trackText(entry: Entry, trackId: number): string {
    const track = entry.view.track(trackId)
    if (!track) throw new AccessDeniedError('no such track', 'not-found')
    return trackPlaylist(entry.view.index, track, Math.ceil(this.#options.segmentMs / 1000))
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
    const view = new HlsView(subscription, this.#options.windowSegments, subscription.startPosition)
    view.lastUsedMs = this.#options.nowMs()
    return { view, texts: new Map() }
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

function gone(name: string): AccessDeniedError {
  return new AccessDeniedError(`that part of "${name}" is no longer, or not yet, in the live window`, 'not-found')
}
