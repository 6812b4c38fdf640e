import { CaptionServices } from '../../../media/codecs/captions/index.ts'
import {
  type CmafChunk,
  type CmafSegment,
  CmafSegmenter,
  type CmafSink,
  type CopySlabs,
} from '../../../media/formats/mp4/index.ts'
import type { Frame, Track, VideoCodecId } from '../../../media/model/index.ts'
import { type FrameContext, type LogWriter, MAX_READERS, type StreamOutput } from '../../stream/index.ts'
import { ChunkHolds, type HeldChunk } from './chunk-holds.ts'
import { CmafIndex } from './cmaf-index.ts'
import { type CmafRecord, type CmafTrackInfo, encodeCmafRecord } from './cmaf-record.ts'

export type CmafOutputOptions = {
  readonly segmentMs: number
  /** Most of a chunk. */
  readonly partTargetMs: number
  readonly windowSegments: number
  readonly timeShiftMs: number
  /** Length of a tile of thumbnails. */
  readonly tileMs: number
  /** Part of the segments' addresses, unique to this output. */
  readonly life: string
  /** A stream of that name was live before, and its viewers may still be there. */
  readonly isBack?: boolean
  /** Gets the very same segments (the recorder). */
  readonly tap?: CmafTap
  /** For the copies of frames, shared by all outputs of a worker. */
  readonly slabs?: CopySlabs
  /** Whose wall clock this one has, and boundaries: of a rendition, those of its source, whose frames come to it later. */
  readonly clockOf?: () => CmafOutput | undefined
}

/** Follows a CMAF output: tracks, then what the segmenter makes, then the end. */
export interface CmafTap extends Omit<CmafSink, 'onChunk'> {
  /** Of the recording that it makes. */
  readonly id: string
  onTracks(tracks: readonly Track[]): void
  /** `held`: the chunk's bytes, to be let go when they are used; undefined when there is no memory to hold them. */
  onChunk(trackId: number, chunk: ChunkFacts, held: HeldChunk | undefined): void
  /** Wall clock of the first sample of `segment`, in front of its `onSegment`. */
  onSegmentTime(trackId: number, epochMs: number): void
  onEnd(): void
}

export type ChunkFacts = Omit<CmafChunk, 'parts'>

/** Stands for the tap among the readers of the log; no worker has this number. */
export const TAP_SLOT = MAX_READERS - 1

type Anchor = { readonly epochMs: number; readonly seconds: number }

/** The CMAF segments of a stream, packaged once, as records in a log that playlists and segment requests read. */
export class CmafOutput implements StreamOutput {
  readonly log: LogWriter
  readonly #index: CmafIndex
  readonly #segmenter: CmafSegmenter
  readonly #tap: CmafTap | undefined
  readonly #holds: ChunkHolds | undefined
  readonly #clockHz = new Map<number, number>()
  readonly #captions = new Map<number, { readonly codec: VideoCodecId; readonly services: CaptionServices }>()
  readonly #clockOf: (() => CmafOutput | undefined) | undefined
  #anchor: Anchor | undefined

