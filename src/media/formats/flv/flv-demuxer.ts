import { ByteReader } from '../../bytes/index.ts'
import { LimitExceededError, MalformedInputError, UnsupportedInputError } from '../../errors.ts'
import type { MediaSink } from '../../model/index.ts'
import { ByteGatherer } from './byte-gatherer.ts'
import type { DropCounters } from './drop-counters.ts'
import { TAG_HEADER_BYTES } from './flv-tag.ts'
import { FlvTagDemuxer, type FlvTagDemuxerOptions } from './flv-tag-demuxer.ts'

export type FlvDemuxerOptions = FlvTagDemuxerOptions & {
  /** Body of one tag, 16 MiB where absent (the format's own limit is one byte less). */
  readonly maxTagBytes?: number
}

const SIGNATURE_BYTES = 3
const HEADER_BYTES = 9
const MAX_HEADER_BYTES = 4096
const PREVIOUS_TAG_SIZE_BYTES = 4
const ENCRYPTED = 0x20

type TagHead = { readonly type: number; readonly timestampMs: number; readonly bodyBytes: number }

/** A file or live stream, cut anywhere. Adobe FLV v10.1, E.2–E.4. */
export class FlvDemuxer {
  readonly #tags: FlvTagDemuxer
  readonly #gatherer = new ByteGatherer()
  readonly #maxTagBytes: number
  /** Reads the next run if it is there, and says what comes behind it. */
  #step: () => boolean = () => this.#signature()
  #head: TagHead = { type: 0, timestampMs: 0, bodyBytes: 0 }

  constructor(sink: MediaSink, options: FlvDemuxerOptions = {}) {
    this.#tags = new FlvTagDemuxer(sink, options)
    this.#maxTagBytes = options.maxTagBytes ?? 16 * 1024 * 1024
  }

  get counters(): DropCounters {
    return this.#tags.counters
  }

  /** `bytes` are read during the call only. After an error the demuxer is of no further use. */
  push(bytes: Uint8Array): void {
    this.#gatherer.push(bytes)
    while (this.#step()) {
      // each step consumes what it needs
    }
  }

  /** End of the stream. A tag cut off at the end is dropped: it is how live streams end. */
  flush(): void {
    if (this.#gatherer.pendingBytes > 0) this.counters.ignoredPacketCount++
  }

  #signature(): boolean {
    const run = this.#gatherer.take(SIGNATURE_BYTES)
    if (run === undefined) return false
    if (run[0] !== 0x46 || run[1] !== 0x4c || run[2] !== 0x56) {
      throw new MalformedInputError('Signature', 0, 'this is not FLV')
    }
    this.#step = () => this.#header()
    return true
  }

  #header(): boolean {
    const run = this.#gatherer.take(HEADER_BYTES - SIGNATURE_BYTES)
    if (run === undefined) return false
    const reader = new ByteReader(run)
    reader.skip(2, 'Version and TypeFlags')
    const headerBytes = reader.u32('DataOffset')
    if (headerBytes < HEADER_BYTES || headerBytes > MAX_HEADER_BYTES) {
      throw new MalformedInputError('DataOffset', 5, `${headerBytes} is not a header size`)
    }
    const restBytes = headerBytes - HEADER_BYTES + PREVIOUS_TAG_SIZE_BYTES
    this.#step = () => this.#skip(restBytes)
    return true
  }

  #skip(bytes: number): boolean {
    if (this.#gatherer.take(bytes) === undefined) return false
    this.#step = this.#tagHeader
    return true
  }

  readonly #tagHeader = (): boolean => {
    const run = this.#gatherer.take(TAG_HEADER_BYTES)
    if (run === undefined) return false
    const reader = new ByteReader(run)
    const type = reader.u8('TagType')
    if ((type & ENCRYPTED) !== 0) throw new UnsupportedInputError('encrypted FLV tags are not supported')
    const bodyBytes = reader.u24('DataSize')
    if (bodyBytes > this.#maxTagBytes) {
      throw new LimitExceededError(`FLV tag of ${bodyBytes} bytes is above the limit of ${this.#maxTagBytes}`)
    }
    const timestampMs = reader.u24('Timestamp') + reader.u8('TimestampExtended') * 2 ** 24
    this.#head = { type, timestampMs, bodyBytes }
    this.#step = this.#tagBody
    return true
  }

  /** The body with the PreviousTagSize behind it, which many writers get wrong and nobody needs. */
  readonly #tagBody = (): boolean => {
    const { type, timestampMs, bodyBytes } = this.#head
    const run = this.#gatherer.take(bodyBytes + PREVIOUS_TAG_SIZE_BYTES)
    if (run === undefined) return false
    this.#step = this.#tagHeader
    this.#tags.onTag(type, timestampMs, run.subarray(0, bodyBytes))
    return true
  }
}
