import {
  type Config,
  conversionProfiles,
  type Profile,
  resolveProfile,
  resolveStreamSettings,
  WATCH_PROFILE,
} from '../../../platform/config/index.ts'
import { errorFields, type Logger } from '../../../platform/telemetry/index.ts'
import type { OwnedStream, StartPoint } from '../../stream/index.ts'
import type { ShedDecision } from '../governor/load-governor.ts'
import type { CodecProcess } from '../parent/codec-process.ts'
import { CodecCounters } from './codec-counters.ts'
import type { RenditionPublication } from './rendition.ts'
import { type LadderReport, SourceLadder } from './source-ladder.ts'

export type LadderServiceOptions = {
  readonly config: Pick<Config, 'streams' | 'profiles' | 'transcode'>
  /** A codec process of its own for each source, which is named. */
  readonly codec: (source: string) => CodecProcess
  /** Publishes a rendition with the times of its source kept. */
  readonly publish: (name: string) => Promise<RenditionPublication>
  readonly log: Logger
  readonly nowMs: () => number
}

/** The ladders of the streams that one worker owns. */
export class LadderService {
  readonly counters = new CodecCounters()
  readonly #options: LadderServiceOptions
  readonly #ladders = new Map<string, SourceLadder>()
  /** Names of renditions that were published from here: they are no sources. */
  readonly #renditions = new Set<string>()

  constructor(options: LadderServiceOptions) {
    this.#options = options
  }

  get reports(): LadderReport[] {
    return [...this.#ladders.values()].map(({ report }) => report).filter(({ rungs }) => rungs.length > 0)
  }
  isRendition(name: string): boolean {
    return this.#renditions.has(name)
  }

  /** A stream starts on this worker. */
  onOwned({ stream }: OwnedStream): void {
    if (this.isRendition(stream.name)) return
    const { config, log, nowMs } = this.#options
    const { ladder, ladderMode, watch } = resolveStreamSettings(config, stream.name)
    void this.#ladders.get(stream.name)?.close('its source started anew')
    const source = new SourceLadder({
      ...config.transcode,
      stream,
      profiles: [
        ...ladder.map((name) => forStream(resolveProfile(config.profiles, name), stream.name)),
        ...conversionProfiles(),
      ],
      always: [...(ladderMode === 'always' ? ladder : []), ...(watch ? [WATCH_PROFILE] : [])],
      codec: () => this.#options.codec(stream.name),
      publish: (name) => this.#publish(name),
      log,
      nowMs,
      counters: this.counters,
    })
    this.#ladders.set(stream.name, source)
  }
  /** A stream of this worker has ended. */
  onEnded(name: string): void {
    this.#renditions.delete(name)
    const ladder = this.#ladders.get(name)
    this.#ladders.delete(name)
    void ladder?.close('the source has ended')
  }

  /** Starts a rung of a stream of this worker; resolves when it is live. Undefined where this worker has no such. */
  start(source: string, rung: string, at?: StartPoint): Promise<void> | undefined {
    return this.#ladders.get(source)?.start(rung, at)
  }
  shed({ source, rung, level, reason }: ShedDecision): void {
    this.#ladders.get(source)?.shed(rung, level, reason)
  }
  /** `isTaken`: whether anybody reads an output of that stream. Call about once a second. */
  sweep(isTaken: (name: string) => boolean): void {
    for (const ladder of this.#ladders.values()) ladder.sweep(isTaken)
  }
  async close(): Promise<void> {
    await Promise.all([...this.#ladders.values()].map((ladder) => ladder.close('the server stops')))
  }

  async #publish(name: string): Promise<RenditionPublication> {
    this.#renditions.add(name)
    try {
      return await this.#options.publish(name)
    } catch (error) {
      this.#options.log.debug('rendition.publish', { stream: name, ...errorFields(error) })
      throw error
    }
  }
}

/** What the profile writes on the picture, with what is known of the stream filled in. */
function forStream(profile: Profile, stream: string): Profile {
  const { text } = profile.video
  if (text === undefined) return profile
  const filled = text.replaceAll('{stream}', stream).replaceAll('{profile}', profile.name)
  return { ...profile, video: { ...profile.video, text: filled } }
}
