import type { ByteWriter } from '../../bytes/index.ts'
import type { Track } from '../../model/index.ts'
import { box } from './box.ts'
import { type Edit, edts, mdia, tkhd } from './boxes/movie-boxes.ts'
import { stsd } from './boxes/sample-entries.ts'
import {
  type ChunkRun,
  chunkOffsets,
  ctts,
  type OffsetBox,
  runsOf,
  stsc,
  stss,
  stsz,
  stts,
  type ValueRun,
} from './boxes/sample-table-boxes.ts'
import type { PlacedChunk, ProgressiveTrack, SampleTable } from './sample-table.ts'

/** Everything of a track's `trak` but the place of its data. */
export type TrackPlan = {
  readonly versions: readonly [Track, ...Track[]]
  /** In the movie's timescale: the empty edit and what is presented. */
  readonly movieDurationTicks: number
  readonly mediaDurationTicks: number
  readonly edits: readonly Edit[]
  readonly steps: readonly ValueRun[]
  readonly compositionOffsets: readonly ValueRun[]
  /** Empty where every sample is one. */
  readonly syncSamples: readonly number[]
  readonly sizesBytes: Uint32Array
  readonly chunkRuns: readonly ChunkRun[]
  readonly payloadOffsets: readonly number[]
  /** An upper bound of the size of the `trak`. */
  readonly tableBytes: number
}

export type MovieClock = { readonly timescaleHz: number; readonly startSeconds: number }

const MOST_EXACT_TIMESCALE_HZ = 100_000_000
const DEFAULT_TIMESCALE_HZ = 90_000

/** A timescale in which every track's ticks are whole, where there is a reasonable one. */
export function movieTimescaleHz(clockRatesHz: readonly number[]): number {
  const least = clockRatesHz.reduce((a, b) => (a / greatestCommonDivisor(a, b)) * b, 1)
  return least <= MOST_EXACT_TIMESCALE_HZ ? least : DEFAULT_TIMESCALE_HZ
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b)
}

/** Times in a file count from the first decode time of the track. */
export function planTrack(track: ProgressiveTrack, chunks: readonly PlacedChunk[], movie: MovieClock): TrackPlan {
  const { versions, samples } = track
  const count = samples.dtsTicks.length
  const { clockRateHz } = versions[0]
  const toMovieTicks = (ticks: number) => Math.round((ticks * movie.timescaleHz) / clockRateHz)
  const span = presentationSpan(samples)
  const delayTicks = toMovieTicks(span.startTicks - movie.startSeconds * clockRateHz)
  const presentedTicks = toMovieTicks(span.endTicks - span.startTicks)
  const mediaTimeTicks = span.startTicks - (samples.dtsTicks[0] ?? 0)
  const parts = {
    steps: runsOf(count, (index) => stepAt(samples, index)),
    compositionOffsets: compositionRuns(samples, mediaTimeTicks),
    syncSamples: syncSamplesOf(samples),
    chunkRuns: chunkRunsOf(chunks),
    payloadOffsets: chunks.map((each) => each.payloadOffset),
  }
  return {
    ...parts,
    versions,
    sizesBytes: samples.sizeBytes,
    movieDurationTicks: delayTicks + presentedTicks,
    mediaDurationTicks: parts.steps.reduce((sum, step) => sum + step.count * step.value, 0),
    edits: editsOf(delayTicks, presentedTicks, Math.max(0, mediaTimeTicks)),
    tableBytes: tableBytesOf(track, parts),
  }
}

function editsOf(delayTicks: number, presentedTicks: number, mediaTimeTicks: number): Edit[] {
  const presented = { durationTicks: presentedTicks, mediaTimeTicks }
  if (delayTicks > 0) return [{ durationTicks: delayTicks, mediaTimeTicks: -1 }, presented]
  return mediaTimeTicks > 0 ? [presented] : []
}

