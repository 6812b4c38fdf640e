import type { ByteWriter } from '../../../bytes/index.ts'
import { fullBox, PLAIN } from '../box.ts'

/** Runs of equal values, in the order of the samples. */
export type ValueRun = { count: number; readonly value: number }

/** ISO/IEC 14496-12, 8.6.1: how the tables of times count samples. */
export function runsOf(count: number, valueAt: (index: number) => number): ValueRun[] {
  const runs: ValueRun[] = []
  let last: ValueRun | undefined
  for (let index = 0; index < count; index++) {
    const value = valueAt(index)
    if (last?.value === value) last.count++
    else {
      last = { count: 1, value }
      runs.push(last)
    }
  }
  return runs
}

/** Decoding Time to Sample: steps between decode times. ISO/IEC 14496-12, 8.6.1.2. */
export function stts(w: ByteWriter, steps: readonly ValueRun[]): void {
  fullBox(w, 'stts', PLAIN, () => {
    w.u32(steps.length)
    for (const { count, value } of steps) {
      w.u32(count)
      w.u32(value)
    }
  })
}

/** Composition Time to Sample; version 1 only where an offset is negative. ISO/IEC 14496-12, 8.6.1.3. */
export function ctts(w: ByteWriter, offsets: readonly ValueRun[]): void {
  const version = offsets.some(({ value }) => value < 0) ? 1 : 0
  fullBox(w, 'ctts', { version, flags: 0 }, () => {
    w.u32(offsets.length)
    for (const { count, value } of offsets) {
      w.u32(count)
      w.i32(value)
    }
  })
}

/** Sync Sample: numbers from 1 of the samples that a decoder can start at. ISO/IEC 14496-12, 8.6.2. */
export function stss(w: ByteWriter, sampleNumbers: readonly number[]): void {
  fullBox(w, 'stss', PLAIN, () => {
    w.u32(sampleNumbers.length)
    for (const number of sampleNumbers) w.u32(number)
  })
}

/** One row for every run of chunks with as many samples and the same sample entry. */
export type ChunkRun = {
  /** From 1. */
  readonly firstChunk: number
  readonly samplesPerChunk: number
  /** From 1. */
  readonly sampleDescriptionIndex: number
}

/** Sample To Chunk. ISO/IEC 14496-12, 8.7.4. */
export function stsc(w: ByteWriter, runs: readonly ChunkRun[]): void {
  fullBox(w, 'stsc', PLAIN, () => {
    w.u32(runs.length)
    for (const run of runs) {
      w.u32(run.firstChunk)
      w.u32(run.samplesPerChunk)
      w.u32(run.sampleDescriptionIndex)
    }
  })
}

/** Sample Size. ISO/IEC 14496-12, 8.7.3.2. */
export function stsz(w: ByteWriter, sizesBytes: Uint32Array): void {
  fullBox(w, 'stsz', PLAIN, () => {
    w.u32(0) // sample_size: they differ
    w.u32(sizesBytes.length)
    for (const size of sizesBytes) w.u32(size)
  })
}

/** Width of the chunk offsets: 32 bits while they suffice. */
export type OffsetBox = 'stco' | 'co64'

/** Chunk Offset. ISO/IEC 14496-12, 8.7.5. */
export function chunkOffsets(w: ByteWriter, type: OffsetBox, offsets: readonly number[]): void {
  fullBox(w, type, PLAIN, () => {
    w.u32(offsets.length)
    for (const offset of offsets) {
      if (type === 'stco') w.u32(offset)
      else w.u64(BigInt(offset))
    }
  })
}
