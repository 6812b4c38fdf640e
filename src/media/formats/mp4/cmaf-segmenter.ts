import { type Frame, sameConfiguration, type Track } from '../../model/index.ts'
import { type ClockTime, CmafLane, inClock } from './cmaf-lane.ts'
import type { CmafSink } from './cmaf-output.ts'
import type { NextSegment } from './cmaf-segment-writer.ts'
import { CopySlabs } from './copy-slabs.ts'
import type { CmafSample } from './fragment.ts'
import { SegmentGrid } from './segment-grid.ts'

export type CmafSegmenterOptions = {
  /** Segments start at the first key frame (of audio alone: frame) behind each multiple of this on the line of time. */
  readonly targetDurationMs: number
  /** No chunk is longer, unless one frame alone is. Default 334. */
  readonly partTargetMs?: number
  /**
   * For sound alone that goes with other tracks elsewhere: whether a segment of those starts behind the first and up to the
   * second of two times; undefined where that is not known.
   */
  readonly boundaryOf?: (fromMs: number, toMs: number) => boolean | undefined
  /** For the copies of frames; may be shared by segmenters. */
  readonly slabs?: CopySlabs
}

/** Where segment `sequence` starts in every track. */
type Boundary = ClockTime & {
  readonly sequence: number
  readonly next: NextSegment
  /** The leader cuts here without a key frame. */
  readonly isForced: boolean
}

const DEFAULT_PART_TARGET_MS = 334
/** A silent track finds only the newest boundaries when it speaks again; it then skips segment numbers. */
const MAX_BOUNDARIES = 64

/**
 * Cuts the frames of one stream into CMAF chunks and segments, each track in files of its own.
 * ISO/IEC 23000-19, 7.3.
 *
 * The first video track leads (the first audio track where there is no video): its key frames decide where segments
 * start. Every other track cuts at its first frame (video: key frame) at or after that time, so that segment n covers
 * the same interval everywhere. To know that time, frames of the others wait until the leader's decode time has
 * passed them, yet no longer than one target duration: if the leader falls silent, the others go on and cut for
 * themselves at the target duration, and the leader rejoins at its next key frame.
 *
 * Segments lie on the grid of the line of time (`SegmentGrid`), not at distances from their first frame. Where no key
 * frame comes, the segment grows and its chunks go on being written, until it would be longer than the target duration
 * that the first segment has fixed: then it is cut in mid-GOP.
 *
 * Frames need dts ≥ 0. A `durationTicks` of 0 is filled in: audio from its sample count, video from the next frame,
 * which holds it back by one frame. `frame.data` is copied.
 */
export class CmafSegmenter {
  readonly #sink: CmafSink
  readonly #targetMs: number
  readonly #grid: SegmentGrid
  readonly #partTargetMs: number
  readonly #boundaryOf: CmafSegmenterOptions['boundaryOf']
  readonly #lanes = new Map<number, CmafLane>()
  readonly #slabs: CopySlabs
  #leader: CmafLane | undefined
  /** The newest segment number that was given out. */
  #sequence = 0
  #initCount = 0
  #boundaries: Boundary[] = []
  #segmentStart: ClockTime | undefined
  /** No boundary can come before this time. */
  #horizon: ClockTime | undefined
  #changed = false

  constructor(sink: CmafSink, options: CmafSegmenterOptions) {
    this.#sink = sink
    this.#targetMs = options.targetDurationMs
    this.#slabs = options.slabs ?? new CopySlabs()
    this.#grid = new SegmentGrid(options.targetDurationMs)
    this.#partTargetMs = options.partTargetMs ?? DEFAULT_PART_TARGET_MS
    this.#boundaryOf = options.boundaryOf
  }

