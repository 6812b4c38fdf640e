import { ByteReader } from '../../bytes/index.ts'
import { LimitExceededError, MalformedInputError } from '../../errors.ts'
import { BufferBudget, ChunkStream } from './chunk-stream.ts'
import { MESSAGE_TYPE, type RtmpMessage } from './messages.ts'

export type ChunkReaderLimits = {
  /** One message; 16 MiB where absent (the format's own limit is one byte less). */
  readonly maxMessageBytes?: number
  /** Unfinished messages of all chunk streams together; 32 MiB where absent. */
  readonly maxBufferedBytes?: number
  /** Chunk streams that a peer may use; 128 where absent. */
  readonly maxChunkStreams?: number
}

const MEBIBYTE = 1024 * 1024
const INITIAL_CHUNK_BYTES = 128
/** No message is longer, so a larger chunk size means the same. RTMP 1.0, 5.4.1. */
const MAX_CHUNK_BYTES = 0xffffff
const EXTENDED = 0xffffff
/** Basic header, message header, extended timestamp. */
const MAX_HEADER_BYTES = 3 + 11 + 4
const MESSAGE_HEADER_BYTES = [11, 7, 3, 0] as const

/** Where a chunk's parts lie. */
type ChunkHead = {
  readonly format: number
  readonly chunkStreamId: number
  /** Behind the basic header. */
  readonly fieldsAt: number
}

/**
 * Chunks → messages, from input that is cut anywhere. Set Chunk Size and Abort are obeyed here and not handed on.
 * A message that lies whole in one chunk and one input is a view on the input. RTMP 1.0, 5.3 and 5.4.
 */
export class ChunkReader {
  readonly #onMessage: (message: RtmpMessage) => void
  readonly #maxMessageBytes: number
  readonly #maxChunkStreams: number
  readonly #budget: BufferBudget
  readonly #streams = new Map<number, ChunkStream>()
  #chunkBytes = INITIAL_CHUNK_BYTES
  /** The stream whose chunk payload is next, and how much of the chunk is missing. */
  #current: ChunkStream | undefined
  #missingBytes = 0
  /** A header cut by the end of the input. */
  readonly #carry = new Uint8Array(MAX_HEADER_BYTES)
  #carryBytes = 0
  /** Whether the peer repeats the extended timestamp in continuations; undefined until one was seen. */
  #repeatsExtended: boolean | undefined

  constructor(onMessage: (message: RtmpMessage) => void, limits: ChunkReaderLimits = {}) {
    this.#onMessage = onMessage
    this.#maxMessageBytes = limits.maxMessageBytes ?? 16 * MEBIBYTE
    this.#maxChunkStreams = limits.maxChunkStreams ?? 128
    this.#budget = new BufferBudget(limits.maxBufferedBytes ?? 32 * MEBIBYTE)
  }

  /** Memory held for unfinished messages. */
  get bufferedBytes(): number {
    return this.#budget.usedBytes
  }

  /** `bytes` are read during the call only. After an error the reader is of no further use. */
  push(bytes: Uint8Array): void {
    let at = 0
    while (at < bytes.length) {
      at = this.#current === undefined ? this.#readHeader(bytes, at) : this.#readPayload(this.#current, bytes, at)
    }
  }

  #readHeader(bytes: Uint8Array, at: number): number {
    if (this.#carryBytes === 0) {
      const used = this.#parseHeader(bytes, at, bytes.length)
      if (used > 0) return at + used
    }
    const before = this.#carryBytes
    const added = Math.min(MAX_HEADER_BYTES - before, bytes.length - at)
    this.#carry.set(bytes.subarray(at, at + added), before)
    const used = this.#parseHeader(this.#carry, 0, before + added)
    this.#carryBytes = used > 0 ? 0 : before + added
    if (used === 0) return at + added
    if (used >= before) return at + used - before
    // Looked ahead for an extended timestamp that is not there: those bytes of earlier inputs are payload.
    this.push(this.#carry.slice(used, before))
    return at
  }

  /** Returns the bytes of the header, 0 while some are missing; nothing is changed then. */
  #parseHeader(bytes: Uint8Array, at: number, end: number): number {
    const head = readBasicHeader(bytes, at, end)
    if (head === undefined) return 0
    const extendedAt = head.fieldsAt + (MESSAGE_HEADER_BYTES[head.format] ?? 0)
    if (extendedAt > end) return 0
    const stream = this.#stream(head)
    const mayExtend = head.format === 3 ? stream.hasExtendedTimestamp : readU24(bytes, head.fieldsAt) === EXTENDED
    const peeks = mayExtend && !(head.format === 3 && this.#repeatsExtended === false)
    if (peeks && extendedAt + 4 > end) return 0
    const extended = peeks ? new ByteReader(bytes, extendedAt, end).u32('extended timestamp') : undefined
    const isRepeated = this.#takesExtended(head, stream, extended)
    if (head.format === 3) this.#continue(stream, isRepeated ? extended : undefined)
    else this.#begin(stream, head, new ByteReader(bytes, head.fieldsAt, end), extended)
    return extendedAt + (isRepeated ? 4 : 0) - at
  }

