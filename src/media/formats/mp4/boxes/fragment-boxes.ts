import type { ByteWriter } from '../../../bytes/index.ts'
import { box, fullBox, PLAIN } from '../box.ts'

/** sample_depends_on 2: a decoder can start here. ISO/IEC 14496-12, 8.8.3.1. */
export const SYNC_SAMPLE_FLAGS = 0x0200_0000
/** sample_depends_on 1, sample_is_non_sync_sample 1. ISO/IEC 14496-12, 8.8.3.1. */
export const NON_SYNC_SAMPLE_FLAGS = 0x0101_0000
export const SAMPLE_IS_NON_SYNC = 0x0001_0000

/** Flags of tfhd. ISO/IEC 14496-12, 8.8.7.1. */
export const TFHD = {
  baseDataOffset: 0x01,
  sampleDescriptionIndex: 0x02,
  defaultDuration: 0x08,
  defaultSize: 0x10,
  defaultFlags: 0x20,
  durationIsEmpty: 0x01_0000,
  defaultBaseIsMoof: 0x02_0000,
} as const

/** Flags of trun. ISO/IEC 14496-12, 8.8.8.1. */
export const TRUN = {
  dataOffset: 0x01,
  firstSampleFlags: 0x04,
  duration: 0x100,
  size: 0x200,
  flags: 0x400,
  compositionOffset: 0x800,
} as const

/** Movie Extends: every track, defaults left to the fragments. ISO/IEC 14496-12, 8.8.1 and 8.8.3. */
export function mvex(w: ByteWriter, trackIds: readonly number[]): void {
  box(w, 'mvex', () => {
    for (const trackId of trackIds) trex(w, trackId)
  })
}

/** Track Extends. ISO/IEC 14496-12, 8.8.3. */
function trex(w: ByteWriter, trackId: number): void {
  fullBox(w, 'trex', PLAIN, () => {
    w.u32(trackId)
    w.u32(1) // default_sample_description_index
    w.u32(0) // default_sample_duration
    w.u32(0) // default_sample_size
    w.u32(0) // default_sample_flags
  })
}

/** Movie Fragment Header. ISO/IEC 14496-12, 8.8.5. */
export function mfhd(w: ByteWriter, sequenceNumber: number): void {
  fullBox(w, 'mfhd', PLAIN, () => w.u32(sequenceNumber % 2 ** 32))
}

/** What holds for every sample of a run; undefined where the run carries it sample by sample. */
export type RunDefaults = {
  readonly durationTicks: number | undefined
  readonly sizeBytes: number | undefined
  readonly flags: number | undefined
}

/** Track Fragment Header, offsets counted from the moof. ISO/IEC 14496-12, 8.8.7. */
export function tfhd(w: ByteWriter, trackId: number, defaults: RunDefaults): void {
  const flags =
    TFHD.defaultBaseIsMoof |
    (defaults.durationTicks === undefined ? 0 : TFHD.defaultDuration) |
    (defaults.sizeBytes === undefined ? 0 : TFHD.defaultSize) |
    (defaults.flags === undefined ? 0 : TFHD.defaultFlags)
  fullBox(w, 'tfhd', { version: 0, flags }, () => {
    w.u32(trackId)
    if (defaults.durationTicks !== undefined) w.u32(defaults.durationTicks)
    if (defaults.sizeBytes !== undefined) w.u32(defaults.sizeBytes)
    if (defaults.flags !== undefined) w.u32(defaults.flags)
  })
}

/** Track Fragment Decode Time, version 1. ISO/IEC 14496-12, 8.8.12. */
export function tfdt(w: ByteWriter, baseDecodeTimeTicks: number): void {
  fullBox(w, 'tfdt', { version: 1, flags: 0 }, () => w.u64(BigInt(baseDecodeTimeTicks)))
}

/** One row of a track run. */
export type RunSample = {
  readonly durationTicks: number
  readonly sizeBytes: number
  readonly flags: number
  readonly compositionOffsetTicks: number
}

/**
 * Track Fragment Run, version 1 (signed composition offsets). ISO/IEC 14496-12, 8.8.8.
 * Returns where the data_offset stands, to be patched when the size of the moof is known.
 */
export function trun(w: ByteWriter, samples: readonly RunSample[], defaults: RunDefaults): number {
  const flags =
    TRUN.dataOffset |
    (defaults.durationTicks === undefined ? TRUN.duration : 0) |
    (defaults.sizeBytes === undefined ? TRUN.size : 0) |
    (defaults.flags === undefined ? TRUN.flags : 0) |
    (samples.some((sample) => sample.compositionOffsetTicks !== 0) ? TRUN.compositionOffset : 0)
  let dataOffsetAt = 0
  fullBox(w, 'trun', { version: 1, flags }, () => {
    w.u32(samples.length)
    dataOffsetAt = w.length
    w.u32(0)
    for (const sample of samples) writeRunSample(w, sample, flags)
  })
  return dataOffsetAt
}

function writeRunSample(w: ByteWriter, sample: RunSample, flags: number): void {
  if (flags & TRUN.duration) w.u32(sample.durationTicks)
  if (flags & TRUN.size) w.u32(sample.sizeBytes)
  if (flags & TRUN.flags) w.u32(sample.flags)
  if (flags & TRUN.compositionOffset) w.i32(sample.compositionOffsetTicks)
}
