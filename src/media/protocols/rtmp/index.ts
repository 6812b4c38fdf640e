export { AUDIO_FOURCCS, CAPS_EX, type RtmpCapabilities, VIDEO_FOURCCS } from './capabilities.ts'
export { ChunkReader, type ChunkReaderLimits } from './chunk-reader.ts'
export { messageBytes, type OutputMessage, writeMediaMessage, writeMessage } from './chunk-writer.ts'
export { type RtmpClientHandler, type RtmpClientOptions, RtmpClientSession } from './client-session.ts'
export { RtmpClientHandshake, RtmpServerHandshake } from './handshake.ts'
export type { RtmpCrypto } from './handshake-digest.ts'
export { MessageRetimer } from './message-retimer.ts'
export {
  CHUNK_STREAM,
  MESSAGE_TYPE,
  OUTPUT_CHUNK_BYTES,
  type RtmpMediaType,
  type RtmpMessage,
} from './messages.ts'
export type {
  RtmpConnectInfo,
  RtmpPlayRequest,
  RtmpPublishRequest,
  RtmpServerHandler,
  RtmpServerLimits,
} from './server-events.ts'
export { RtmpServerSession } from './server-session.ts'
export { type RtmpStreamName, readStreamName } from './stream-name.ts'
