import type { AudioTrack, Frame, Ticks, Track, VideoTrack } from '../../../../media/model/index.ts'
import { MESSAGE, type RungOrder, type WatchEvent } from '../../channel/job-messages.ts'
import type { Message } from '../../channel/message.ts'
import type { Av } from '../av.ts'
import type { JobOutput } from '../job-output.ts'
import type { RunningJob } from '../running-job.ts'
import { LadderAudio } from './ladder-audio.ts'
import { LadderVideo } from './ladder-video.ts'
import { Rung } from './rung.ts'
import { RungLead } from './rung-lead.ts'
import { PictureWatch, SoundWatch } from './stream-watch.ts'

const PROGRESS_MS = 100

type InputTrack = Omit<VideoTrack, 'config'> | Omit<AudioTrack, 'config'>

/**
 * One source, decoded once, encoded for every rung that the worker wants at the moment. What it is told is done in that
 * order, one after the other; decoder and encoders work on threads of the pool.
 */
export class LadderJob implements RunningJob {
  /** Of a file: how far it has been read; told with the progress. */
  atSeconds: number | undefined
  readonly #av: Av
  readonly #output: JobOutput
  readonly #rungs = new Map<number, Rung>()
  /** Slots that give half of their frames. */
  readonly #halved = new Set<number>()
  readonly #video: LadderVideo
  readonly #audio: LadderAudio
  /** Rungs on their way to where the ladder is, by slot. */
  readonly #leads = new Map<number, RungLead>()
  #videoTrack: VideoTrack | undefined
  #clockwiseDegrees = 0
  #audioTrack: AudioTrack | undefined
  /** What it is told is done behind this. */
  #last: Promise<void> = Promise.resolve()
  #isOver = false
  #consumed = 0
  #reportedMs = 0
  #report: NodeJS.Timeout | undefined

  constructor(av: Av, output: JobOutput) {
    this.#av = av
    this.#output = output
    const onFailure = (rung: Rung, error: unknown) => this.#failed(rung, error)
    this.#video = new LadderVideo(av, onFailure, (text) => output.notice(text))
    this.#audio = new LadderAudio(av, onFailure)
  }