/** From the earliest presentation time to the latest end. */
export function presentationSpan(samples: SampleTable): { startTicks: number; endTicks: number } {
  let startTicks = Number.POSITIVE_INFINITY
  let endTicks = Number.NEGATIVE_INFINITY
  for (let index = 0; index < samples.dtsTicks.length; index++) {
    const ptsTicks = (samples.dtsTicks[index] ?? 0) + (samples.compositionOffsetTicks[index] ?? 0)
    startTicks = Math.min(startTicks, ptsTicks)
    endTicks = Math.max(endTicks, ptsTicks + stepAt(samples, index))
  }
  return { startTicks, endTicks }
}

function stepAt(samples: SampleTable, index: number): number {
  const next = samples.dtsTicks[index + 1]
  return next === undefined ? (samples.durationTicks[index] ?? 0) : next - (samples.dtsTicks[index] ?? 0)
}

/** Offsets so that none of the file's composition times is below zero, which an edit could not reach. */
function compositionRuns(samples: SampleTable, mediaTimeTicks: number): ValueRun[] {
  const lift = Math.max(0, -mediaTimeTicks)
  const runs = runsOf(samples.dtsTicks.length, (index) => (samples.compositionOffsetTicks[index] ?? 0) + lift)
  return runs.length === 1 && runs[0]?.value === 0 ? [] : runs
}

function syncSamplesOf(samples: SampleTable): number[] {
  const numbers: number[] = []
  for (let index = 0; index < samples.isKey.length; index++) if (samples.isKey[index] === 1) numbers.push(index + 1)
  return numbers.length === samples.isKey.length ? [] : numbers
}

function chunkRunsOf(chunks: readonly PlacedChunk[]): ChunkRun[] {
  const runs: ChunkRun[] = []
  chunks.forEach(({ chunk }, index) => {
    const last = runs.at(-1)
    const samplesPerChunk = chunk.sampleCount
    const sampleDescriptionIndex = chunk.versionIndex + 1
    if (last?.samplesPerChunk === samplesPerChunk && last.sampleDescriptionIndex === sampleDescriptionIndex) return
    runs.push({ firstChunk: index + 1, samplesPerChunk, sampleDescriptionIndex })
  })
  return runs
}

function tableBytesOf(
  { versions, samples }: ProgressiveTrack,
  parts: Pick<TrackPlan, 'steps' | 'compositionOffsets' | 'syncSamples' | 'chunkRuns' | 'payloadOffsets'>,
): number {
  const entries = versions.reduce(
    (sum, { config, language = '' }) => sum + 256 + config.length + 3 * language.length,
    1024,
  )
  const timeRows = 8 * (parts.steps.length + parts.compositionOffsets.length)
  const sampleRows = 4 * (parts.syncSamples.length + samples.sizeBytes.length)
  return entries + timeRows + sampleRows + 12 * parts.chunkRuns.length + 8 * parts.payloadOffsets.length
}

export type DataPlace = { readonly offsetBox: OffsetBox; readonly dataStart: number }

/** Track with its sample tables. ISO/IEC 14496-12, 8.3.1 and 8.5.1. */
export function trak(w: ByteWriter, plan: TrackPlan, { offsetBox, dataStart }: DataPlace): void {
  box(w, 'trak', () => {
    tkhd(w, plan.versions[0], plan.movieDurationTicks)
    if (plan.edits.length > 0) edts(w, plan.edits)
    mdia(w, plan.versions[0], plan.mediaDurationTicks, () => {
      stsd(w, plan.versions)
      stts(w, plan.steps)
      if (plan.compositionOffsets.length > 0) ctts(w, plan.compositionOffsets)
      if (plan.syncSamples.length > 0) stss(w, plan.syncSamples)
      stsc(w, plan.chunkRuns)
      stsz(w, plan.sizesBytes)
      chunkOffsets(
        w,
        offsetBox,
        plan.payloadOffsets.map((offset) => dataStart + offset),
      )
    })
  })
}
