import { ByteReader } from '../../bytes/index.ts'
import type { RtmpMessage } from './messages.ts'

/**
 * The messages inside an aggregate message, with times moved so that the first has the aggregate's own.
 * Each is laid out as an FLV tag, back pointer included (left out behind the last by some senders). RTMP 1.0, 7.1.6.
 */
export function readAggregate(message: RtmpMessage, onMessage: (message: RtmpMessage) => void): void {
  const reader = new ByteReader(message.payload)
  let firstMs: number | undefined
  while (reader.remaining > 0) {
    const type = reader.u8('type')
    const bytes = reader.u24('length')
    const wireMs = reader.u24('timestamp') + reader.u8('timestamp extended') * 2 ** 24
    reader.skip(3, 'stream id')
    const payload = reader.take(bytes, 'payload')
    if (reader.remaining > 0) reader.skip(4, 'back pointer')
    firstMs ??= wireMs
    const timestampMs = (message.timestampMs + wireMs - firstMs) >>> 0
    onMessage({ type, messageStreamId: message.messageStreamId, timestampMs, payload })
  }
}