  receive({ type, header, payload }: Message): void {
    // What is thrown in there ends the process, as what is thrown in here does.
    if (type === MESSAGE.inputFrame) void this.frame(toFrame(header as InputFrame, payload))
    else if (type === MESSAGE.inputTrack)
      void this.setTrack({ ...(header.track as InputTrack), config: payload } as Track)
    else if (type === MESSAGE.rungs) void this.setRungs(header.rungs as readonly RungOrder[])
    else if (type === MESSAGE.leadFrame) void this.#leadFrame(header as LeadFrame, payload)
    else if (type === MESSAGE.finish) void this.finish().then(() => this[Symbol.dispose]())
  }
  /** What is under way on other threads ends first; nothing else is begun. */
  [Symbol.dispose](): void {
    if (this.#isOver) return
    this.#isOver = true
    clearTimeout(this.#report)
    void this.#last.then(() => this.#free())
  }
  async #free(): Promise<void> {
    clearTimeout(this.#report)
    for (const lead of this.#leads.values()) await lead[Symbol.asyncDispose]()
    await this.#video[Symbol.asyncDispose]()
    this.#setWatch(false)
    this.#audio[Symbol.dispose]()
  }
  #do(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(() => (this.#isOver ? undefined : work()))
    this.#last = done.catch(() => {})
    return done
  }

  /** The first track of each kind is taken. `clockwiseDegrees`: what the container says to turn its pictures by. */
  setTrack(track: Track, clockwiseDegrees = 0): Promise<void> {
    return this.#do(() => this.#setTrack(track, clockwiseDegrees))
  }
  async #setTrack(track: Track, clockwiseDegrees: number): Promise<void> {
    const known = track.kind === 'video' ? this.#videoTrack : this.#audioTrack
    if (known && track.id > known.id) return
    for (const lead of [...this.#leads.values()]) await this.#adopt(lead)
    if (track.kind === 'video') {
      this.#videoTrack = track
      this.#clockwiseDegrees = clockwiseDegrees
      await this.#video.setTrack(track, clockwiseDegrees)
    } else {
      this.#audioTrack = track
      this.#audio.setTrack(track)
    }
  }
  /** Resolves when the next is welcome. */
  frame(frame: Frame): Promise<void> {
    return this.#do(() => this.#frame(frame))
  }
  async #frame(frame: Frame): Promise<void> {
    if (this.#leads.size > 0) await this.#lead(frame)
    if (frame.trackId === this.#videoTrack?.id) await this.#video.frame(frame)
    else if (frame.trackId === this.#audioTrack?.id) this.#audio.frame(frame)
    this.#consumed++
    this.#progress()
  }
  /** A rung that has come as far as the ladder joins it at a keyframe, where no decoder holds pictures back. */
  async #lead(frame: Frame): Promise<void> {
    const isJoin = this.#videoTrack === undefined || (frame.trackId === this.#videoTrack.id && frame.isKey)
    for (const lead of [...this.#leads.values()]) {
      if (isJoin && lead.isCaughtUp) await this.#adopt(lead)
      else lead.push(frame)
    }
  }
  async #adopt(lead: RungLead): Promise<void> {
    await lead.settled()
    this.#leads.delete(lead.rung.slot)
    await this.#video.adopt(lead.video)
    this.#audio.adopt(lead.audio)
    await lead[Symbol.asyncDispose]()
  }
  #leadFrame({ slot, ...frame }: LeadFrame, data: Uint8Array): Promise<void> {
    return this.#do(async () => this.#leads.get(slot)?.push(toFrame(frame, data)))
  }
  /** Everything that is to be made from now on. */
  setRungs(orders: readonly RungOrder[]): Promise<void> {
    return this.#do(() => this.#setRungs(orders))
  }
  async #setRungs(orders: readonly RungOrder[]): Promise<void> {
    const wanted = new Set(orders.map(({ slot }) => slot))
    for (const rung of [...this.#rungs.values()]) if (!wanted.has(rung.slot)) await this.#remove(rung)
    this.#setWatch(orders.some(({ isWatch }) => isWatch))
    for (const order of orders) {
      const isHalved = order.video?.isHalved ?? false
      if (!this.#rungs.has(order.slot)) this.#add(new Rung(order, this.#output))
      if (this.#halved.has(order.slot) === isHalved) continue
      const { video } = this.#leads.get(order.slot) ?? { video: this.#video }
      video.setHalved(order.slot, isHalved)
      if (isHalved) this.#halved.add(order.slot)
      else this.#halved.delete(order.slot)
    }
  }
  #setWatch(isWanted: boolean): void {
    if (isWanted === (this.#video.watch !== undefined)) return
    this.#video.watch?.[Symbol.dispose]()
    this.#audio.watch?.[Symbol.dispose]()
    const onEvent = (event: WatchEvent) => this.#output.watched(event)
    this.#video.watch = isWanted ? new PictureWatch(this.#av, onEvent) : undefined
    this.#audio.watch = isWanted ? new SoundWatch(this.#av, onEvent) : undefined
  }
  #add(rung: Rung): void {
    this.#rungs.set(rung.slot, rung)
    if (rung.order.isLed) return this.#addLead(rung)
    this.#video.add(rung)
    this.#audio.add(rung)
  }
  #addLead(rung: Rung): void {
    const source = { video: this.#videoTrack, clockwiseDegrees: this.#clockwiseDegrees, audio: this.#audioTrack }
    const lead = new RungLead(this.#av, rung, source, {
      onFailure: (_, error) => this.#failed(rung, error),
      onNotice: (text) => this.#output.notice(text),
    })
    this.#leads.set(rung.slot, lead)
  }
  async #remove(rung: Rung): Promise<void> {
    this.#rungs.delete(rung.slot)
    this.#halved.delete(rung.slot)
    const lead = this.#leads.get(rung.slot)
    this.#leads.delete(rung.slot)
    await lead?.[Symbol.asyncDispose]()
    this.#audio.remove(rung)
    await this.#video.remove(rung)
  }
  #failed(rung: Rung, error: unknown): void {
    void this.#remove(rung)
    this.#output.rungFailed(rung.slot, error instanceof Error ? error.message : String(error))
  }

  /** Frames of the source that did not decode, or not whole. */
  get damagedCount(): number {
    return this.#video.damagedCount + this.#audio.damagedCount
  }
  /** The source has ended; what is still inside comes out, `onFlushed` is called, and the job is done. */
  finish(onFlushed?: () => void): Promise<void> {
    return this.#do(async () => {
      for (const lead of [...this.#leads.values()]) await this.#adopt(lead)
      await this.#video.flush()
      this.#audio.flush()
      onFlushed?.()
      this.#tell()
      this.#output.done()
    })
  }

  /** At most ten messages a second; the last frame before a pause is told of too. */
  #progress(): void {
    const sinceMs = performance.now() - this.#reportedMs
    if (sinceMs >= PROGRESS_MS) this.#tell()
    else this.#report ??= setTimeout(() => this.#tell(), PROGRESS_MS - sinceMs)
  }
  #tell(): void {
    clearTimeout(this.#report)
    this.#report = undefined
    this.#reportedMs = performance.now()
    const { user, system } = process.cpuUsage()
    this.#output.progress({
      consumed: this.#consumed,
      cpuMs: (user + system) / 1000,
      rssBytes: process.memoryUsage.rss(),
      ...(this.atSeconds === undefined ? {} : { atSeconds: Math.max(0, this.atSeconds) }),
      ...this.#audio.watch?.loudness,
      damaged: this.damagedCount,
      decoded: this.#video.decodedCount,
      rungs: [...this.#rungs.values()].map(({ slot, frameCount: frames, busyMs }) => ({ slot, frames, busyMs })),
    })
    this.#consumed = 0
  }
}

type InputFrame = {
  readonly trackId: number
  readonly ptsTicks: number
  readonly dtsTicks: number
  readonly durationTicks: number
  readonly isKey: boolean
}

type LeadFrame = InputFrame & { readonly slot: number }

function toFrame({ trackId, ptsTicks, dtsTicks, durationTicks, isKey }: InputFrame, data: Uint8Array): Frame {
  return {
    trackId,
    ptsTicks: ptsTicks as Ticks,
    dtsTicks: dtsTicks as Ticks,
    durationTicks: durationTicks as Ticks,
    isKey,
    data,
  }
}
