import type { MillraceError } from '../../errors.ts'
import type { RtmpCapabilities } from './capabilities.ts'
import type { ChunkReaderLimits } from './chunk-reader.ts'
import type { RtmpMediaType } from './messages.ts'
import type { RtmpStreamName } from './stream-name.ts'

export type RtmpConnectInfo = {
  /** With its query, which may hold secrets: never log it whole. */
  readonly app: string
  readonly tcUrl: string
  readonly flashVer: string
  readonly capabilities: RtmpCapabilities
}
export type RtmpPublishRequest = RtmpStreamName & {
  readonly messageStreamId: number
  /** `live`, `record` or `append`, as the peer says. */
  readonly publishType: string
}
export type RtmpPlayRequest = RtmpStreamName & {
  readonly messageStreamId: number
  /** As sent: below 0 live, else the place in a recording. Clients disagree on the unit (RTMP 1.0 says seconds). */
  readonly start: number
}

/** What a session tells its owner. Every callback runs inside a call of the session. */
export interface RtmpServerHandler {
  /** To the peer, in order. The bytes are the receiver's to keep. */
  send(bytes: Uint8Array): void
  /** Answered by the session itself. */
  onConnect?(info: RtmpConnectInfo): void
  /** Answer with `acceptPublish` or `refuse`, now or later. */
  onPublish(request: RtmpPublishRequest): void
  /** Answer with `acceptPlay` or `refuse`, now or later. */
  onPlay(request: RtmpPlayRequest): void
  /** The end of a publish that was asked for or accepted, by command or with the connection. */
  onUnpublish(messageStreamId: number): void
  /** The end of a play that was asked for or accepted. */
  onStop(messageStreamId: number): void
  onPause?(messageStreamId: number, state: 'paused' | 'playing'): void
  /** `body` is an FLV tag body, valid during the call only; `timestampMs` wraps at 2^32. */
  onMedia(messageStreamId: number, type: RtmpMediaType, timestampMs: number, body: Uint8Array): void
  /** Once, after everything else. The error is the peer's fault that ended the session, if there was one. */
  onClose(error: MillraceError | undefined): void
}

export type RtmpServerLimits = ChunkReaderLimits & {
  /** Message streams at a time; 16 where absent. */
  readonly maxStreams?: number
  /** From the start to connect; 10 s where absent. */
  readonly handshakeMs?: number
  /** Without publish or play; 30 s where absent. */
  readonly idleMs?: number
}