  /**
   * Whether video starts a segment, not its first, behind `fromMs` and up to `toMs`; undefined where none leads, or it has
   * not begun.
   */
  hasBoundary(fromMs: number, toMs: number): boolean | undefined {
    if (this.#leader?.track.kind !== 'video' || this.#segmentStart === undefined) return undefined
    return this.#boundaries.some((each) => msOf(each) > fromMs && msOf(each) <= toMs)
  }

  /**
   * The track set, at the start and whenever it changes. A changed track ends its segment at once and goes on with a
   * new initialization segment; all tracks then have a discontinuity at the leader's next key frame.
   */
  setTracks(tracks: readonly Track[]): void {
    const wasStarted = [...this.#lanes.values()].some((lane) => lane.writer.hasStarted)
    const removed = this.#removeAllBut(new Set(tracks.map((track) => track.id)))
    let isChanged = removed
    for (const track of tracks) isChanged = this.#setTrack(track) || isChanged
    // Behind a discontinuity every track starts anew as it is.
    if (isChanged && wasStarted && this.#segmentStart !== undefined) this.#changed = true
    this.#chooseLeader()
  }

  /** In arrival order; empty frames, frames of unknown tracks, and video before its first key frame, are left out. */
  frame(frame: Frame): void {
    const lane = this.#lanes.get(frame.trackId)
    if (lane === undefined || !lane.accepts(frame)) return
    if (lane === this.#leader) {
      if (lane.held) this.#considerLimit(lane, lane.held, frame.dtsTicks - lane.held.dtsTicks)
      else this.#considerLimit(lane, frame, frame.durationTicks)
      if (frame.isKey) this.#considerBoundary(lane, frame)
      this.#horizon = { ticks: frame.dtsTicks, clockRateHz: lane.track.clockRateHz }
    }
    lane.push(frame, this.#grid.limitMs)
    if (lane !== this.#leader) this.#release(lane)
    else for (const each of this.#lanes.values()) this.#release(each)
    this.#closeSilentLanes()
  }

  /** The frames that follow do not continue the times of those before (a publisher came back). */
  discontinuity(): void {
    this.#closeAll('discontinuous')
  }

  /** Writes everything held and ends all segments, at the end of the stream. */
  flush(): void {
    this.#closeAll('continuous')
  }

  #removeAllBut(kept: ReadonlySet<number>): boolean {
    let removed = false
    for (const [id, lane] of this.#lanes) {
      if (kept.has(id)) continue
      this.#drain(lane)
      this.#cut(lane, lane.writer.sequence + 1, 'discontinuous')
      this.#lanes.delete(id)
      removed = true
    }
    return removed
  }

  /** True where the set of tracks or a configuration is not what it was. */
  #setTrack(track: Track): boolean {
    const lane = this.#lanes.get(track.id)
    if (lane === undefined) {
      const nextInitId = () => this.#initCount++
      const output = { sink: this.#sink, partTargetMs: this.#partTargetMs, nextInitId, slabs: this.#slabs }
      this.#lanes.set(track.id, new CmafLane(track, this.#sequence, output))
      return true
    }
    if (sameConfiguration(lane.track, track)) return false
    this.#drain(lane)
    const { writer } = lane
    if (writer.hasOpenSegment) this.#cut(lane, writer.sequence + 1, 'discontinuous')
    lane.setTrack(track)
    return true
  }

  #chooseLeader(): void {
    const lanes = [...this.#lanes.values()]
    const leader = lanes.find((lane) => lane.track.kind === 'video') ?? lanes[0]
    if (leader !== this.#leader) this.#horizon = undefined
    this.#leader = leader
  }

  #considerBoundary(leader: CmafLane, key: Frame): void {
    const { kind, clockRateHz } = leader.track
    const time = { ticks: key.ptsTicks, clockRateHz }
    const timeMs = leader.toMs(key.ptsTicks)
    this.#grid.noteKey(timeMs)
    if (this.#segmentStart === undefined) {
      this.#number(this.#grid.numberAt(timeMs, kind))
      this.#segmentStart = time
    }
    if (time === this.#segmentStart) return
    this.#bridge(timeMs)
    const isBehind = leader.writer.sequence < this.#sequence
    const isDue = this.#changed || isBehind || this.#isDue(msOf(this.#segmentStart), timeMs, kind)
    if (isDue) this.#addBoundary(time)
  }

  #isDue(startMs: number, timeMs: number, kind: 'video' | 'audio'): boolean {
    const elsewhere = kind === 'audio' ? this.#boundaryOf?.(startMs, timeMs) : undefined
    return elsewhere ?? this.#grid.isDue(startMs, timeMs, kind)
  }

  /** The leader was silent for longer than a segment may be: the others are cut on the way to its next key frame. */
  #bridge(timeMs: number): void {
    for (
      let start = this.#segmentStart;
      start && timeMs - msOf(start) > this.#grid.limitMs;
      start = this.#segmentStart
    ) {
      const stepTicks = Math.round((this.#targetMs * start.clockRateHz) / 1000)
      this.#addBoundary({ ticks: start.ticks + stepTicks, clockRateHz: start.clockRateHz })
    }
  }

  /** The leader's frame whose end is known now would make its segment too long: the segment ends in front of it. */
  #considerLimit(leader: CmafLane, candidate: Frame, durationTicks: number): void {
    const placeTicks = leader.writer.placeTicks(candidate)
    const timeMs = leader.toMs(placeTicks)
    const boundary = this.#boundaries.findLast((each) => msOf(each) <= timeMs)
    const elapsedMs = Math.min(
      leader.writer.elapsedMs(placeTicks),
      boundary ? timeMs - msOf(boundary) : Number.POSITIVE_INFINITY,
    )
    const durationMs = leader.toMs(durationTicks)
    if (elapsedMs <= 0 || durationMs > this.#grid.limitMs) return
    if (elapsedMs + durationMs <= this.#grid.limitMs) return
    this.#addBoundary({ ticks: placeTicks, clockRateHz: leader.track.clockRateHz }, 'forced')
  }

  /** How long the longest open segment is, where a boundary at `timeMs` ends it or as far as it is written. */
  #longestOpenMs(timeMs: number): number {
    const startsMs = [...this.#lanes.values()].flatMap((lane) => {
      const { startTicks } = lane.writer
      const firstTicks = startTicks ?? lane.head?.ptsTicks
      return firstTicks === undefined ? [] : [lane.toMs(firstTicks)]
    })
    const writtenMs = [...this.#lanes.values()].map((lane) => lane.writer.lengthMs)
    return Math.max(timeMs - Math.min(timeMs, ...startsMs), ...writtenMs)
  }

  /** The first segment of all gets its number from its place on the line of time. */
  #number(sequence: number): void {
    if ([...this.#lanes.values()].some((lane) => lane.writer.hasStarted)) return
    this.#sequence = sequence
    for (const lane of this.#lanes.values()) lane.writer.sequence = sequence
  }

  #addBoundary(time: ClockTime, how: 'at a key frame' | 'forced' = 'at a key frame'): void {
    this.#grid.fixTargetSeconds(this.#longestOpenMs(msOf(time)))
    this.#sequence++
    const next = this.#changed ? 'discontinuous' : 'continuous'
    this.#boundaries.push({ ...time, sequence: this.#sequence, next, isForced: how === 'forced' })
    if (this.#boundaries.length > MAX_BOUNDARIES) this.#boundaries.shift()
    this.#segmentStart = time
    this.#changed = false
  }

  /** Writes what can no longer belong to a later segment. */
  #release(lane: CmafLane): void {
    for (let head = lane.head; head !== undefined; head = lane.head) {
      if (lane !== this.#leader && !this.#isDecided(lane, head.dtsTicks)) {
        if (lane.queuedMs < this.#targetMs) return
        this.#cutWithoutLeader(lane, lane.writer.placeTicks(head))
      }
      this.#followBoundaries(lane)
      this.#cutOverlong(lane, head)
      lane.writeHead()
    }
  }

  /** No segment gets longer than the target duration allows, wherever the leader's boundaries are: rather it is early. */
  #cutOverlong(lane: CmafLane, head: CmafSample): void {
    const elapsedMs = lane.writer.elapsedMs(lane.writer.placeTicks(head))
    if (elapsedMs <= 0 || elapsedMs + lane.toMs(head.durationTicks) <= this.#grid.limitMs) return
    this.#cut(lane, lane.writer.sequence + 1, 'continuous')
    if (lane === this.#leader) this.#sequence = Math.max(this.#sequence, lane.writer.sequence)
  }

  #isDecided(lane: CmafLane, dtsTicks: number): boolean {
    return this.#horizon !== undefined && dtsTicks < inClock(this.#horizon, lane.track.clockRateHz)
  }

  #cutWithoutLeader(lane: CmafLane, timeTicks: number): void {
    const { kind } = lane.track
    const timeMs = lane.toMs(timeTicks)
    this.#number(this.#grid.numberAt(timeMs, kind))
    const isNewest = lane.writer.sequence >= this.#sequence
    const startMs = timeMs - lane.writer.elapsedMs(timeTicks)
    if (isNewest && this.#grid.isDue(startMs, timeMs, kind)) {
      this.#sequence = lane.writer.sequence
      this.#addBoundary({ ticks: timeTicks, clockRateHz: lane.track.clockRateHz })
    }
  }

  /** Cuts in front of the queue's head, if the head is at or past the start of a later segment. */
  #followBoundaries(lane: CmafLane): void {
    const { head } = lane
    const newest = this.#boundaries.at(-1)
    if (head === undefined || newest === undefined || newest.sequence <= lane.writer.sequence) return
    const placeTicks = lane.writer.placeTicks(head)
    const passed = this.#boundaries.filter(
      (boundary) => boundary.sequence > lane.writer.sequence && inClock(boundary, lane.track.clockRateHz) <= placeTicks,
    )
    const canCut =
      lane.track.kind === 'audio' ||
      head.isKey ||
      (lane === this.#leader && passed.some(({ isForced }) => isForced)) ||
      lane.writer.elapsedMs(placeTicks) + lane.toMs(head.durationTicks) > this.#grid.limitMs
    if (canCut) this.#cutTo(lane, passed)
  }

  #cutTo(lane: CmafLane, passed: readonly Boundary[]): void {
    const newest = passed.at(-1)
    if (newest === undefined) return
    const breaks = passed.some((boundary) => boundary.next === 'discontinuous')
    this.#cut(lane, newest.sequence, breaks ? 'discontinuous' : 'continuous')
  }

  #cut(lane: CmafLane, nextSequence: number, next: NextSegment): void {
    lane.writer.cut(nextSequence, next, this.#grid.fixTargetSeconds(this.#longestOpenMs(0)), lane.head)
  }

  /** A track that has sent nothing for a while past the end of its segment does not keep it open. */
  #closeSilentLanes(): void {
    const horizon = this.#horizon
    if (horizon === undefined) return
    for (const lane of this.#lanes.values()) {
      if (lane === this.#leader || !lane.isEmpty || !lane.writer.hasOpenSegment) continue
      const { clockRateHz } = lane.track
      const limitTicks = inClock(horizon, clockRateHz) - (silentAfterMs(this.#targetMs) * clockRateHz) / 1000
      const passed = this.#boundaries.filter(
        (boundary) => boundary.sequence > lane.writer.sequence && inClock(boundary, clockRateHz) <= limitTicks,
      )
      this.#cutTo(lane, passed)
    }
  }

  /** Writes all that a track holds. */
  #drain(lane: CmafLane): void {
    if (lane === this.#leader && lane.held) this.#considerLimit(lane, lane.held, lane.lastDurationTicks)
    lane.releaseHeld()
    for (let head = lane.head; head !== undefined; head = lane.head) {
      this.#followBoundaries(lane)
      this.#cutOverlong(lane, head)
      lane.writeHead()
    }
  }

  #closeAll(next: NextSegment): void {
    for (const lane of this.#lanes.values()) this.#drain(lane)
    const sequences = [...this.#lanes.values()].map(
      (lane) => lane.writer.sequence + (lane.writer.hasOpenSegment ? 1 : 0),
    )
    this.#sequence = Math.max(this.#sequence, ...sequences)
    for (const lane of this.#lanes.values()) {
      this.#cut(lane, this.#sequence, next)
      lane.restart()
    }
    this.#boundaries = []
    this.#segmentStart = undefined
    this.#horizon = undefined
    this.#changed = false
    this.#grid.forgetKey()
  }
}

/** A track so far behind the leader is silent, no longer late. */
export function silentAfterMs(targetDurationMs: number): number {
  return Math.max(3000, 2 * targetDurationMs)
}

function msOf({ ticks, clockRateHz }: ClockTime): number {
  return (ticks * 1000) / clockRateHz
}
