import { LimitExceededError, MalformedInputError } from '../../../media/errors.ts'

/**
 * One message between a media worker and its codec process:
 *   u32 bytes that follow · u8 type · u32 header bytes · header (JSON object, UTF-8) · payload
 * Numbers are big-endian.
 */
export type Message = {
  readonly type: number
  readonly header: Readonly<Record<string, unknown>>
  /** Owned by whoever received the message; nobody reuses its memory. */
  readonly payload: Uint8Array
}

export type MessageLimits = { readonly maxHeaderBytes: number; readonly maxPayloadBytes: number }

/** Room for the largest keyframe and picture that make sense; a length beyond it is a broken or hostile peer. */
const MESSAGE_LIMITS: MessageLimits = { maxHeaderBytes: 64 * 2 ** 10, maxPayloadBytes: 32 * 2 ** 20 }

const LENGTH_BYTES = 4
/** Type and header length. */
const FIXED_BYTES = 5

/** The bytes in front of the payload. Throws LimitExceededError. */
export function formatMessageStart(message: Message, limits: MessageLimits = MESSAGE_LIMITS): Buffer {
  const header = Buffer.from(JSON.stringify(message.header))
  checkLimit('header', header.length, limits.maxHeaderBytes)
  checkLimit('payload', message.payload.length, limits.maxPayloadBytes)
  const start = Buffer.allocUnsafe(LENGTH_BYTES + FIXED_BYTES + header.length)
  start.writeUInt32BE(FIXED_BYTES + header.length + message.payload.length, 0)
  start.writeUInt8(message.type, 4)
  start.writeUInt32BE(header.length, 5)
  header.copy(start, LENGTH_BYTES + FIXED_BYTES)
  return start
}

/** Puts messages together again from bytes that were cut anywhere. After an error it is done with. */
export class MessageReader {
  readonly #limits: MessageLimits
  #chunks: Buffer[] = []
  #bufferedBytes = 0
  /** Of the message that is arriving, once its length is known. */
  #bodyBytes: number | undefined

  constructor(limits: MessageLimits = MESSAGE_LIMITS) {
    this.#limits = limits
  }

  /** Keeps `chunk`; it must not change afterwards. Throws MalformedInputError or LimitExceededError. */
  push(chunk: Uint8Array): Message[] {
    if (chunk.length > 0) this.#chunks.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length))
    this.#bufferedBytes += chunk.length
    const messages: Message[] = []
    for (let message = this.#next(); message; message = this.#next()) messages.push(message)
    return messages
  }

  #next(): Message | undefined {
    if (this.#bodyBytes === undefined) {
      if (this.#bufferedBytes < LENGTH_BYTES) return undefined
      this.#bodyBytes = this.#readLength(this.#take(LENGTH_BYTES))
    }
    if (this.#bufferedBytes < this.#bodyBytes) return undefined
    const body = this.#take(this.#bodyBytes)
    this.#bodyBytes = undefined
    return this.#readBody(body)
  }

  #readLength(bytes: Buffer): number {
    const length = bytes.readUInt32BE(0)
    if (length < FIXED_BYTES) throw new MalformedInputError('length', 0, `${length} is less than ${FIXED_BYTES}`)
    checkLimit('message', length, FIXED_BYTES + this.#limits.maxHeaderBytes + this.#limits.maxPayloadBytes)
    return length
  }

  #readBody(body: Buffer): Message {
    const headerBytes = body.readUInt32BE(1)
    checkLimit('header', headerBytes, this.#limits.maxHeaderBytes)
    const payloadStart = FIXED_BYTES + headerBytes
    if (payloadStart > body.length)
      throw new MalformedInputError('header length', 5, 'the header ends past its message')
    checkLimit('payload', body.length - payloadStart, this.#limits.maxPayloadBytes)
    const header = readHeader(body.toString('utf8', FIXED_BYTES, payloadStart))
    return { type: body.readUInt8(0), header, payload: body.subarray(payloadStart) }
  }

  /** `length` must be buffered. A copy only where the bytes lie in several chunks. */
  #take(length: number): Buffer {
    const first = this.#chunks[0]
    if (!first || first.length < length) this.#chunks = [Buffer.concat(this.#chunks)]
    const whole = this.#chunks[0] ?? Buffer.alloc(0)
    if (whole.length === length) this.#chunks.shift()
    else this.#chunks[0] = whole.subarray(length)
    this.#bufferedBytes -= length
    return whole.subarray(0, length)
  }
}

function readHeader(text: string): Message['header'] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new MalformedInputError('header', 9, 'is not JSON')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new MalformedInputError('header', 9, 'is not a JSON object')
  }
  return value as Message['header']
}

function checkLimit(what: string, length: number, most: number): void {
  if (length > most) throw new LimitExceededError(`codec process ${what} of ${length} bytes, at most ${most} are taken`)
}
