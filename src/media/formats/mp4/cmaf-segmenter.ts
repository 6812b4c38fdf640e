import { type Frame, sameConfiguration, type Track } from '../../model/index.ts'
import { type ClockTime, CmafLane, inClock } from './cmaf-lane.ts'
import type { CmafSink } from './cmaf-output.ts'
import type { NextSegment } from './cmaf-segment-writer.ts'

export type CmafSegmenterOptions = {
  /** Video segments end at the first key frame that comes this long after their start, audio-only ones at once. */
  readonly targetDurationMs: number
  /** No chunk is longer, unless one frame alone is. Default 500. */
  readonly partTargetMs?: number
}

/** Where segment `sequence` starts in every track. */
type Boundary = ClockTime & { readonly sequence: number; readonly next: NextSegment }

const DEFAULT_PART_TARGET_MS = 500
/** Key frames jitter by some milliseconds around their nominal interval: a segment may be this much short. */
const VIDEO_TARGET_TOLERANCE = 0.95
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
 * Where no key frame comes, the segment grows and its chunks go on being written: there is no cut in mid-GOP.
 *
 * Frames need dts ≥ 0. A `durationTicks` of 0 is filled in: audio from its sample count, video from the next frame,
 * which holds it back by one frame. `frame.data` is copied.
 */
export class CmafSegmenter {
  readonly #sink: CmafSink
  readonly #targetMs: number
  readonly #partTargetMs: number
  readonly #lanes = new Map<number, CmafLane>()
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
    this.#partTargetMs = options.partTargetMs ?? DEFAULT_PART_TARGET_MS
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
    if (isChanged && wasStarted) this.#changed = true
    this.#chooseLeader()
  }

  /** In arrival order; empty frames, frames of unknown tracks, and video before its first key frame, are left out. */
  frame(frame: Frame): void {
    const lane = this.#lanes.get(frame.trackId)
    if (lane === undefined || !lane.accepts(frame)) return
    if (lane === this.#leader) {
      if (frame.isKey) this.#considerBoundary(lane, frame)
      this.#horizon = { ticks: frame.dtsTicks, clockRateHz: lane.track.clockRateHz }
    }
    lane.push(frame)
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
      lane.writer.cut(lane.writer.sequence + 1, 'discontinuous')
      this.#lanes.delete(id)
      removed = true
    }
    return removed
  }

  /** True where the set of tracks or a configuration is not what it was. */
  #setTrack(track: Track): boolean {
    const lane = this.#lanes.get(track.id)
    if (lane === undefined) {
      const output = { sink: this.#sink, partTargetMs: this.#partTargetMs, nextInitId: () => this.#initCount++ }
      this.#lanes.set(track.id, new CmafLane(track, this.#sequence, output))
      return true
    }
    if (sameConfiguration(lane.track, track)) return false
    this.#drain(lane)
    const { writer } = lane
    if (writer.hasOpenSegment) writer.cut(writer.sequence + 1, 'discontinuous')
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
    const time = { ticks: key.ptsTicks, clockRateHz: leader.track.clockRateHz }
    if (this.#segmentStart === undefined) this.#segmentStart = time
    const startTicks = inClock(this.#segmentStart, time.clockRateHz)
    const elapsedMs = ((time.ticks - startTicks) * 1000) / time.clockRateHz
    const neededMs = leader.track.kind === 'video' ? this.#targetMs * VIDEO_TARGET_TOLERANCE : this.#targetMs
    const isBehind = leader.writer.sequence < this.#sequence
    if (this.#changed || isBehind || elapsedMs >= neededMs) this.#addBoundary(time)
  }

  #addBoundary(time: ClockTime): void {
    this.#sequence++
    this.#boundaries.push({ ...time, sequence: this.#sequence, next: this.#changed ? 'discontinuous' : 'continuous' })
    if (this.#boundaries.length > MAX_BOUNDARIES) this.#boundaries.shift()
    this.#segmentStart = time
    this.#changed = false
  }

  /** Writes what can no longer belong to a later segment. */
  #release(lane: CmafLane): void {
    for (let head = lane.head; head !== undefined; head = lane.head) {
      if (lane !== this.#leader && !this.#isDecided(lane, head.dtsTicks)) {
        if (lane.queuedMs < this.#targetMs) return
        this.#cutWithoutLeader(lane, head.ptsTicks)
      }
      this.#followBoundaries(lane)
      lane.writeHead()
    }
  }

  #isDecided(lane: CmafLane, dtsTicks: number): boolean {
    return this.#horizon !== undefined && dtsTicks < inClock(this.#horizon, lane.track.clockRateHz)
  }

  #cutWithoutLeader(lane: CmafLane, timeTicks: number): void {
    const isNewest = lane.writer.sequence >= this.#sequence
    if (isNewest && lane.writer.elapsedMs(timeTicks) >= this.#targetMs) {
      this.#sequence = lane.writer.sequence
      this.#addBoundary({ ticks: timeTicks, clockRateHz: lane.track.clockRateHz })
    }
  }

  /** Cuts in front of the queue's head, if the head is at or past the start of a later segment. */
  #followBoundaries(lane: CmafLane): void {
    const { head } = lane
    if (head === undefined || (lane.track.kind === 'video' && !head.isKey)) return
    const passed = this.#boundaries.filter(
      (boundary) =>
        boundary.sequence > lane.writer.sequence && inClock(boundary, lane.track.clockRateHz) <= head.ptsTicks,
    )
    this.#cutTo(lane, passed)
  }

  #cutTo(lane: CmafLane, passed: readonly Boundary[]): void {
    const newest = passed.at(-1)
    if (newest === undefined) return
    const breaks = passed.some((boundary) => boundary.next === 'discontinuous')
    lane.writer.cut(newest.sequence, breaks ? 'discontinuous' : 'continuous')
  }

  /** A track that has sent nothing for a target duration past the end of its segment does not keep it open. */
  #closeSilentLanes(): void {
    const horizon = this.#horizon
    if (horizon === undefined) return
    for (const lane of this.#lanes.values()) {
      if (lane === this.#leader || !lane.isEmpty || !lane.writer.hasOpenSegment) continue
      const { clockRateHz } = lane.track
      const limitTicks = inClock(horizon, clockRateHz) - (this.#targetMs * clockRateHz) / 1000
      const passed = this.#boundaries.filter(
        (boundary) => boundary.sequence > lane.writer.sequence && inClock(boundary, clockRateHz) <= limitTicks,
      )
      this.#cutTo(lane, passed)
    }
  }

  /** Writes all that a track holds. */
  #drain(lane: CmafLane): void {
    lane.releaseHeld()
    while (lane.head !== undefined) {
      this.#followBoundaries(lane)
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
      lane.writer.cut(this.#sequence, next)
      lane.restart()
    }
    this.#boundaries = []
    this.#segmentStart = undefined
    this.#horizon = undefined
    this.#changed = false
  }
}
