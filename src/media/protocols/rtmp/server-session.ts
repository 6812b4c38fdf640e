import { ByteReader } from '../../bytes/index.ts'
import { MillraceError } from '../../errors.ts'
import { readAggregate } from './aggregate.ts'
import { CAPS_EX } from './capabilities.ts'
import { ChunkReader } from './chunk-reader.ts'
import { commandBytes, readCommand, userControlBytes, withoutAmf3Byte, withoutSetDataFrame } from './command.ts'
import { FlowControl } from './flow-control.ts'
import { RtmpServerHandshake } from './handshake.ts'
import type { RtmpCrypto } from './handshake-digest.ts'
import { MESSAGE_TYPE, type RtmpMediaType, type RtmpMessage, USER_CONTROL } from './messages.ts'
import { playEndBytes, playStartBytes, statusBytes } from './replies.ts'
import { ServerCommands } from './server-commands.ts'
import type { RtmpConnectInfo, RtmpServerHandler, RtmpServerLimits } from './server-events.ts'

type MessageHandler = (session: RtmpServerSession, message: RtmpMessage) => void

/**
 * The server's side of one connection, without socket and clock: bytes and the time go in, bytes and events come out.
 * RTMP 1.0; Enhanced RTMP v2. Faults of the peer end the session with `onClose(error)`; `receive` does not throw them.
 */
