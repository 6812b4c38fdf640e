import { silentAfterMs } from '../../../media/formats/mp4/index.ts'
import type { CmafRecord, CmafTrackInfo, PlacedRecord } from './cmaf-record.ts'
import {
  endMsOf,
  type IndexedPart,
  type IndexedRun,
  type IndexedSegment,
  type IndexedTrack,
  infoOf,
  msOf,
  type OpenSegment,
  onGrid,
  type RunStart,
  startMsOf,
} from './indexed-segment.ts'

/** Segments that stay fetchable after they left the playlist, for players that are a little behind. */
const GRACE_SEGMENTS = 3
const LEAST_RUN_MS = 1
/** Least share of the part target that a part lasts, the last of a segment aside. RFC 8216bis, 4.4.4.9. */
const LEAST_PART_SHARE = 0.85
/** Ticks are whole, so that a part may be a fraction of a millisecond longer than it should. */
const PART_ROUNDING_MS = 0.1

export type CmafIndexOptions = {
  readonly windowSegments: number
  readonly segmentMs: number
  /** Most of a chunk. */
  readonly partTargetMs: number
  /** Id of the recording that gets the very same segments: the window is then longer than the log. */
  readonly recordingId?: string
  /** How far back the lists of a recorded stream go. */
  readonly timeShiftMs: number
  /** Length of a tile of thumbnails. */
  readonly tileMs: number
  /** A stream of that name was live before, and its viewers may still be there. */
  readonly isBack?: boolean
}

/** From what a stream says of itself to what its source's lists would say. */
export type LadderShift = {
  /** Of wall clock times. */
  readonly epochMs: number
  /** Of segment numbers. */
  readonly numbers: number
  /** Of discontinuity numbers. */
  readonly discontinuities: number
}

/**
 * What the CMAF log amounts to: the window of segments of each track. Every worker that reads the log keeps its own,
 * by the same records.
 */
export class CmafIndex {
  readonly tracks = new Map<number, IndexedTrack>()
  readonly options: CmafIndexOptions
  /** Part of every segment's address: a stream that starts anew must not meet its old segments in a cache. */
  readonly life: string
  ended = false
  /** Goes up with every change that a list shows. */
  version = 0
  /** As `version`, but for changes that only concern parts. */
  segmentVersion = 0
  /** What a reader adds to agree with the other streams of a ladder. Not part of the log. */
  shift: LadderShift = { epochMs: 0, numbers: 0, discontinuities: 0 }
  /** Wall clock of media time 0, as the first segment of all tells it. */
  zeroEpochMs = 0
  /** Of the first run there was: presentations start there. */
  origin: RunStart = { startMs: 0, gridMs: 0 }
  /** Oldest first; those of the window. */
  readonly runs: IndexedRun[] = []
  /** Runs in front of `runs`, and tiles of thumbnails that they had. */
  forgotten = { runs: 0, tiles: 0 }
  /** EXT-X-TARGETDURATION; 0 until the first segment is there. */
  targetSeconds = 0
  /** Every track keeps to the tolerances of partial segments, as far as its first segment tells. */
  isLowLatency = true

  constructor(options: CmafIndexOptions, life: string) {
    this.options = options
    this.life = life
  }

  apply({ record, payloadFrom, next }: PlacedRecord, payload: () => Uint8Array): void {
    this.version++
    if (record.type !== 'chunk') this.segmentVersion++
    if (record.type === 'tracks') return this.#setTracks(record.tracks)
    if (record.type === 'end') {
      this.ended = true
      for (const track of this.tracks.values()) track.version++
      return
    }
    const track = this.tracks.get(record.trackId)
    if (!track) return
    if (record.type === 'init') track.inits.set(record.initId, { bytes: payload(), info: track.info })
    else if (record.type === 'chunk') this.#addChunk(track, record, [payloadFrom, next])
    else this.#close(track, record)
    track.version++
  }

  /** The segments of the playlist: the newest ones. */
  listed(track: IndexedTrack): readonly IndexedSegment[] {
    return this.ended ? track.segments : track.segments.slice(-this.windowSegments)
  }
  /** Length of the lists. */
  get windowSegments(): number {
    const { windowSegments, recordingId, timeShiftMs, segmentMs } = this.options
    return recordingId === undefined ? windowSegments : Math.max(windowSegments, Math.ceil(timeShiftMs / segmentMs))
  }

