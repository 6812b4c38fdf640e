import type { Frame, Track } from '../../../model/index.ts'
import type { CmafChunk, CmafSegment, CmafSink } from '../cmaf-output.ts'
import { CmafSegmenter, type CmafSegmenterOptions } from '../cmaf-segmenter.ts'

export type Collected = {
  readonly inits: { readonly trackId: number; readonly initId: number; readonly bytes: Uint8Array }[]
  readonly chunks: { readonly trackId: number; readonly chunk: CmafChunk }[]
  readonly segments: { readonly trackId: number; readonly segment: CmafSegment; readonly bytes: Uint8Array }[]
}

/** A sink that keeps everything, each segment with its bytes. */
export class SegmentCollector implements CmafSink, Collected {
  readonly inits: Collected['inits'] = []
  readonly chunks: Collected['chunks'] = []
  readonly segments: Collected['segments'] = []
  readonly #open = new Map<number, Uint8Array[]>()

  onInit(trackId: number, initId: number, bytes: Uint8Array): void {
    this.inits.push({ trackId, initId, bytes })
  }
  onChunk(trackId: number, chunk: CmafChunk): void {
    const parts = chunk.parts.map((part) => Uint8Array.from(part))
    this.chunks.push({ trackId, chunk: { ...chunk, parts } })
    this.#open.set(trackId, [...(this.#open.get(trackId) ?? []), ...parts])
  }
  onSegment(trackId: number, segment: CmafSegment): void {
    this.segments.push({ trackId, segment, bytes: Buffer.concat(this.#open.get(trackId) ?? []) })
    this.#open.delete(trackId)
  }

  of(trackId: number): { readonly segment: CmafSegment; readonly bytes: Uint8Array }[] {
    return this.segments.filter((each) => each.trackId === trackId)
  }
}

/** All frames through a segmenter, flushed. The frames' buffers are overwritten behind it, as a live log would. */
export function collectSegments(
  tracks: readonly Track[],
  frames: Iterable<Frame>,
  options: CmafSegmenterOptions,
): SegmentCollector {
  const collector = new SegmentCollector()
  const segmenter = new CmafSegmenter(collector, options)
  segmenter.setTracks(tracks)
  for (const frame of frames) {
    const data = frame.data.slice()
    segmenter.frame({ ...frame, data })
    data.fill(0xee)
  }
  segmenter.flush()
  return collector
}
