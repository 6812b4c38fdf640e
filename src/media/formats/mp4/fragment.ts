import { ByteWriter } from '../../bytes/index.ts'
import { invariant } from '../../errors.ts'
import type { Ticks } from '../../model/index.ts'
import { box } from './box.ts'
import { mdatHeader } from './boxes/file-boxes.ts'
import {
  mfhd,
  NON_SYNC_SAMPLE_FLAGS,
  type RunDefaults,
  type RunSample,
  SYNC_SAMPLE_FLAGS,
  tfdt,
  tfhd,
  trun,
} from './boxes/fragment-boxes.ts'

/** One sample of a fragment, times in ticks of its track's clock. */
export type CmafSample = {
  readonly dtsTicks: Ticks
  readonly ptsTicks: Ticks
  readonly durationTicks: Ticks
  readonly isKey: boolean
  /** Appears in the output as it is, without a copy. */
  readonly data: Uint8Array
}

/** Consecutive samples of one track. */
export type FragmentRun = {
  readonly trackId: number
  /** At least one. */
  readonly samples: readonly CmafSample[]
}

/**
 * Movie Fragment with its Media Data: [moof and mdat header, sample data …]. ISO/IEC 14496-12, 8.8.4.
 *
 * Decode and presentation times are exact: inside a run a sample's written duration is the step to the next decode
 * time, and only the last one's is its own `durationTicks`. Decode times below zero are written as zero.
 *
 * The first part is a view on `w` where that is given (valid until its next use), else it is valid for good.
 */
export function writeFragment(
  sequenceNumber: number,
  runs: readonly FragmentRun[],
  w: ByteWriter = new ByteWriter(headerCapacityBytes(runs)),
): Uint8Array[] {
  const start = w.length
  const offsets: { at: number; payloadBefore: number }[] = []
  let payloadBytes = 0
  box(w, 'moof', () => {
    mfhd(w, sequenceNumber)
    for (const run of runs) {
      offsets.push({ at: writeTrackFragment(w, run), payloadBefore: payloadBytes })
      for (const sample of run.samples) payloadBytes += sample.data.length
    }
  })
  mdatHeader(w, payloadBytes)
  const headerBytes = w.length - start
  for (const { at, payloadBefore } of offsets) w.patchU32(at, headerBytes + payloadBefore)
  return [w.view().subarray(start), ...runs.flatMap((run) => run.samples.map((sample) => sample.data))]
}

/** Room for the moof and the mdat header: 16 bytes a sample at most. */
function headerCapacityBytes(runs: readonly FragmentRun[]): number {
  return runs.reduce((sum, run) => sum + 128 + 16 * run.samples.length, 64)
}

/** Track Fragment. ISO/IEC 14496-12, 8.8.6. Returns where its data_offset stands. */
function writeTrackFragment(w: ByteWriter, run: FragmentRun): number {
  const first = run.samples[0]
  invariant(first !== undefined, 'a track run has at least one sample')
  const samples = toRunSamples(run.samples)
  const defaults = commonValues(samples)
  let dataOffsetAt = 0
  box(w, 'traf', () => {
    tfhd(w, run.trackId, defaults)
    tfdt(w, decodeTime(first))
    dataOffsetAt = trun(w, samples, defaults)
  })
  return dataOffsetAt
}

/** Every sample lasts until the next one is decoded, the last one for its own duration. */
function toRunSamples(samples: readonly CmafSample[]): RunSample[] {
  return samples.map((sample, index) => {
    const decodeTicks = decodeTime(sample)
    const next = samples[index + 1]
    return {
      durationTicks: next === undefined ? sample.durationTicks : Math.max(0, decodeTime(next) - decodeTicks),
      sizeBytes: sample.data.length,
      flags: sample.isKey ? SYNC_SAMPLE_FLAGS : NON_SYNC_SAMPLE_FLAGS,
      compositionOffsetTicks: sample.ptsTicks - decodeTicks,
    }
  })
}

function decodeTime(sample: CmafSample): number {
  return Math.max(0, sample.dtsTicks)
}

function commonValues(samples: readonly RunSample[]): RunDefaults {
  const [first] = samples
  const common = (value: (sample: RunSample) => number): number | undefined =>
    first !== undefined && samples.every((sample) => value(sample) === value(first)) ? value(first) : undefined
  return {
    durationTicks: common((sample) => sample.durationTicks),
    sizeBytes: common((sample) => sample.sizeBytes),
    flags: common((sample) => sample.flags),
  }
}