  /** The lowest position that a segment still needs; `head` when there is none. */
  lowestPosition(head: number): number {
    let lowest = head
    for (const { segments, open } of this.tracks.values()) {
      const first = Math.max(0, segments.length - this.options.windowSegments - GRACE_SEGMENTS - 1)
      const oldest = segments.slice(first).find(({ place }) => place === 'log') ?? open
      lowest = Math.min(lowest, oldest?.parts[0]?.from ?? head)
    }
    return lowest
  }

  toSnapshot(): Uint8Array {
    const tracks = [...this.tracks.values()].map((track) => ({
      ...track,
      inits: [...track.inits].map(([id, { bytes, info }]) => [id, Buffer.from(bytes).toString('base64'), info]),
    }))
    const { options, life, runs, forgotten, ended } = this
    const { version, segmentVersion, zeroEpochMs, origin, targetSeconds, isLowLatency } = this
    const counts = { version, segmentVersion, zeroEpochMs, origin, targetSeconds, isLowLatency }
    const state = { options, life, runs, forgotten, ended, ...counts }
    return Buffer.from(JSON.stringify({ ...state, tracks }))
  }
  static fromSnapshot(bytes: Uint8Array): CmafIndex {
    const state = JSON.parse(Buffer.from(bytes).toString()) as SnapshotJson
    const index = new CmafIndex(state.options, state.life)
    for (const track of state.tracks) {
      const inits = new Map(
        track.inits.map(([id, text, info]) => [id, { bytes: new Uint8Array(Buffer.from(text, 'base64')), info }]),
      )
      index.tracks.set(track.info.id, { ...track, open: track.open, inits })
    }
    index.runs.push(...state.runs)
    const { forgotten, ended, version, segmentVersion, zeroEpochMs, origin, targetSeconds, isLowLatency } = state
    const counts = { version, segmentVersion, zeroEpochMs, origin, targetSeconds, isLowLatency }
    return Object.assign(index, { forgotten, ended, ...counts })
  }

