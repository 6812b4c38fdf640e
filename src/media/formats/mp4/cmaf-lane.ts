import { type Frame, rescaleTicks, type Ticks, type Track, ticks } from '../../model/index.ts'
import { CmafSegmentWriter, type WriterOutput } from './cmaf-segment-writer.ts'
import type { CopySlabs } from './copy-slabs.ts'
import type { CmafSample } from './fragment.ts'
import { countedDurationTicks, defaultDurationTicks } from './sample-duration.ts'

/** One track on its way into segments: durations are filled in, and samples wait until their segment is decided. */
export class CmafLane {
  readonly writer: CmafSegmentWriter
  #track: Track
  /** A frame whose duration is not known before the next one comes. */
  #held: Frame | undefined
  /** Complete samples in decode order, not yet written. */
  #queue: CmafSample[] = []
  #lastDurationTicks: Ticks
  #awaitsKey: boolean
  readonly #slabs: CopySlabs

  constructor(track: Track, sequence: number, output: WriterOutput) {
    this.#track = track
    this.#slabs = output.slabs
    this.writer = new CmafSegmentWriter(track, sequence, output)
    this.#lastDurationTicks = defaultDurationTicks(track)
    this.#awaitsKey = track.kind === 'video'
  }

  get track(): Track {
    return this.#track
  }

  /** What a frame lasts that nothing follows. */
  get lastDurationTicks(): Ticks {
    return this.#lastDurationTicks
  }

  get head(): CmafSample | undefined {
    return this.#queue[0]
  }

  /** The frame whose duration the next one will tell. */
  get held(): Frame | undefined {
    return this.#held
  }

  /** No frame is held or queued. */
  get isEmpty(): boolean {
    return this.#queue.length === 0 && this.#held === undefined
  }

  /** How far the queue reaches past its head, in milliseconds. */
  get queuedMs(): number {
    const first = this.#queue[0]
    const last = this.#queue.at(-1)
    return first === undefined || last === undefined ? 0 : this.toMs(last.dtsTicks - first.dtsTicks)
  }

  /** Video starts, and starts anew, with a key frame; what comes before one cannot be decoded and is dropped. */
  accepts(frame: Frame): boolean {
    if (frame.data.length === 0 || (this.#awaitsKey && !frame.isKey)) return false
    this.#awaitsKey = false
    return true
  }

  /**
   * Keeps a copy of `frame.data`. A longer step than `longestFrameMs` between two decode times is a gap, not the
   * duration of a frame.
   */
  push(frame: Frame, longestFrameMs: number): void {
    this.#completeHeld(frame.dtsTicks, longestFrameMs)
    const copy = { ...frame, data: this.#slabs.copy(frame.data) }
    const durationTicks = frame.durationTicks || countedDurationTicks(this.#track, frame.data)
    if (durationTicks > 0) this.#enqueue(copy, ticks(durationTicks))
    else this.#held = copy
  }

  /** Writes the head of the queue, if there is one. */
  writeHead(): void {
    const sample = this.#queue.shift()
    if (sample === undefined) return
    const following = this.#queue[0] ?? this.#held
    // Only a key frame ends a video segment; where audio segments end is not known here.
    const goesOn = this.#track.kind === 'video' && following !== undefined && !following.isKey
    this.writer.add(sample, goesOn ? 'goes on' : 'unknown')
  }

  /** Milliseconds of a time on the track's clock. */
  toMs(timeTicks: number): number {
    return (timeTicks * 1000) / this.#track.clockRateHz
  }

  /** The held frame goes into the queue with the duration of the frame before it: nothing follows it. */
  releaseHeld(): void {
    if (this.#held === undefined) return
    this.#enqueue(this.#held, this.#lastDurationTicks)
    this.#held = undefined
  }

  /** The next frame starts a timeline of its own. */
  restart(): void {
    this.#awaitsKey = this.#track.kind === 'video'
  }

  /** To be called when everything of the former configuration is written and cut. */
  setTrack(track: Track): void {
    this.#track = track
    this.writer.setTrack(track)
    this.#lastDurationTicks = defaultDurationTicks(track)
    this.restart()
  }

  #completeHeld(nextDtsTicks: Ticks, longestFrameMs: number): void {
    const held = this.#held
    if (held === undefined) return
    const stepTicks = Math.max(0, nextDtsTicks - held.dtsTicks)
    const isGap = this.toMs(stepTicks) > longestFrameMs
    this.#enqueue(held, isGap ? this.#lastDurationTicks : ticks(stepTicks))
    this.#held = undefined
  }

  #enqueue(frame: Frame, durationTicks: Ticks): void {
    this.#lastDurationTicks = durationTicks
    const { dtsTicks, ptsTicks, isKey, data } = frame
    this.#queue.push({ dtsTicks, ptsTicks, durationTicks, isKey, data })
  }
}

/** A time together with its clock, to be compared with times of other tracks. */
export type ClockTime = { readonly ticks: number; readonly clockRateHz: number }

export function inClock(time: ClockTime, clockRateHz: number): Ticks {
  return rescaleTicks(time.ticks, time.clockRateHz, clockRateHz)
}
