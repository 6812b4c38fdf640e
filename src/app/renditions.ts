import type { Fix, Misfit, Substitute } from '../pipeline/packaging/index.ts'
import {
  type OwnedStream,
  renditionName,
  renditionParts,
  type StartPoint,
  type StreamConsumer,
  type StreamHub,
} from '../pipeline/stream/index.ts'
import { CodecProcess, LadderService, missingCodecs } from '../pipeline/transcode/index.ts'
import { CONVERSIONS, type Config, resolveStreamSettings } from '../platform/config/index.ts'
import { AccessDeniedError, UnavailableError } from '../platform/errors.ts'
import type { Logger } from '../platform/telemetry/index.ts'

/** `at`: from where on it is wanted. */
export type RenditionStart = { readonly source: string; readonly rung: string; readonly at?: StartPoint }

export type RenditionsOptions = {
  readonly config: Config
  readonly hub: StreamHub
  readonly worker: number
  /** What our own publishers show instead of a publishKey. */
  readonly internalKey: string
  readonly log: Logger
  /** Starts a rendition on the worker that owns its source; undefined where that worker is gone. */
  readonly startOn: (worker: number, start: RenditionStart) => Promise<void> | undefined
}

/** By what `streams.*.convert` says. */
const ALLOWED: Readonly<Record<'none' | 'audio' | 'b-frames' | 'all', readonly Fix[]>> = {
  none: [],
  audio: ['audio'],
  'b-frames': ['audio', 'b-frames'],
  all: ['audio', 'b-frames', 'video'],
}
const FIX_NAMES: Readonly<Record<Fix, string>> = {
  audio: 'converting audio',
  'b-frames': 'encoding video without B-frames',
  video: 'converting video',
}

/** How long somebody who asks for a rendition waits for its first frame. */
const START_MS = 10_000
/** Of a window that is longer, the newest part. */
const MAX_HISTORY_MS = 20_000
/** A codec process that ran well starts again at once after its death. */
const FIRST_RESTART_MS = 50

/** Renditions of live streams: made on the worker that owns the source, asked for on any. */
export class Renditions {
  readonly #options: RenditionsOptions
  readonly #ladders: LadderService
  /** Renditions that outputs of their sources are fed from, and how many. */
  readonly #holds = new Map<string, number>()

  constructor(options: RenditionsOptions) {
    const { config, hub, internalKey, log } = options
    this.#options = options
    this.#ladders = new LadderService({
      config,
      codec: (stream) =>
        new CodecProcess({ log: log.with({ stream }), purpose: 'ladder', firstRestartMs: FIRST_RESTART_MS }),
      publish: (name) =>
        hub.publish(
          { name, protocol: 'transcode', remoteAddress: '127.0.0.1', key: internalKey, agent: 'Millrace' },
          'kept',
        ),
      log,
      nowMs: () => performance.now(),
    })
  }

  get service(): LadderService {
    return this.#ladders
  }
  isRendition(name: string): boolean {
    return this.#ladders.isRendition(name)
  }
  /** So far back the frames of a stream are kept: where its rungs begin that start when a player takes them. */
  historyMs(name: string): number {
    const { config } = this.#options
    const source = this.isRendition(name) ? (renditionParts(config, name)?.source ?? name) : name
    const { ladder, ladderMode } = resolveStreamSettings(config, source)
    if (ladder.length === 0 || ladderMode === 'always') return 0
    const { windowSegments, segmentMs } = config.hls
    return Math.min(MAX_HISTORY_MS, (windowSegments + 1) * segmentMs)
  }
  onOwned(owned: OwnedStream): void {
    this.#ladders.onOwned(owned)
  }
  onEnded(name: string): void {
    this.#ladders.onEnded(name)
  }

  /** Starts `name` where it is a rung of a live stream's ladder; undefined where it is not. */
  summon(name: string, at: StartPoint | undefined): Promise<void> | undefined {
    const parts = renditionParts(this.#options.config, name)
    const owner = parts && this.#options.hub.ownerOf(parts.source)
    if (!parts || owner === undefined) return undefined
    const start = at ? { ...parts, at } : parts
    return owner === this.#options.worker ? this.start(start) : this.#options.startOn(owner, start)
  }
  /** On the worker that owns the source. Rejects with AccessDeniedError (`not-found`) or UnavailableError. */
  async start({ source, rung, at }: RenditionStart): Promise<void> {
    const started = this.#ladders.start(source, rung, at)
    if (!started) throw new AccessDeniedError(`no stream "${source}" is live`, 'not-found')
    const late = Promise.withResolvers<never>()
    const patience = setTimeout(
      () => late.reject(new UnavailableError(`rendition ${source}/${rung}`, 'it did not start in time')),
      START_MS,
    )
    try {
      await Promise.race([started, late.promise])
    } finally {
      clearTimeout(patience)
    }
  }

  /** For an output of `source`, a stream of this worker: a rendition that it can carry, or why there is none. */
  substitute(source: string, { fix, problem }: Misfit): Substitute | { readonly refusal: string } {
    const { convert } = resolveStreamSettings(this.#options.config, source)
    if (!ALLOWED[convert].includes(fix)) {
      return { refusal: `${FIX_NAMES[fix]} is not allowed for this stream (streams.*.convert)` }
    }
    const missing = missingCodecs()
    if (missing !== undefined) return { refusal: `converting needs node-av: ${missing}` }
    const { name: rung } = CONVERSIONS[fix]
    this.#options.log.info('conversion.started', { stream: source, problem, rendition: renditionName(source, rung) })
    return { attach: (consumer) => this.#attach({ source, rung }, consumer) }
  }
  async #attach(parts: RenditionStart, consumer: StreamConsumer): Promise<Disposable> {
    const name = renditionName(parts.source, parts.rung)
    const hold = this.#hold(name)
    try {
      await this.start(parts)
      const stream = this.#options.hub.ownedStream(name)
      if (!stream) throw new UnavailableError(`rendition ${name}`, 'it has ended')
      const fed = stream.add(consumer)
      return {
        [Symbol.dispose]: () => {
          fed[Symbol.dispose]()
          hold[Symbol.dispose]()
        },
      }
    } catch (error) {
      hold[Symbol.dispose]()
      throw error
    }
  }
  #hold(name: string): Disposable {
    this.#holds.set(name, (this.#holds.get(name) ?? 0) + 1)
    return { [Symbol.dispose]: () => this.#holds.set(name, (this.#holds.get(name) ?? 1) - 1) }
  }

  sweep(): void {
    const taken = new Set<string>()
    for (const [name, count] of this.#holds) {
      if (count > 0) taken.add(name)
      else this.#holds.delete(name)
    }
    for (const { stream, formats } of this.#options.hub.ownedStreams) if (formats.length > 0) taken.add(stream.name)
    this.#ladders.sweep((name) => taken.has(name))
  }
  close(): Promise<void> {
    return this.#ladders.close()
  }
}
