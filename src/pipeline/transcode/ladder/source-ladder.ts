import { UnsupportedInputError } from '../../../media/errors.ts'
import type { Frame, Track } from '../../../media/model/index.ts'
import { type Profile, WATCH_PROFILE } from '../../../platform/config/index.ts'
import { UnavailableError } from '../../../platform/errors.ts'
import type { Logger } from '../../../platform/telemetry/index.ts'
import { renditionName, type StartPoint } from '../../stream/index.ts'
import { type Progress, type RungOrder, slotOf, type WatchEvent } from '../channel/job-messages.ts'
import { type GovernedRung, SHED, type ShedLevel } from '../governor/load-governor.ts'
import { BackOff } from '../parent/back-off.ts'
import type { JobEnd } from '../parent/codec-job.ts'
import type { CodecProcess } from '../parent/codec-process.ts'
import { CODEC_ADVICE, type CodecCounters } from './codec-counters.ts'
import { LadderRun, type LadderRunOptions } from './ladder-run.ts'
import type { FeedStart } from './past-frames.ts'
import { Rendition, type RenditionPublication } from './rendition.ts'
import { RungFailures } from './rung-failures.ts'
import { rungOrder, skipTo } from './rung-plan.ts'
import { type Lasting, WatchState } from './watch-state.ts'

export type SourceLadderOptions = Omit<LadderRunOptions, 'codec' | 'from'> & {
  readonly profiles: readonly Profile[]
  /** Names of those that run as long as the source lives. */
  readonly always: readonly string[]
  readonly idleMs: number
  readonly codec: () => CodecProcess
  readonly publish: (name: string) => Promise<RenditionPublication>
  readonly log: Logger
  readonly counters: CodecCounters
}

type Rung = {
  readonly profile: Profile
  readonly rendition: Rendition
  /** Of its present life; every start and every gap has a new one. */
  slot: number
  afterTicks: number | undefined
  /** It starts with older frames than the others are at. */
  isLed: boolean
  readonly startedMs: number
  takenMs: number
}

export type RungReport = GovernedRung & {
  readonly frames: number
  readonly busyMs: number
  /** It could not be made, and is not tried at the moment. */
  readonly isFailed: boolean
  /** Why it is shed, or failed. */
  readonly reason?: string
}
export type LadderReport = {
  /** Name of the live stream. */
  readonly source: string
  readonly pid: number | undefined
  readonly lagMs: number
  readonly cpuMs: number
  readonly rssBytes: number
  /** EBU R 128, LUFS; where the stream is watched. */
  readonly momentaryLufs: number | undefined
  readonly integratedLufs: number | undefined
  /** What lasts at the moment; undefined where the stream is not watched. */
  readonly watched: readonly Lasting[] | undefined
  readonly rungs: readonly RungReport[]
}

/** A process that died so soon after its start may have died of what it was fed: that is not fed again. */
const SUSPICIOUS_MS = 2000
/** A rendition that is not live by then is not waited for any more. */
const MAX_START_MS = 20_000
/** A job that cannot be done is tried again, but not at once; later each time. */
const RETRY_MS = 2000
/** A run that lasted so long was well: the next failure is the first again. */
const STEADY_MS = 30_000

/** The renditions of one live stream, made by one codec process: those that somebody takes, or all of them. */
export class SourceLadder {
  readonly #options: SourceLadderOptions
  readonly #log: Logger
  readonly #rungs = new Map<string, Rung>()
  readonly #tracks = new Map<number, Track>()
  /** What the load governor took, by name of the rung. */
  readonly #shed = new Map<string, { readonly level: ShedLevel; readonly reason: string }>()
  readonly #seen: WatchState
  readonly #failures: RungFailures
  readonly #backOff = new BackOff(RETRY_MS)
  #codec: CodecProcess | undefined
  #run: LadderRun | undefined
  #runStartedMs = 0
  #retry: NodeJS.Timeout | undefined
  #progress: Progress | undefined
  #slotCount = 0
  #isClosed = false

