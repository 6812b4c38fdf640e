import type { Retimer, StreamHead, TimeShift } from '../../model/index.ts'
import { MESSAGE_TYPE, OUTPUT_CHUNK_BYTES } from './messages.ts'

const EXTENDED = 0xffffff
/** Basic header of one byte and a type 0 message header: all that `writeMediaMessage` writes. RTMP 1.0, 5.3.1. */
const HEADER_BYTES = 12

type Message = {
  readonly at: number
  readonly type: number
  readonly payloadAt: number
  readonly isExtended: boolean
  readonly chunkCount: number
}

/** Times of media messages in chunks with full headers. */
export class MessageRetimer implements Retimer {
  readonly rangeMs = 2 ** 32
  readonly #isSequenceStart: (type: number, bytes: Uint8Array, bodyAt: number) => boolean

  /** `isSequenceStart`: whether a body (an FLV tag body) carries a configuration, not a frame. */
  constructor(isSequenceStart: (type: number, bytes: Uint8Array, bodyAt: number) => boolean) {
    this.#isSequenceStart = isSequenceStart
  }

  head(bytes: Uint8Array): StreamHead {
    const timesMs = new Map<number, number>()
    forEachMessage(bytes, ({ at, type, payloadAt, isExtended }) => {
      const isMedia = type === MESSAGE_TYPE.audio || type === MESSAGE_TYPE.video
      if (!isMedia || timesMs.has(type) || this.#isSequenceStart(type, bytes, payloadAt)) return
      timesMs.set(type, isExtended ? readU32(bytes, at + HEADER_BYTES) : readU24(bytes, at + 1))
    })
    return { timesMs, counters: new Map() }
  }
  /** A time that had 32 bits keeps its extended field, whatever it becomes: no length may change. 5.3.1.3. */
  shift(bytes: Uint8Array, { ms }: TimeShift): void {
    const step = Math.round(ms)
    forEachMessage(bytes, (message) => {
      const { at, isExtended } = message
      if (!isExtended) return writeU24(bytes, at + 1, Math.max(0, readU24(bytes, at + 1) - step))
      const time = (readU32(bytes, at + HEADER_BYTES) - step) >>> 0
      for (const fieldAt of extendedFields(message)) writeU32(bytes, fieldAt, time)
    })
  }
}

/** The extended timestamp stands behind the header, and again in every continuation. */
function* extendedFields({ at, payloadAt, chunkCount }: Message): Generator<number, void, undefined> {
  yield at + HEADER_BYTES
  for (let chunk = 1; chunk < chunkCount; chunk++) yield payloadAt + chunk * (OUTPUT_CHUNK_BYTES + 5) - 4
}

function forEachMessage(bytes: Uint8Array, visit: (message: Message) => void): void {
  for (let at = 0; at + HEADER_BYTES <= bytes.length; ) {
    const isExtended = readU24(bytes, at + 1) === EXTENDED
    const length = readU24(bytes, at + 4)
    const payloadAt = at + HEADER_BYTES + (isExtended ? 4 : 0)
    const chunkCount = Math.max(1, Math.ceil(length / OUTPUT_CHUNK_BYTES))
    visit({ at, type: bytes[at + 7] ?? 0, payloadAt, isExtended, chunkCount })
    at = payloadAt + length + (chunkCount - 1) * (isExtended ? 5 : 1)
  }
}

function readU24(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0)
}
function readU32(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) * 2 ** 24 + readU24(bytes, at + 1)
}
function writeU24(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 16
  bytes[at + 1] = value >>> 8
  bytes[at + 2] = value
}
function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24
  writeU24(bytes, at + 1, value)
}