  /** Some senders leave the extended timestamp out of continuations; the first one shows which kind this is. */
  #takesExtended(head: ChunkHead, stream: ChunkStream, extended: number | undefined): boolean {
    if (extended === undefined) return false
    if (head.format !== 3) return true
    this.#repeatsExtended ??= extended === stream.timestampField || extended === stream.timestampMs
    return this.#repeatsExtended
  }

  #stream(head: ChunkHead): ChunkStream {
    const known = this.#streams.get(head.chunkStreamId)
    if (known !== undefined) return known
    if (this.#streams.size >= this.#maxChunkStreams) {
      throw new LimitExceededError(`RTMP peer uses more than ${this.#maxChunkStreams} chunk streams`)
    }
    const stream = new ChunkStream(this.#budget)
    this.#streams.set(head.chunkStreamId, stream)
    return stream
  }

  /** Chunk types 0, 1 and 2. 5.3.1.2.1–5.3.1.2.3. */
  #begin(stream: ChunkStream, head: ChunkHead, reader: ByteReader, extended: number | undefined): void {
    if (stream.isOpen) reader.fail('fmt', 'a message begins inside another of its chunk stream')
    if (head.format !== 0 && !stream.hasHeader) reader.fail('fmt', 'first chunk of a chunk stream has no full header')
    const field = reader.u24('timestamp')
    stream.timestampField = extended ?? field
    stream.hasExtendedTimestamp = extended !== undefined
    stream.timestampMs = (head.format === 0 ? stream.timestampField : stream.timestampMs + stream.timestampField) >>> 0
    if (head.format < 2) {
      stream.messageBytes = reader.u24('message length')
      stream.type = reader.u8('message type id')
    }
    if (head.format === 0) stream.messageStreamId = reader.u32le('message stream id')
    stream.hasHeader = true
    this.#openMessage(stream)
  }

  /** Chunk type 3: goes on with a message, or begins one with the last header and its time step. 5.3.1.2.4. */
  #continue(stream: ChunkStream, extended: number | undefined): void {
    if (!stream.hasHeader) throw new MalformedInputError('fmt', 0, 'first chunk of a chunk stream has no full header')
    if (stream.isOpen) {
      this.#expectPayload(stream)
      return
    }
    stream.timestampField = extended ?? stream.timestampField
    stream.timestampMs = (stream.timestampMs + stream.timestampField) >>> 0
    this.#openMessage(stream)
  }

  #openMessage(stream: ChunkStream): void {
    if (stream.messageBytes > this.#maxMessageBytes) {
      throw new LimitExceededError(`RTMP message of ${stream.messageBytes} bytes is above ${this.#maxMessageBytes}`)
    }
    stream.isOpen = true
    stream.receivedBytes = 0
    this.#expectPayload(stream)
  }

  #expectPayload(stream: ChunkStream): void {
    this.#missingBytes = Math.min(this.#chunkBytes, stream.messageBytes - stream.receivedBytes)
    this.#current = stream
    if (stream.messageBytes === 0) this.#finish(stream, stream.payload)
  }

  #readPayload(stream: ChunkStream, bytes: Uint8Array, at: number): number {
    const taken = Math.min(this.#missingBytes, bytes.length - at)
    const part = bytes.subarray(at, at + taken)
    if (stream.receivedBytes === 0 && taken === stream.messageBytes) {
      this.#finish(stream, part)
      return at + taken
    }
    stream.append(part)
    this.#missingBytes -= taken
    if (stream.receivedBytes === stream.messageBytes) this.#finish(stream, stream.payload)
    else if (this.#missingBytes === 0) this.#current = undefined
    return at + taken
  }

  #finish(stream: ChunkStream, payload: Uint8Array): void {
    this.#current = undefined
    this.#missingBytes = 0
    const { type, messageStreamId, timestampMs } = stream
    stream.isOpen = false
    if (type === MESSAGE_TYPE.setChunkSize) this.#setChunkSize(new ByteReader(payload))
    else if (type === MESSAGE_TYPE.abort) this.#abort(new ByteReader(payload))
    else this.#onMessage({ type, messageStreamId, timestampMs, payload })
    stream.close()
  }

  /** 5.4.1. */
  #setChunkSize(reader: ByteReader): void {
    const bytes = reader.u32('chunk size')
    if (bytes === 0 || bytes >= 2 ** 31) reader.fail('chunk size', `${bytes} is not allowed`)
    this.#chunkBytes = Math.min(bytes, MAX_CHUNK_BYTES)
  }

  /** 5.4.2. */
  #abort(reader: ByteReader): void {
    this.#streams.get(reader.u32('chunk stream id'))?.close()
  }
}

/** 5.3.1.1. */
function readBasicHeader(bytes: Uint8Array, at: number, end: number): ChunkHead | undefined {
  const first = bytes[at] ?? 0
  const format = first >> 6
  const low = first & 63
  const size = low === 0 ? 2 : low === 1 ? 3 : 1
  if (at + size > end) return undefined
  const second = bytes[at + 1] ?? 0
  const chunkStreamId = size === 1 ? low : 64 + second + (size === 3 ? (bytes[at + 2] ?? 0) * 256 : 0)
  return { format, chunkStreamId, fieldsAt: at + size }
}

function readU24(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0)
}