  constructor(options: SourceLadderOptions) {
    this.#options = options
    this.#log = options.log.with({ stream: options.stream.name })
    this.#seen = new WatchState(this.#log)
    this.#failures = new RungFailures(options.nowMs)
    for (const name of options.always) this.#begin(name)
  }

  /**
   * Resolves when the rendition is live. `at`: from where on it is wanted, where nothing else is made of the source yet.
   * Rejects with UnavailableError or UnsupportedInputError, or throws them.
   */
  start(rung: string, at?: StartPoint): Promise<void> {
    return (this.#rungs.get(rung) ?? this.#begin(rung, at)).rendition.published
  }
  get report(): LadderReport {
    const { cpuMs = 0, rssBytes = 0, rungs = [], momentaryLufs, integratedLufs } = this.#progress ?? {}
    const reports = this.#options.profiles.flatMap((profile, rank): RungReport[] => {
      const { name } = profile
      const slot = this.#rungs.get(name)?.slot
      const shed = this.#shed.get(name)
      const isDown = slot === undefined && shed?.level !== SHED.all
      const failure = isDown ? this.#failures.refusal(name)?.message : undefined
      const isFailed = failure !== undefined
      if (slot === undefined && !shed && !isFailed) return []
      const { frames = 0, busyMs = 0 } = rungs.find((each) => each.slot === slot) ?? {}
      const isEncoded = !isFailed && !['copy', 'none'].includes(profile.video.codec)
      const level = shed?.level ?? SHED.nothing
      const reason = failure ?? shed?.reason
      return [{ name, rank, isEncoded, level, frames, busyMs, isFailed, ...(reason ? { reason } : {}) }]
    })
    const source = this.#options.stream.name
    return {
      source,
      pid: this.#codec?.pid,
      lagMs: this.#run?.lagMs ?? 0,
      cpuMs,
      rssBytes,
      momentaryLufs,
      integratedLufs,
      watched: this.#rungs.has(WATCH_PROFILE) ? this.#seen.lasting : undefined,
      rungs: reports,
    }
  }

  /** The load governor takes a part of a rung, or gives it back. */
  shed(rung: string, level: ShedLevel, reason: string): void {
    if (level === SHED.nothing) this.#shed.delete(rung)
    else this.#shed.set(rung, { level, reason })
    this.#log.warn('rendition.shed', { rung, level, reason })
    const running = this.#rungs.get(rung)
    if (level === SHED.all && running) this.#fail(running, shedError(rung, reason))
    else this.#apply()
    this.#beginAlways()
  }
  /** About once a second: stops what nobody takes, replaces what is frozen, tries again what failed. */
  sweep(isTaken: (name: string) => boolean): void {
    this.#run?.watch()
    const { nowMs, idleMs, always } = this.#options
    for (const rung of [...this.#rungs.values()]) {
      // Whoever asked for it still waits, though not for ever.
      const isAwaited = !rung.rendition.isLive && nowMs() - rung.startedMs < MAX_START_MS
      if (isAwaited || always.includes(rung.profile.name) || isTaken(rung.rendition.name)) rung.takenMs = nowMs()
      else if (nowMs() - rung.takenMs > idleMs) this.#end(rung, 'nobody takes it')
    }
    this.#beginAlways()
  }
  /** Resolves when the codec process is gone. */
  async close(reason: string): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#retry)
    for (const rung of [...this.#rungs.values()]) this.#end(rung, reason)
    this.#run?.stop()
    this.#run = undefined
    await this.#codec?.[Symbol.asyncDispose]()
  }

  // ---- rungs

  /** Rungs that run as long as the source, and do not: where they failed, when it is time to try again. */
  #beginAlways(): void {
    if (this.#isClosed) return
    for (const name of this.#options.always)
      if (!this.#rungs.has(name) && this.#problemOf(name) === undefined) this.#begin(name)
  }
  /** Why it cannot be made now. */
  #problemOf(name: string): Error | undefined {
    const shed = this.#shed.get(name)
    return shed?.level === SHED.all ? shedError(name, shed.reason) : this.#failures.refusal(name)
  }
  #begin(name: string, at?: StartPoint): Rung {
    const profile = this.#options.profiles.find((each) => each.name === name)
    if (!profile || this.#isClosed) throw new UnavailableError(`rendition ${name}`, 'its source has ended')
    const known = this.#problemOf(name)
    if (known) throw known
    const rendition: Rendition = new Rendition({
      name: renditionName(this.#options.stream.name, name),
      publish: this.#options.publish,
      log: this.#log,
      onLost: (problem) => this.#failed(rung, new UnavailableError(`rendition ${name}`, problem)),
    })
    const rung: Rung = {
      profile,
      rendition,
      slot: this.#slotCount++,
      afterTicks: undefined,
      isLed: false,
      startedMs: this.#options.nowMs(),
      takenMs: this.#options.nowMs(),
    }
    this.#rungs.set(name, rung)
    this.#log.info('rendition.started', { rendition: rendition.name })
    if (at && this.#run?.isStarted) this.#run.lead(rung.slot, at, (start) => this.#onLead(rung, start))
    this.#apply(at)
    return rung
  }
  #end(rung: Rung, reason: string): void {
    if (!this.#forget(rung)) return
    rung.rendition.fail(new UnavailableError(`rendition ${rung.profile.name}`, reason), reason)
    this.#log.info('rendition.ended', { rendition: rung.rendition.name, reason })
  }
  #fail(rung: Rung, error: Error): void {
    if (!this.#forget(rung)) return
    rung.rendition.fail(error, error.message)
    this.#log.warn('rendition.failed', { rendition: rung.rendition.name, problem: error.message })
  }
  /** It cannot be made, and is not tried again at once. */
  #failed(rung: Rung, error: Error): void {
    this.#failures.failed(rung.profile.name, rung.startedMs, error)
    this.#fail(rung, error)
  }
  #forget(rung: Rung): boolean {
    if (this.#rungs.get(rung.profile.name) !== rung) return false
    this.#rungs.delete(rung.profile.name)
    this.#apply()
    return true
  }
  /** A life of its own in the job. */
  #renew(rung: Rung): void {
    rung.slot = this.#slotCount++
    rung.isLed = false
  }
  #bySlot(slot: number): Rung | undefined {
    for (const rung of this.#rungs.values()) if (rung.slot === slot) return rung
    return undefined
  }

  /** Makes the codec process do what the rungs say. */
  #apply(at?: StartPoint): void {
    if (!this.#rungs.has(WATCH_PROFILE)) this.#seen.end()
    if (this.#rungs.size === 0) {
      this.#run?.stop()
      this.#run = undefined
      this.#progress = undefined
    } else if (!this.#run) {
      if (!this.#retry) this.#startRun(at ?? 'newest-keyframe')
    } else if (this.#run.isStarted) this.#run.setRungs(this.#orders())
  }
  #orders(): RungOrder[] {
    return [...this.#rungs.values()].map((rung) =>
      rungOrder(rung, this.#shed.get(rung.profile.name)?.level === SHED.half),
    )
  }

  // ---- runs

  #startRun(from: LadderRunOptions['from']): void {
    this.#codec ??= this.#options.codec()
    this.#runStartedMs = this.#options.nowMs()
    this.#tracks.clear()
    this.#run = new LadderRun(
      { ...this.#options, codec: this.#codec, from },
      {
        onBegin: (start) => this.#onBegin(start),
        onTrack: (track) => this.#onTrack(track),
        onFrame: (frame) => this.#onFrame(frame),
        onProgress: (progress) => this.#onProgress(progress),
        onRungFailed: (slot, problem) => this.#onRungFailed(slot, problem),
        onWatched: (event) => this.#onWatched(event),
        onNotice: (text) => this.#log.warn('ladder.notice', { text }),
        onGap: () => this.#onGap(),
        onSourceEnd: () => void this.close('the source has ended'),
        onEnd: (end) => this.#onRunEnd(end),
      },
    )
  }
  #onBegin(start: FeedStart): RungOrder[] {
    this.#runStartedMs = this.#options.nowMs()
    for (const rung of this.#rungs.values()) rung.afterTicks = skipTo(rung.profile, start, rung.rendition.newestTicks)
    return this.#orders()
  }
  /** A rung that starts later than others gets older frames. */
  #onLead(rung: Rung, start: FeedStart): void {
    rung.isLed = true
    rung.afterTicks = skipTo(rung.profile, start, undefined)
    this.#apply()
  }
  /** Viewers of every rendition see the discontinuity that the source has. */
  #onGap(): void {
    for (const rung of this.#rungs.values()) {
      this.#renew(rung)
      rung.afterTicks = rung.rendition.newestTicks
    }
    this.#options.counters.gaps++
    this.#apply()
  }
  #onTrack(track: Track): void {
    this.#tracks.set(track.id, track)
    const slot = slotOf(track.id)
    this.#bySlot(slot)?.rendition.onTrack(slot, track)
  }
  #onFrame(frame: Frame): void {
    const track = this.#tracks.get(frame.trackId)
    const slot = slotOf(frame.trackId)
    if (track) this.#bySlot(slot)?.rendition.onFrame(slot, track, frame)
  }
  #onProgress(progress: Progress): void {
    this.#options.counters.encoded(progress, this.#progress)
    this.#progress = progress
  }
  #onWatched(event: WatchEvent): void {
    if (this.#rungs.has(WATCH_PROFILE)) this.#seen.onEvent(event)
  }
  #onRungFailed(slot: number, problem: string): void {
    const rung = this.#bySlot(slot)
    if (rung) this.#failed(rung, new UnsupportedInputError(`rendition ${rung.profile.name}: ${problem}`))
  }

  #onRunEnd(end: JobEnd): void {
    this.#options.counters.dropped += this.#run?.droppedCount ?? 0
    this.#run = undefined
    this.#progress = undefined
    this.#seen.end()
    if (end.outcome === 'missing') return this.#giveUp(end.problem)
    const problem = 'problem' in end ? end.problem : end.outcome
    this.#options.counters.crashes++
    const livedMs = this.#options.nowMs() - this.#runStartedMs
    this.#log.warn('ladder.interrupted', { problem, livedMs: Math.round(livedMs), rungs: this.#rungs.size })
    for (const rung of this.#rungs.values()) this.#renew(rung)
    const from = livedMs < SUSPICIOUS_MS ? 'next-keyframe' : 'newest-keyframe'
    // After a death the codec process waits by itself before the next one starts.
    if (end.outcome === 'died') this.#startRun(from)
    else this.#retryLater(from, livedMs)
  }
  #retryLater(from: LadderRunOptions['from'], livedMs: number): void {
    if (livedMs >= STEADY_MS) this.#backOff.succeeded()
    this.#retry = setTimeout(() => {
      this.#retry = undefined
      if (this.#rungs.size > 0) this.#startRun(from)
    }, this.#backOff.failed())
  }
  #giveUp(problem: string): void {
    const error = new UnavailableError('renditions', `${problem}; ${CODEC_ADVICE}`)
    for (const rung of [...this.#rungs.values()]) {
      this.#failures.gaveUp(rung.profile.name, error)
      this.#fail(rung, error)
    }
  }
}

function shedError(rung: string, reason: string): UnavailableError {
  return new UnavailableError(`rendition ${rung}`, `left out, because ${reason}`)
}