export class RtmpServerSession {
  static readonly #HANDLERS: ReadonlyMap<number, MessageHandler> = new Map<number, MessageHandler>([
    [MESSAGE_TYPE.acknowledgement, (session, message) => session.#onAcknowledgement(message)],
    [MESSAGE_TYPE.userControl, (session, message) => session.#onUserControl(message)],
    [MESSAGE_TYPE.windowAckSize, (session, message) => session.#onWindowAckSize(message)],
    [MESSAGE_TYPE.setPeerBandwidth, (session, message) => session.#onSetPeerBandwidth(message)],
    [MESSAGE_TYPE.audio, (session, message) => session.#onMedia(MESSAGE_TYPE.audio, message, message.payload)],
    [MESSAGE_TYPE.video, (session, message) => session.#onMedia(MESSAGE_TYPE.video, message, message.payload)],
    [MESSAGE_TYPE.dataAmf0, (session, message) => session.#onData(message)],
    [MESSAGE_TYPE.dataAmf3, (session, message) => session.#onData(message)],
    [MESSAGE_TYPE.commandAmf0, (session, message) => session.#commands.handle(readCommand(message))],
    [MESSAGE_TYPE.commandAmf3, (session, message) => session.#commands.handle(readCommand(message))],
    [MESSAGE_TYPE.aggregate, (session, message) => session.#onAggregate(message)],
  ])

  /** Media outside a published stream. */
  ignoredMediaCount = 0
  readonly #handler: RtmpServerHandler
  readonly #limits: RtmpServerLimits
  /** Until it is done. */
  #handshake: RtmpServerHandshake | undefined
  readonly #reader: ChunkReader
  readonly #flow: FlowControl
  readonly #commands: ServerCommands
  #isClosed = false
  #deadlineMs: number | undefined

  /** `nowMs` and `deadlineMs` are on one monotonic clock. */
  constructor(handler: RtmpServerHandler, crypto: RtmpCrypto, nowMs: number, limits: RtmpServerLimits = {}) {
    this.#handler = handler
    this.#limits = limits
    this.#deadlineMs = nowMs + (limits.handshakeMs ?? 10_000)
    this.#handshake = new RtmpServerHandshake(crypto, (bytes) => this.#send(bytes))
    this.#reader = new ChunkReader((message) => this.#onMessage(message), limits)
    this.#flow = new FlowControl((bytes) => this.#send(bytes))
    this.#commands = new ServerCommands(handler, this.#flow, (bytes) => this.#send(bytes), limits.maxStreams ?? 16)
  }

  /** When the owner should close the session unless more has happened by then; undefined while media may flow. */
  get deadlineMs(): number | undefined {
    return this.#deadlineMs
  }
  get isClosed(): boolean {
    return this.#isClosed
  }
  get connectInfo(): RtmpConnectInfo | undefined {
    return this.#commands.info
  }
  /** The peer's last acknowledgement of bytes, modulo 2^32. */
  get peerAcknowledged(): number | undefined {
    return this.#flow.peerAcknowledged
  }

  /** `bytes` are read during the call only. */
  receive(bytes: Uint8Array, nowMs: number): void {
    if (this.#isClosed) return
    const wasConnected = this.#commands.info !== undefined
    try {
      const used = this.#handshake?.receive(bytes) ?? 0
      if (this.#handshake?.isDone) this.#handshake = undefined
      if (!this.#handshake && used < bytes.length) this.#reader.push(bytes.subarray(used))
      if (!this.#isClosed) this.#flow.received(bytes.length)
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error
      this.#end(error)
    }
    this.#moveDeadline(nowMs, wasConnected)
  }

  /** The stream goes live; media that came early is handed over at once. */
  acceptPublish(messageStreamId: number): void {
    const stream = this.#commands.streams.get(messageStreamId)
    if (stream?.state !== 'publish-asked') return
    stream.state = 'publishing'
    this.#send(userControlBytes(USER_CONTROL.streamBegin, messageStreamId))
    this.#send(statusBytes(messageStreamId, 'status', 'NetStream.Publish.Start', 'Publishing has started.'))
    for (const { type, timestampMs, body } of stream.takeEarly()) {
      if (stream.state === 'publishing') this.#handler.onMedia(messageStreamId, type, timestampMs, body)
    }
  }

  /** After this the owner may send media messages on that stream. */
  acceptPlay(messageStreamId: number): void {
    const stream = this.#commands.streams.get(messageStreamId)
    if (stream?.state !== 'play-asked') return
    stream.state = 'playing'
    this.#send(playStartBytes(messageStreamId))
  }

  /** Answers a publish or play request with no. `description` goes to the peer: no secrets in it. */
  refuse(messageStreamId: number, code: string, description: string): void {
    const stream = this.#commands.streams.get(messageStreamId)
    if (stream?.state !== 'publish-asked' && stream?.state !== 'play-asked') return
    stream.state = 'idle'
    stream.takeEarly()
    this.#send(statusBytes(messageStreamId, 'error', code, description))
  }

  /** Tells a player that its stream is over. */
  endPlay(messageStreamId: number): void {
    const stream = this.#commands.streams.get(messageStreamId)
    if (stream?.state !== 'playing') return
    stream.state = 'idle'
    this.#send(playEndBytes(messageStreamId))
  }

  /** Asks for a sign of life; the peer echoes the time. RTMP 1.0, 7.1.7. */
  ping(nowMs: number): void {
    this.#send(userControlBytes(USER_CONTROL.pingRequest, Math.floor(nowMs) >>> 0))
  }

  /** Asks the peer to come back, elsewhere if `tcUrl` is given. False where it does not understand that. */
  requestReconnect(tcUrl?: string): boolean {
    if (((this.#commands.info?.capabilities.capsEx ?? 0) & CAPS_EX.reconnect) === 0) return false
    const code = 'NetConnection.Connect.ReconnectRequest'
    const info = { level: 'status', code, description: 'Please reconnect.', ...(tcUrl === undefined ? {} : { tcUrl }) }
    this.#send(commandBytes(0, ['onStatus', 0, null, info]))
    return true
  }

  /** The connection has gone, or the owner ends it. */
  close(): void {
    this.#end(undefined)
  }

  #end(error: MillraceError | undefined): void {
    if (this.#isClosed) return
    for (const stream of this.#commands.streams.values()) this.#commands.stop(stream)
    this.#isClosed = true
    this.#deadlineMs = undefined
    this.#handler.onClose(error)
  }

  #send(bytes: Uint8Array): void {
    if (!this.#isClosed) this.#handler.send(bytes)
  }

  #moveDeadline(nowMs: number, wasConnected: boolean): void {
    if (this.#commands.info === undefined || this.#isClosed) return
    const isBusy = [...this.#commands.streams.values()].some((stream) => stream.state !== 'idle')
    if (isBusy) this.#deadlineMs = undefined
    else if (!wasConnected || this.#deadlineMs === undefined) this.#deadlineMs = nowMs + (this.#limits.idleMs ?? 30_000)
  }

  #onMessage(message: RtmpMessage): void {
    if (this.#isClosed) return
    RtmpServerSession.#HANDLERS.get(message.type)?.(this, message)
  }

  // ── protocol control ──────────────────────────────────────────────────────────────────────────────────────────

  #onAcknowledgement(message: RtmpMessage): void {
    this.#flow.peerAcknowledged = new ByteReader(message.payload).u32('sequence number')
  }
  #onWindowAckSize(message: RtmpMessage): void {
    this.#flow.peerWindow(new ByteReader(message.payload).u32('acknowledgement window size'))
  }
  #onSetPeerBandwidth(message: RtmpMessage): void {
    this.#flow.peerAsksFor(new ByteReader(message.payload).u32('acknowledgement window size'))
  }
  #onUserControl(message: RtmpMessage): void {
    const reader = new ByteReader(message.payload)
    if (reader.u16('event type') !== USER_CONTROL.pingRequest) return
    this.#send(userControlBytes(USER_CONTROL.pingResponse, reader.u32('timestamp')))
  }

  // ── media ─────────────────────────────────────────────────────────────────────────────────────────────────────

  #onMedia(type: RtmpMediaType, message: RtmpMessage, body: Uint8Array): void {
    const stream = this.#commands.streams.get(message.messageStreamId)
    if (stream?.state === 'publishing') this.#handler.onMedia(stream.id, type, message.timestampMs, body)
    else if (stream?.state !== 'publish-asked' || !stream.keepEarly(type, message, body)) this.ignoredMediaCount++
  }
  /** Commands and aggregates inside an aggregate are no part of the protocol. */
  #onAggregate(message: RtmpMessage): void {
    readAggregate(message, (inner) => {
      const isMedia = inner.type === MESSAGE_TYPE.audio || inner.type === MESSAGE_TYPE.video
      if (isMedia || inner.type === MESSAGE_TYPE.dataAmf0) this.#onMessage(inner)
    })
  }
  #onData(message: RtmpMessage): void {
    this.#onMedia(MESSAGE_TYPE.dataAmf0, message, withoutSetDataFrame(withoutAmf3Byte(message)))
  }
}
