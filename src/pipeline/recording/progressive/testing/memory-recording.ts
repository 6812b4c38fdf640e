import type { CmafSegmenterOptions } from '../../../../media/formats/mp4/index.ts'
import { CmafSegmenter } from '../../../../media/formats/mp4/index.ts'
import { SegmentCollector } from '../../../../media/formats/mp4/testing/collect-segments.ts'
import type { BlobReader, RecordedSegment } from '../recorded-segment.ts'

/** Blobs in memory, which count what is read of them. */
export class MemoryBlobs implements BlobReader {
  readonly blobs = new Map<string, Uint8Array>()
  readBytes = 0
  largestReadBytes = 0

  async size(key: string): Promise<number> {
    return this.#blob(key).length
  }
  async read(key: string, from: number, to: number): Promise<Uint8Array> {
    this.readBytes += to - from
    this.largestReadBytes = Math.max(this.largestReadBytes, to - from)
    return this.#blob(key).slice(from, to)
  }
  #blob(key: string): Uint8Array {
    const blob = this.blobs.get(key)
    if (blob === undefined) throw new Error(`no blob ${key}`)
    return blob
  }
}

export type MemoryRecording = { readonly segments: RecordedSegment[]; readonly source: MemoryBlobs }

/** Records what `feed` gives to a segmenter. */
export function recordInMemory(
  options: CmafSegmenterOptions,
  feed: (segmenter: CmafSegmenter) => void,
): MemoryRecording {
  const collector = new SegmentCollector()
  const segmenter = new CmafSegmenter(collector, options)
  feed(segmenter)
  segmenter.flush()
  const source = new MemoryBlobs()
  for (const { initId, bytes } of collector.inits) source.blobs.set(`init-${initId}`, bytes)
  const segments = collector.segments.map(({ trackId, segment, bytes }): RecordedSegment => {
    const key = `${trackId}-${segment.sequence}`
    source.blobs.set(key, bytes)
    const { sequence, startTicks, durationTicks, byteLength, discontinuity } = segment
    return {
      key,
      trackId,
      initKey: `init-${segment.initId}`,
      sequence,
      startTicks,
      durationTicks,
      byteLength,
      discontinuity,
    }
  })
  return { segments, source }
}
