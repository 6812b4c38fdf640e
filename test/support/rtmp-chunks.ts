/*
 * RTMP chunks written by hand, independent of the server's own writer, so that every freedom that encoders take can be
 * taken. RTMP 1.0, 5.3.
 */
export type MediaTag = { readonly type: number; readonly timestampMs: number; readonly body: Buffer }

/** The tags of an FLV, without its header. Adobe FLV Specification v10.1, E.4.1. */
export function flvTags(flv: Buffer): MediaTag[] {
  const tags: MediaTag[] = []
  let at = flv.toString('latin1', 0, 3) === 'FLV' ? 13 : 0
  while (at + 11 <= flv.length) {
    const length = flv.readUIntBE(at + 1, 3)
    const timestampMs = flv.readUIntBE(at + 4, 3) + (flv[at + 7] ?? 0) * 0x1000000
    tags.push({ type: flv[at] ?? 0, timestampMs, body: flv.subarray(at + 11, at + 11 + length) })
    at += 11 + length + 4
  }
  return tags
}

const NO_ROOM = 0xffffff

export type ChunkStyle = {
  readonly chunkStreamId: number
  readonly messageStreamId: number
  readonly chunkBytes: number
  /** Type 3 chunks of a message repeat its extended timestamp; some encoders leave it out. */
  readonly continuation: 'with extended time' | 'bare'
  /** Time of the message before on this chunk stream: the header is then of type 1, with the difference. */
  readonly previousMs?: number
}

/** One message as one piece a chunk. */
export function chunksOf({ type, timestampMs, body }: MediaTag, style: ChunkStyle): Buffer[] {
  const { chunkStreamId, messageStreamId, chunkBytes, previousMs } = style
  const time = previousMs === undefined ? timestampMs : timestampMs - previousMs
  const extended = time >= NO_ROOM ? uint32(time) : Buffer.alloc(0)
  const header = Buffer.alloc(previousMs === undefined ? 12 : 8)
  header[0] = (previousMs === undefined ? 0x00 : 0x40) | chunkStreamId
  header.writeUIntBE(Math.min(time, NO_ROOM), 1, 3)
  header.writeUIntBE(body.length, 4, 3)
  header[7] = type
  if (previousMs === undefined) header.writeUInt32LE(messageStreamId, 8)
  const chunks = [Buffer.concat([header, extended, body.subarray(0, chunkBytes)])]
  const again = style.continuation === 'with extended time' ? extended : Buffer.alloc(0)
  for (let at = chunkBytes; at < body.length; at += chunkBytes) {
    chunks.push(Buffer.concat([Buffer.of(0xc0 | chunkStreamId), again, body.subarray(at, at + chunkBytes)]))
  }
  return chunks
}

/** The message that changes the chunk size is itself in chunks of the size that holds now. RTMP 1.0, 5.4.1. */
export function setChunkSize(bytes: number, chunkBytes: number): Buffer {
  const message = { type: 1, timestampMs: 0, body: uint32(bytes) }
  return Buffer.concat(chunksOf(message, { chunkStreamId: 2, messageStreamId: 0, chunkBytes, continuation: 'bare' }))
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