  #setTracks(infos: readonly CmafTrackInfo[]): void {
    for (const info of infos) {
      const known = this.tracks.get(info.id)
      if (known) known.info = info
      else this.tracks.set(info.id, newTrack(info))
    }
    const kept = new Set(infos.map((info) => info.id))
    for (const id of this.tracks.keys()) if (!kept.has(id)) this.tracks.delete(id)
  }

  #addChunk(track: IndexedTrack, record: ChunkRecord, [from, to]: readonly [number, number]): void {
    const { startTicks, durationTicks, isIndependent } = record
    const open = track.open ?? { ...record, parts: [], regularCount: 0 }
    const part: IndexedPart = { from, to, startTicks, durationTicks, isIndependent }
    const before = open.parts.at(-1)
    // Behind a hole the parts of a segment do not add up to it.
    const isMet = !before || before.startTicks + before.durationTicks === startTicks
    const isRegular = isMet && open.regularCount === open.parts.length && this.#isRegularPart(track, record)
    const regularCount = open.regularCount + (isRegular ? 1 : 0)
    track.open = { ...open, parts: [...open.parts, part], regularCount }
  }
  #isRegularPart(track: IndexedTrack, record: ChunkRecord): boolean {
    const { durationTicks, isLast } = record
    const durationMs = msOf(track, record, durationTicks)
    const { partTargetMs } = this.options
    if (durationMs > partTargetMs + PART_ROUNDING_MS) return false
    return isLast || durationMs >= partTargetMs * LEAST_PART_SHARE
  }

  #close(track: IndexedTrack, record: SegmentRecord): void {
    const { open, segments } = track
    track.open = undefined
    this.#fillGaps(track, record)
    const last = segments.at(-1)
    if (!open || (last && last.sequence >= record.sequence)) return
    const isRegular = open.regularCount === open.parts.length
    if (segments.length === 0 && !isRegular) this.isLowLatency = false
    this.targetSeconds ||= record.targetSeconds
    segments.push({ ...record, place: 'log', parts: open.parts, isRegular })
    if (!record.isIndependent) track.dependentCount++
    if (record.captions) track.captions = record.captions
    this.#noteRun(track, record)
    this.#shorten(track)
    for (const other of this.tracks.values()) if (other !== track) this.#fillSilence(other, track, record)
  }

  #noteRun(track: IndexedTrack, record: SegmentRecord): void {
    const { sequence, epochMs, discontinuity } = record
    const last = this.runs.at(-1)
    const startMs = startMsOf(track, record)
    if (last && discontinuity && sequence < last.sequence) return this.#insertRun(record, startMs)
    if (last && (!discontinuity || sequence === last.sequence)) return this.#widenRun(track, last, startMs)
    if (!last) {
      this.zeroEpochMs = epochMs - startMs
      this.origin = { startMs, gridMs: onGrid(startMs, this.options.segmentMs) }
    }
    const before = track.segments.at(-2)
    const endMs = before ? endMsOf(track, before) : startMs
    if (last) this.runs[this.runs.length - 1] = { ...last, endMs: Math.max(last.startMs, endMs) }
    // Sound is earlier than pictures by as much as these are reordered: who changes twice in that time stands behind.
    const fromMs = last ? Math.max(startMs, last.startMs + LEAST_RUN_MS) : startMs
    const gridMs = onGrid(fromMs, this.options.segmentMs)
    this.runs.push({ sequence, startMs: fromMs, gridMs, epochMs: Math.round(epochMs + fromMs - startMs) })
  }

  /** A track that changed more than once where the others did not ends its segments behind theirs. */
  #insertRun({ sequence, epochMs }: SegmentRecord, startMs: number): void {
    const at = this.runs.findIndex((run) => run.sequence > sequence)
    const [before, behind] = [this.runs[at - 1], this.runs[at]]
    if (!before || !behind || before.sequence === sequence) return
    if (startMs <= before.startMs || startMs >= behind.startMs) return
    this.runs[at - 1] = { ...before, endMs: Math.min(before.endMs ?? startMs, startMs) }
    const gridMs = onGrid(startMs, this.options.segmentMs)
    this.runs.splice(at, 0, { sequence, startMs, gridMs, epochMs, endMs: behind.startMs })
  }

  /** Tracks of a run start a little before or after each other: it starts with the first of them. */
  #widenRun({ segments }: IndexedTrack, run: IndexedRun, trackMs: number): void {
    const before = this.runs.at(-2)
    const startMs = before ? Math.max(trackMs, before.startMs + LEAST_RUN_MS) : trackMs
    const isFirst = (segments.at(-2)?.sequence ?? Number.NEGATIVE_INFINITY) < run.sequence
    if (!isFirst || startMs >= run.startMs || (segments.at(-1)?.sequence ?? 0) < run.sequence) return
    if (run.startMs === this.origin.startMs) this.origin = { ...this.origin, startMs }
    this.runs[this.runs.length - 1] = { ...run, startMs, epochMs: Math.round(run.epochMs - (run.startMs - startMs)) }
  }

  /** Runs before the oldest segment of all tracks are forgotten. */
  #forgetRuns(): void {
    const oldest = Math.min(...[...this.tracks.values()].map(({ segments }) => segments[0]?.sequence ?? 0))
    while ((this.runs[1]?.sequence ?? Number.POSITIVE_INFINITY) <= oldest) {
      const gone = this.runs.shift()
      const durationMs = (gone?.endMs ?? 0) - (gone?.startMs ?? 0)
      const { runs, tiles } = this.forgotten
      this.forgotten = { runs: runs + 1, tiles: tiles + Math.ceil(durationMs / this.options.tileMs) }
    }
  }

  #shorten(track: IndexedTrack): void {
    const { segments, inits } = track
    const { windowSegments, recordingId } = this.options
    if (recordingId !== undefined) leaveLog(segments, segments.length - windowSegments - GRACE_SEGMENTS)
    while (segments.length > this.windowSegments + GRACE_SEGMENTS) {
      const gone = segments.shift()
      track.keyframeSequence += gone?.keyframes.length ?? 0
      if (gone?.discontinuity) track.discontinuitySequence++
      if (gone?.isIndependent === false) track.dependentCount--
    }
    const lowest = Math.min(...segments.map((segment) => segment.initId))
    for (const id of inits.keys()) if (id < lowest) inits.delete(id)
    this.#forgetRuns()
  }

  /** Numbers that the track has skipped: it had no samples there. */
  #fillGaps(track: IndexedTrack, next: SegmentRecord): void {
    const last = track.segments.at(-1)
    const count = last ? next.sequence - last.sequence - 1 : 0
    if (!last || count <= 0) return
    const { clockRateHz } = infoOf(track, last)
    const startTicks = last.startTicks + last.durationTicks
    const untilTicks = (startMsOf(track, next) * clockRateHz) / 1000
    // A long frame may cover the whole interval: a list has no room for segments of no length.
    // What is missing of the segments beside it makes no gap longer than segments may be.
    const mostTicks = this.targetSeconds * clockRateHz
    const durationTicks = Math.max(1, (untilTicks - startTicks) / count)
    for (let at = 0; at < count; at++) {
      const start = Math.round(startTicks + at * durationTicks)
      track.segments.push(gapAfter(track, last, 1 + at, [start, Math.round(Math.min(durationTicks, mostTicks))]))
    }
  }
  /** A track that is silent while the others go on still has its segments: gaps. */
  #fillSilence(silent: IndexedTrack, speaking: IndexedTrack, newest: SegmentRecord): void {
    const last = silent.segments.at(-1)
    if (!last || silent.open) return
    const untilMs = endMsOf(speaking, newest) - silentAfterMs(this.options.segmentMs)
    const passed = speaking.segments.filter(
      (segment) => segment.sequence > last.sequence && endMsOf(speaking, segment) < untilMs,
    )
    for (const segment of passed) {
      const scale = infoOf(silent, last).clockRateHz / infoOf(speaking, segment).clockRateHz
      const before = silent.segments.at(-1) ?? last
      // Frames do not end where those of other tracks do.
      const start = Math.max(Math.round(segment.startTicks * scale), before.startTicks + before.durationTicks)
      const end = Math.round((segment.startTicks + segment.durationTicks) * scale)
      const times: Times = [start, Math.max(1, end - start)]
      silent.segments.push(gapAfter(silent, last, segment.sequence - last.sequence, times))
    }
    if (passed.length === 0) return
    silent.version++
    this.#shorten(silent)
  }
}

