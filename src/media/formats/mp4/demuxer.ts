import { ByteReader } from '../../bytes/index.ts'
import { LimitExceededError, MalformedInputError, UnsupportedInputError } from '../../errors.ts'
import type { MediaSink } from '../../model/index.ts'
import { type BoxHeader, readBoxHeader, readerOf } from './box.ts'
import { ByteQueue } from './byte-queue.ts'
import { MovieTimeline, type PlannedSample } from './movie-timeline.ts'
import { readMoof } from './read-fragment.ts'
import { readMovie } from './read-movie.ts'

export type Fmp4DemuxerLimits = {
  /** Of a moov or moof. Default 16 MiB. */
  readonly maxBoxBytes: number
  /** Of one sample. Default 32 MiB. */
  readonly maxSampleBytes: number
}

const DEFAULT_LIMITS: Fmp4DemuxerLimits = { maxBoxBytes: 16 * 2 ** 20, maxSampleBytes: 32 * 2 ** 20 }
const MAX_PLANNED_SAMPLES = 200_000
const LARGEST_HEADER_BYTES = 16

/**
 * Fragmented MP4 as it arrives, cut anywhere: moov, then any number of moof with their mdat.
 * ISO/IEC 14496-12, 8.8.
 *
 * Times are moved to the canonical clock of each codec and shifted by the edit lists. Where an edit list would put
 * decode times below zero, all tracks are put later by the same whole seconds. A moov in mid-stream changes the
 * tracks. Tracks that Millrace does not know are left out. Every frame's data is a view that is valid during the call.
 * After an error the demuxer is done with.
 */
export class Fmp4Demuxer {
  readonly #sink: MediaSink
  readonly #limits: Fmp4DemuxerLimits
  readonly #queue = new ByteQueue()
  #timeline: MovieTimeline | undefined
  /** Samples of the fragments read so far, by their place in the stream. */
  #planned: PlannedSample[] = []
  #plannedIndex = 0
  /** Inside an mdat or a box that is skipped: where it ends. */
  #dataEnd: number | undefined

  constructor(sink: MediaSink, limits: Partial<Fmp4DemuxerLimits> = {}) {
    this.#sink = sink
    this.#limits = { ...DEFAULT_LIMITS, ...limits }
  }

  push(bytes: Uint8Array): void {
    this.#queue.append(bytes)
    while (this.#dataEnd === undefined ? this.#readBox() : this.#readData(this.#dataEnd)) {}
  }

  /** The end of the stream: what is still incomplete is lost. */
  flush(): void {
    this.#queue.skip(this.#queue.length)
    this.#planned = []
    this.#plannedIndex = 0
  }

  /** False while more bytes are needed. */
  #readBox(): boolean {
    const header = this.#peekHeader()
    if (header === undefined) return false
    if (header.type !== 'moov' && header.type !== 'moof') return this.#enterData(header)
    const { sizeBytes } = header
    if (sizeBytes === undefined) throw new MalformedInputError(header.type, this.#queue.position, 'has no size')
    if (sizeBytes > this.#limits.maxBoxBytes) throw new LimitExceededError(`${header.type} of ${sizeBytes} bytes`)
    if (this.#queue.length < sizeBytes) return false
    const bytes = this.#queue.peek(sizeBytes)
    if (header.type === 'moov') this.#onMoov(bytes)
    else this.#onMoof(new ByteReader(bytes, header.headerBytes))
    this.#queue.skip(sizeBytes)
    return true
  }

  #peekHeader(): BoxHeader | undefined {
    const { length } = this.#queue
    if (length < 8) return undefined
    const reader = readerOf(this.#queue.peek(Math.min(length, LARGEST_HEADER_BYTES)))
    const isLarge = reader.u32('size') === 1
    if (isLarge && length < LARGEST_HEADER_BYTES) return undefined
    reader.offset = 0
    return readBoxHeader(reader)
  }

  #enterData(header: BoxHeader): true {
    this.#dataEnd = this.#queue.position + (header.sizeBytes ?? Number.POSITIVE_INFINITY)
    this.#queue.skip(header.headerBytes)
    return true
  }

  #onMoov(bytes: Uint8Array): void {
    const movie = readMovie(bytes)
    if (!movie.some((each) => each.isFragmented)) throw new UnsupportedInputError('an MP4 that is not fragmented')
    this.#timeline = new MovieTimeline(movie, this.#timeline)
    for (const track of this.#timeline.changedTracks) this.#sink.onTrack(track)
  }

  #onMoof(moof: ByteReader): void {
    if (this.#timeline === undefined) throw new MalformedInputError('moof', this.#queue.position, 'comes before moov')
    const fragments = readMoof(moof, this.#timeline.defaults)
    const added = this.#timeline.plan(fragments, this.#queue.position)
    const waiting = this.#planned.slice(this.#plannedIndex)
    if (waiting.length + added.length > MAX_PLANNED_SAMPLES) throw new LimitExceededError('fragments without data')
    this.#planned = [...waiting, ...added].sort((a, b) => a.offset - b.offset)
    this.#plannedIndex = 0
  }

  /** Emits the next sample of the data, or leaves them at their end. False while more bytes are needed. */
  #readData(dataEnd: number): boolean {
    const { position } = this.#queue
    const sample = this.#planned[this.#plannedIndex]
    if (sample === undefined || sample.offset >= dataEnd) return this.#skipTo(dataEnd) && this.#leaveData()
    if (sample.offset < position) throw new MalformedInputError('data_offset', position, 'points outside of the data')
    if (sample.offset + sample.sizeBytes > dataEnd) {
      throw new MalformedInputError('sample_size', position, `${sample.sizeBytes} bytes do not fit into the data`)
    }
    if (sample.sizeBytes > this.#limits.maxSampleBytes) throw new LimitExceededError(`${sample.sizeBytes} byte sample`)
    if (!this.#skipTo(sample.offset) || this.#queue.length < sample.sizeBytes) return false
    this.#sink.onFrame({ ...sample.frame, data: this.#queue.peek(sample.sizeBytes) })
    this.#queue.skip(sample.sizeBytes)
    this.#plannedIndex++
    return true
  }

  #leaveData(): true {
    this.#dataEnd = undefined
    return true
  }

  #skipTo(offset: number): boolean {
    this.#queue.skip(offset - this.#queue.position)
    return this.#queue.position === offset
  }
}