  constructor(log: LogWriter, options: CmafOutputOptions) {
    this.log = log
    this.#tap = options.tap
    this.#holds = options.tap && new ChunkHolds(log, TAP_SLOT)
    const { tap, life, slabs, clockOf, ...indexOptions } = options
    this.#clockOf = clockOf
    this.#index = new CmafIndex({ ...indexOptions, ...(tap ? { recordingId: tap.id } : {}) }, life)
    const sink: CmafSink = {
      onInit: (trackId, initId, bytes) => this.#onInit(trackId, initId, bytes),
      onChunk: (trackId, chunk) => this.#onChunk(trackId, chunk),
      onSegment: (trackId, segment) => this.#onSegment(trackId, segment),
    }
    this.#segmenter = new CmafSegmenter(sink, {
      targetDurationMs: options.segmentMs,
      partTargetMs: options.partTargetMs,
      boundaryOf: (fromMs, toMs) => this.#clockOf?.()?.hasBoundary(fromMs, toMs),
      ...(slabs ? { slabs } : {}),
    })
  }

  /** Wall clock of a moment of the media time line; undefined until the first frame behind a discontinuity. */
  get anchor(): Anchor | undefined {
    return this.#anchor
  }
  /** Whether a segment starts behind `fromMs` and up to `toMs` of the media time line; see CmafSegmenter. */
  hasBoundary(fromMs: number, toMs: number): boolean | undefined {
    return this.#segmenter.hasBoundary(fromMs, toMs)
  }
  snapshot(): Uint8Array {
    return this.#index.toSnapshot()
  }

  onTracks(tracks: readonly Track[]): void {
    const infos = tracks.map((track): CmafTrackInfo => {
      const { config: _, ...info } = track
      return info
    })
    this.#write({ type: 'tracks', tracks: infos }, [])
    this.#tap?.onTracks(tracks)
    // Ends the segments of those that change: they have their old clocks.
    this.#segmenter.setTracks(tracks)
    for (const track of tracks) {
      this.#clockHz.set(track.id, track.clockRateHz)
      if (track.kind !== 'video') continue
      const { services } = this.#captions.get(track.id) ?? { services: new CaptionServices() }
      this.#captions.set(track.id, { codec: track.codec, services })
    }
    this.log.commit()
  }
  onFrame(frame: Frame, { epochMs }: FrameContext): void {
    const clockHz = this.#clockHz.get(frame.trackId)
    if (clockHz === undefined) return
    this.#anchor ??= this.#clockOf?.()?.anchor ?? { epochMs, seconds: frame.ptsTicks / clockHz }
    const captions = this.#captions.get(frame.trackId)
    captions?.services.see(captions.codec, frame.data)
    this.#segmenter.frame(frame)
    this.log.commit()
  }
  onDiscontinuity(): void {
    this.#segmenter.discontinuity()
    this.#anchor = undefined
    this.log.commit()
  }
  onEnd(): void {
    this.#segmenter.flush()
    this.#write({ type: 'end' }, [])
    this.#tap?.onEnd()
    this.log.end()
  }

  #onInit(trackId: number, initId: number, bytes: Uint8Array): void {
    this.#write({ type: 'init', trackId, initId }, [bytes])
    this.#tap?.onInit(trackId, initId, bytes)
  }
  #onChunk(trackId: number, chunk: CmafChunk): void {
    const { index: _, parts, ...facts } = chunk
    const epochMs = this.#epochAt(trackId, chunk.startTicks)
    const payloadFrom = this.#write({ type: 'chunk', trackId, epochMs, ...facts }, parts)
    this.#tap?.onChunk(trackId, chunk, this.#holds?.take(payloadFrom, this.log.head))
  }
  #onSegment(trackId: number, segment: CmafSegment): void {
    const epochMs = this.#epochAt(trackId, segment.startTicks)
    const captions = this.#captions.get(trackId)?.services.found ?? []
    this.#write({ type: 'segment', trackId, epochMs, ...segment, ...(captions.length > 0 ? { captions } : {}) }, [])
    this.#tap?.onSegmentTime(trackId, epochMs)
    this.#tap?.onSegment(trackId, segment)
    this.log.keepFrom(this.#index.lowestPosition(this.log.head))
  }

  #epochAt(trackId: number, startTicks: number): number {
    const { epochMs, seconds } = this.#anchor ?? { epochMs: 0, seconds: 0 }
    return Math.round(epochMs + (startTicks / (this.#clockHz.get(trackId) ?? 1) - seconds) * 1000)
  }

  /** Returns where the payload lies. */
  #write(record: CmafRecord, payload: readonly Uint8Array[]): number {
    const parts = encodeCmafRecord(record, payload)
    const headerBytes = (parts[0]?.length ?? 0) + (parts[1]?.length ?? 0)
    const payloadFrom = this.log.head + headerBytes
    this.log.append(parts)
    this.#index.apply({ record, payloadFrom, next: this.log.head }, () => payload[0] ?? new Uint8Array(0))
    return payloadFrom
  }
}