type ChunkRecord = Extract<CmafRecord, { type: 'chunk' }>
type SegmentRecord = Extract<CmafRecord, { type: 'segment' }>

function newTrack(info: CmafTrackInfo): IndexedTrack {
  return {
    info,
    inits: new Map(),
    segments: [],
    discontinuitySequence: 0,
    keyframeSequence: 0,
    dependentCount: 0,
    open: undefined,
    captions: [],
    version: 0,
  }
}

/** Segments before `until` are from now on to be had from the recording. */
function leaveLog(segments: IndexedSegment[], until: number): void {
  for (let at = until - 1; at >= 0; at--) {
    const segment = segments[at]
    if (segment?.place === 'recording') return
    if (segment?.place === 'log') segments[at] = { ...segment, place: 'recording', parts: [] }
  }
}

type Times = readonly [startTicks: number, durationTicks: number]

function gapAfter(track: IndexedTrack, last: IndexedSegment, steps: number, times: Times): IndexedSegment {
  const [startTicks, durationTicks] = times
  return {
    ...last,
    sequence: last.sequence + steps,
    startTicks,
    durationTicks,
    discontinuity: false,
    isIndependent: true,
    byteLength: 0,
    // Rounded down: gaps may start some ticks behind the segment that follows them, which is rounded to the nearest.
    epochMs: last.epochMs + Math.floor(msOf(track, last, startTicks - last.startTicks)),
    keyframes: [],
    place: 'gap',
    parts: [],
    isRegular: true,
  }
}

type TrackJson = Omit<IndexedTrack, 'inits' | 'open'> & {
  readonly inits: readonly [number, string, CmafTrackInfo][]
  /** Undefined does not outlive JSON. */
  readonly open?: OpenSegment
}
type SnapshotJson = {
  readonly tracks: readonly TrackJson[]
  readonly life: string
  readonly ended: boolean
  readonly version: number
  readonly segmentVersion: number
  readonly zeroEpochMs: number
  readonly origin: RunStart
  readonly runs: readonly IndexedRun[]
  readonly forgotten: CmafIndex['forgotten']
  readonly targetSeconds: number
  readonly isLowLatency: boolean
  readonly options: CmafIndexOptions
}
