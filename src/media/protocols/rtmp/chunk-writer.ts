import { CHUNK_STREAM, MESSAGE_TYPE, OUTPUT_CHUNK_BYTES, type RtmpMediaType } from './messages.ts'

export type OutputMessage = {
  /** 2 … 65,599. */
  readonly chunkStreamId: number
  readonly messageStreamId: number
  readonly type: number
  /** Taken modulo 2^32. */
  readonly timestampMs: number
  readonly parts: readonly Uint8Array[]
}

const EXTENDED = 0xffffff
const MAX_HEADER_BYTES = 3 + 11 + 4

/**
 * A message as chunks: a full header, then continuations without one. Nothing depends on what was sent before, so the
 * bytes are the same for every receiver. Payload parts are cut into views, never copied; headers are new memory.
 * RTMP 1.0, 5.3.1; continuations repeat the extended timestamp as 5.3.1.3 says.
 */
export function writeMessage(message: OutputMessage, chunkBytes: number = OUTPUT_CHUNK_BYTES): Uint8Array[] {
  const headers = new Uint8Array(2 * MAX_HEADER_BYTES)
  const firstBytes = writeFullHeader(headers, message)
  const nextBytes = writeContinuation(headers, firstBytes, message)
  const continuation = headers.subarray(firstBytes, firstBytes + nextBytes)
  const out: Uint8Array[] = [headers.subarray(0, firstBytes)]
  let room = chunkBytes
  for (const part of message.parts) {
    let at = 0
    while (at < part.length) {
      if (room === 0) {
        out.push(continuation)
        room = chunkBytes
      }
      const bytes = Math.min(room, part.length - at)
      out.push(bytes === part.length ? part : part.subarray(at, at + bytes))
      at += bytes
      room -= bytes
    }
  }
  return out
}

const MEDIA_CHUNK_STREAM: Record<RtmpMediaType, number> = {
  [MESSAGE_TYPE.audio]: CHUNK_STREAM.audio,
  [MESSAGE_TYPE.video]: CHUNK_STREAM.video,
  [MESSAGE_TYPE.dataAmf0]: CHUNK_STREAM.data,
}
/** A media message (an FLV tag body) on the chunk stream of its type. */
export function writeMediaMessage(
  messageStreamId: number,
  tag: { readonly type: RtmpMediaType; readonly timestampMs: number; readonly parts: readonly Uint8Array[] },
  chunkBytes: number = OUTPUT_CHUNK_BYTES,
): Uint8Array[] {
  return writeMessage({ ...tag, chunkStreamId: MEDIA_CHUNK_STREAM[tag.type], messageStreamId }, chunkBytes)
}

/** The same in one piece of new memory, for small messages. */
export function messageBytes(message: OutputMessage, chunkBytes: number = OUTPUT_CHUNK_BYTES): Uint8Array {
  return joinParts(writeMessage(message, chunkBytes))
}

export function joinParts(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const bytes = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

/** Chunk basic header and type 0 message header. 5.3.1.1, 5.3.1.2.1. */
function writeFullHeader(into: Uint8Array, message: OutputMessage): number {
  const timestampMs = message.timestampMs >>> 0
  let at = writeBasicHeader(into, 0, 0, message.chunkStreamId)
  at = writeU24(into, at, Math.min(timestampMs, EXTENDED))
  let length = 0
  for (const part of message.parts) length += part.length
  at = writeU24(into, at, length)
  into[at++] = message.type
  // The only little-endian field of the protocol.
  for (let shift = 0; shift < 32; shift += 8) into[at++] = message.messageStreamId >>> shift
  return timestampMs < EXTENDED ? at : writeU32(into, at, timestampMs)
}

function writeContinuation(into: Uint8Array, start: number, message: OutputMessage): number {
  const timestampMs = message.timestampMs >>> 0
  const at = writeBasicHeader(into, start, 3, message.chunkStreamId)
  return (timestampMs < EXTENDED ? at : writeU32(into, at, timestampMs)) - start
}

function writeBasicHeader(into: Uint8Array, start: number, format: number, chunkStreamId: number): number {
  let at = start
  if (chunkStreamId < 64) {
    into[at++] = (format << 6) | chunkStreamId
  } else if (chunkStreamId < 320) {
    into[at++] = format << 6
    into[at++] = chunkStreamId - 64
  } else {
    into[at++] = (format << 6) | 1
    into[at++] = chunkStreamId - 64
    into[at++] = (chunkStreamId - 64) >> 8
  }
  return at
}

function writeU24(into: Uint8Array, at: number, value: number): number {
  into[at] = value >>> 16
  into[at + 1] = value >>> 8
  into[at + 2] = value
  return at + 3
}
function writeU32(into: Uint8Array, at: number, value: number): number {
  into[at] = value >>> 24
  return writeU24(into, at + 1, value)
}
