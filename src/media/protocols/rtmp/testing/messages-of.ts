import { ChunkReader, type ChunkReaderLimits, type RtmpMessage } from '../index.ts'

/** All messages in these pieces of a chunk stream, with copies of their payloads. */
export function messagesOf(pieces: readonly Uint8Array[], limits: ChunkReaderLimits = {}): RtmpMessage[] {
  const messages: RtmpMessage[] = []
  const reader = new ChunkReader((m) => messages.push({ ...m, payload: m.payload.slice() }), limits)
  for (const piece of pieces) reader.push(piece)
  return messages
}

export function hex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/[0-9a-f]{2}/g) ?? [], (byte) => Number.parseInt(byte, 16))
}
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]))
}
/** Cuts at the given sizes, used in turn. */
export function cut(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = []
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = Math.max(1, sizes[i % sizes.length] ?? 1)
    pieces.push(bytes.slice(at, at + size))
    at += size
  }
  return pieces
}
