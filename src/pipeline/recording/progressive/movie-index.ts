import { MalformedInputError, UnsupportedInputError } from '../../../media/errors.ts'
import {
  type FragmentDefaults,
  type ProgressiveChunk,
  type ProgressiveTrack,
  readMovie,
} from '../../../media/formats/mp4/index.ts'
import { rescaleTicks, sameConfiguration, type Track } from '../../../media/model/index.ts'
import { type IndexedRun, readSegmentIndex } from './read-segment-index.ts'
import type { BlobReader, RecordedSegment } from './recorded-segment.ts'
import { planRecordingTimeline } from './recording-timeline.ts'
import { SampleTableBuilder } from './sample-table-builder.ts'

/** What `layoutProgressive` is fed. Sources are counted by the segments in the order that is given here. */
export type MovieIndex = {
  readonly tracks: readonly ProgressiveTrack[]
  readonly chunks: readonly ProgressiveChunk[]
  readonly segments: readonly RecordedSegment[]
}

type Init = { readonly track: Track; readonly defaults: FragmentDefaults }
type MovieLane = { readonly versions: [Track, ...Track[]]; readonly table: SampleTableBuilder }
type TimedChunk = ProgressiveChunk & { readonly seconds: number }

/** Segments whose tables are being fetched at one time. */
const FETCHES_AT_ONCE = 8

/** Builds the sample tables of a recording out of its moof boxes. Media data are not read. */
export async function indexMovie(recorded: readonly RecordedSegment[], source: BlobReader): Promise<MovieIndex> {
  const segments = recorded.toSorted((a, b) => a.sequence - b.sequence || a.trackId - b.trackId)
  const inits = await readInits(segments, source)
  const initOf = (segment: RecordedSegment): Init => {
    const init = inits.get(segment.initKey)
    if (init?.track.id === segment.trackId) return init
    throw new MalformedInputError('track_ID', 0, `${segment.initKey} is not of track ${segment.trackId}`)
  }
  const timeline = planRecordingTimeline(segments, (segment) => initOf(segment).track.clockRateHz)
  const builder = new MovieIndexBuilder()
  for (let first = 0; first < segments.length; first += FETCHES_AT_ONCE) {
    const batch = segments.slice(first, first + FETCHES_AT_ONCE)
    const indexes = await Promise.all(batch.map((each) => readSegmentIndex(each, source, initOf(each).defaults)))
    for (const [offset, segment] of batch.entries()) {
      const { track } = initOf(segment)
      const shiftSeconds = timeline.shiftSecondsOf(segment)
      for (const run of indexes[offset] ?? []) builder.add(run, { track, shiftSeconds, sourceIndex: first + offset })
    }
  }
  return { ...builder.build(), segments }
}

async function readInits(segments: readonly RecordedSegment[], source: BlobReader): Promise<Map<string, Init>> {
  const inits = new Map<string, Init>()
  for (const { initKey } of segments) {
    if (inits.has(initKey)) continue
    const bytes = await source.read(initKey, 0, await source.size(initKey))
    const [movieTrack] = readMovie(bytes)
    if (movieTrack === undefined) throw new UnsupportedInputError(`${initKey} has no track`)
    // Millrace writes the timescale of the codec's canonical clock, so file ticks are track ticks.
    const track = { ...movieTrack.track, clockRateHz: movieTrack.timescaleHz }
    inits.set(initKey, { track, defaults: new Map([[track.id, movieTrack.defaults]]) })
  }
  return inits
}

type RunContext = { readonly track: Track; readonly shiftSeconds: number; readonly sourceIndex: number }

class MovieIndexBuilder {
  readonly #lanes: MovieLane[] = []
  readonly #chunks: TimedChunk[] = []

  add(run: IndexedRun, { track, shiftSeconds, sourceIndex }: RunContext): void {
    if (run.samples.length === 0) return
    const trackIndex = this.#laneFor(track)
    const lane = this.#lanes[trackIndex]
    if (lane === undefined) return
    const clockRateHz = lane.versions[0].clockRateHz
    const shiftTicks = Math.round(shiftSeconds * clockRateHz)
    const first = lane.table.count
    addSamples(lane.table, run, (ticks) => rescaleTicks(ticks, track.clockRateHz, clockRateHz) + shiftTicks)
    this.#chunks.push({
      trackIndex,
      sampleCount: run.samples.length,
      versionIndex: versionIndexOf(lane, track),
      byteLength: run.byteLength,
      sourceIndex,
      sourceOffset: run.sourceOffset,
      seconds: lane.table.dtsAt(first) / clockRateHz,
    })
  }

  /** Chunks of all tracks in the order of their decode times. */
  build(): { tracks: ProgressiveTrack[]; chunks: ProgressiveChunk[] } {
    if (this.#lanes.length === 0) throw new UnsupportedInputError('a recording without samples')
    return {
      tracks: this.#lanes.map(({ versions, table }) => ({ versions, samples: table.build() })),
      chunks: this.#chunks.toSorted((a, b) => a.seconds - b.seconds),
    }
  }

  /** A track may change its configuration, its codec too, but not from video to audio. */
  #laneFor(track: Track): number {
    const found = this.#lanes.findIndex(({ versions: [first] }) => first.id === track.id && first.kind === track.kind)
    if (found >= 0) return found
    const isTaken = this.#lanes.some(({ versions: [first] }) => first.id === track.id)
    const highest = Math.max(0, ...this.#lanes.map(({ versions: [first] }) => first.id))
    const id = isTaken ? Math.max(highest, track.id) + 1 : track.id
    this.#lanes.push({ versions: [{ ...track, id }], table: new SampleTableBuilder() })
    return this.#lanes.length - 1
  }
}

function versionIndexOf(lane: MovieLane, track: Track): number {
  const found = lane.versions.findIndex((version) => sameConfiguration(version, track))
  return found >= 0 ? found : lane.versions.push(track) - 1
}

function addSamples(table: SampleTableBuilder, run: IndexedRun, toTicks: (ticks: number) => number): void {
  let decodeTicks = run.baseDecodeTimeTicks
  for (const { durationTicks, sizeBytes, isKey, compositionOffsetTicks } of run.samples) {
    const dtsTicks = toTicks(decodeTicks)
    const endTicks = toTicks(decodeTicks + durationTicks)
    const ptsTicks = toTicks(decodeTicks + compositionOffsetTicks)
    table.add({ dtsTicks, ptsTicks, durationTicks: endTicks - dtsTicks, sizeBytes, isKey })
    decodeTicks += durationTicks
  }
}
