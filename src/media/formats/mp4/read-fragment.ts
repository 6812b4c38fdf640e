import type { ByteReader } from '../../bytes/index.ts'
import { LimitExceededError } from '../../errors.ts'
import { child, readBoxes, readByVersion, readSafeU64, readVersionAndFlags } from './box.ts'
import { SAMPLE_IS_NON_SYNC, TFHD, TRUN } from './boxes/fragment-boxes.ts'
import type { TrackExtends } from './read-movie.ts'

/** One sample of a fragment as its boxes say, in the file's own clock. */
export type FragmentSample = {
  readonly durationTicks: number
  readonly sizeBytes: number
  readonly isKey: boolean
  readonly compositionOffsetTicks: number
}

/** Consecutive samples whose data lie one after the other. */
export type FragmentDataRun = {
  /** From the first byte of the moof (or from the file's, if `isFromFile`). */
  readonly dataOffset: number
  /** A base_data_offset counts from the start of the file. ISO/IEC 14496-12, 8.8.7.1. */
  readonly isFromFile: boolean
  readonly samples: readonly FragmentSample[]
}

export type TrackFragment = {
  readonly trackId: number
  /** Undefined where there is no tfdt: the fragment goes on where the one before ended. */
  readonly baseDecodeTimeTicks: number | undefined
  readonly runs: readonly FragmentDataRun[]
  /** Length of a time without samples. ISO/IEC 14496-12, 8.8.7.1, duration-is-empty. */
  readonly emptyTicks: number
}

export type FragmentDefaults = ReadonlyMap<number, TrackExtends>

/** Samples in one fragment, over all its tracks: an hour of 30 frames per second. */
const MAX_SAMPLES = 108_000

/** The reader stands behind the header of a moof. ISO/IEC 14496-12, 8.8.4. */
export function readMoof(moof: ByteReader, defaults: FragmentDefaults): TrackFragment[] {
  const fragments: TrackFragment[] = []
  const budget = { samplesLeft: MAX_SAMPLES }
  let baseOfNext = 0
  for (const { type, body } of readBoxes(moof)) {
    if (type !== 'traf') continue
    const { fragment, endOfData } = readTraf(body, { defaults, baseOfNext, budget })
    fragments.push(fragment)
    baseOfNext = endOfData
  }
  return fragments
}

type TrafContext = {
  readonly defaults: FragmentDefaults
  /** Where data starts if a track fragment does not say: behind those of the one before. */
  readonly baseOfNext: number
  readonly budget: { samplesLeft: number }
}

type TrackFragmentHeader = TrackExtends & {
  readonly trackId: number
  readonly baseDataOffset: number | undefined
  readonly isBaseMoof: boolean
  readonly isEmpty: boolean
}

const NO_DEFAULTS: TrackExtends = { durationTicks: 0, sizeBytes: 0, flags: 0 }

function readTraf(traf: ByteReader, context: TrafContext): { fragment: TrackFragment; endOfData: number } {
  const boxes = [...readBoxes(traf)]
  const children = new Map(boxes.map(({ type, body }) => [type, body]))
  const header = readTfhd(child(children, 'tfhd', traf), context.defaults)
  const tfdt = children.get('tfdt')
  const baseDecodeTimeTicks = tfdt === undefined ? undefined : readTfdt(tfdt)
  const isFromFile = header.baseDataOffset !== undefined
  const base = header.baseDataOffset ?? (header.isBaseMoof ? 0 : context.baseOfNext)
  const runs: FragmentDataRun[] = []
  let endOfData = base
  for (const { type, body } of boxes) {
    if (type !== 'trun') continue
    const { dataOffset, samples } = readTrun(body, header, context.budget)
    const start = dataOffset === undefined ? endOfData : base + dataOffset
    runs.push({ dataOffset: start, isFromFile, samples })
    endOfData = start + samples.reduce((sum, sample) => sum + sample.sizeBytes, 0)
  }
  const emptyTicks = header.isEmpty ? header.durationTicks : 0
  return { fragment: { trackId: header.trackId, baseDecodeTimeTicks, runs, emptyTicks }, endOfData }
}

/** ISO/IEC 14496-12, 8.8.7. */
function readTfhd(tfhd: ByteReader, allDefaults: FragmentDefaults): TrackFragmentHeader {
  const { flags } = readVersionAndFlags(tfhd)
  const trackId = tfhd.u32('track_ID')
  const defaults = allDefaults.get(trackId) ?? NO_DEFAULTS
  const baseDataOffset = flags & TFHD.baseDataOffset ? readSafeU64(tfhd, 'base_data_offset') : undefined
  if (flags & TFHD.sampleDescriptionIndex) tfhd.skip(4, 'sample_description_index')
  return {
    trackId,
    baseDataOffset,
    isBaseMoof: (flags & TFHD.defaultBaseIsMoof) !== 0,
    isEmpty: (flags & TFHD.durationIsEmpty) !== 0,
    durationTicks: flags & TFHD.defaultDuration ? tfhd.u32('default_sample_duration') : defaults.durationTicks,
    sizeBytes: flags & TFHD.defaultSize ? tfhd.u32('default_sample_size') : defaults.sizeBytes,
    flags: flags & TFHD.defaultFlags ? tfhd.u32('default_sample_flags') : defaults.flags,
  }
}

/** ISO/IEC 14496-12, 8.8.12. */
function readTfdt(tfdt: ByteReader): number {
  const { version } = readVersionAndFlags(tfdt)
  return readByVersion(tfdt, version, 'baseMediaDecodeTime')
}

/** ISO/IEC 14496-12, 8.8.8. */
function readTrun(
  trun: ByteReader,
  defaults: TrackExtends,
  budget: { samplesLeft: number },
): { dataOffset: number | undefined; samples: FragmentSample[] } {
  const { flags } = readVersionAndFlags(trun)
  const count = trun.u32('sample_count')
  budget.samplesLeft -= count
  if (budget.samplesLeft < 0) throw new LimitExceededError(`more than ${MAX_SAMPLES} samples in a movie fragment`)
  const dataOffset = flags & TRUN.dataOffset ? trun.i32('data_offset') : undefined
  const firstFlags = flags & TRUN.firstSampleFlags ? trun.u32('first_sample_flags') : undefined
  const samples: FragmentSample[] = []
  for (let index = 0; index < count; index++) {
    const durationTicks = flags & TRUN.duration ? trun.u32('sample_duration') : defaults.durationTicks
    const sizeBytes = flags & TRUN.size ? trun.u32('sample_size') : defaults.sizeBytes
    const own = flags & TRUN.flags ? trun.u32('sample_flags') : defaults.flags
    const sampleFlags = index === 0 && firstFlags !== undefined ? firstFlags : own
    // Writers put negative offsets into version 0 as well; none is so large that this could be wrong.
    const compositionOffsetTicks = flags & TRUN.compositionOffset ? trun.i32('sample_composition_time_offset') : 0
    samples.push({ durationTicks, sizeBytes, isKey: (sampleFlags & SAMPLE_IS_NON_SYNC) === 0, compositionOffsetTicks })
  }
  return { dataOffset, samples }
}
