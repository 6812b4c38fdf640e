import { type AmfValue, amfString } from '../../bytes/amf/index.ts'
import { ByteReader } from '../../bytes/index.ts'
import { MillraceError, UnsupportedInputError } from '../../errors.ts'
import { CAPS_EX, capabilityFields, type RtmpCapabilities, readCapabilities } from './capabilities.ts'
import { ChunkReader, type ChunkReaderLimits } from './chunk-reader.ts'
import { writeMediaMessage } from './chunk-writer.ts'
import {
  commandBytes,
  controlBytes,
  type RtmpCommand,
  readCommand,
  setBufferLengthBytes,
  userControlBytes,
  withoutAmf3Byte,
} from './command.ts'
import { FlowControl, WINDOW_BYTES } from './flow-control.ts'
import { RtmpClientHandshake } from './handshake.ts'
import type { RtmpCrypto } from './handshake-digest.ts'
import { MESSAGE_TYPE, OUTPUT_CHUNK_BYTES, type RtmpMediaType, type RtmpMessage, USER_CONTROL } from './messages.ts'

export type RtmpClientOptions = ChunkReaderLimits & {
  readonly purpose: 'publish' | 'play'
  /** As in `rtmp://host/app/streamKey`, each with its query if it has one. */
  readonly app: string
  readonly tcUrl: string
  readonly streamKey: string
}

/** What a client session tells its owner. Every callback runs inside a call of the session. */
export interface RtmpClientHandler {
  /** To the server, in order; the parts are views for `sendMedia`, else the receiver's to keep. */
  send(parts: readonly Uint8Array[]): void
  /** The server has accepted the publish or the play. */
  onReady(server: RtmpCapabilities): void
  /** `body` is an FLV tag body, valid during the call only; `timestampMs` wraps at 2^32. */
  onMedia(type: RtmpMediaType, timestampMs: number, body: Uint8Array): void
  /** The server asks to come back, at `tcUrl` if it says one. Enhanced RTMP v2. */
  onReconnectRequest?(tcUrl: string | undefined): void
  /** Once. The error says what the server refused or broke; absent after `close` and at the end of a played stream. */
  onClose(error: MillraceError | undefined): void
}

/** Transactions, in the order that they are sent. */
const CONNECT = 1
const CREATE_STREAM = 4
const ACCEPTED = new Set(['NetStream.Publish.Start', 'NetStream.Play.Start'])
const ENDED = new Set(['NetStream.Play.UnpublishNotify', 'NetStream.Play.Complete'])
const OUR_CAPS_EX = CAPS_EX.reconnect | CAPS_EX.multitrack | CAPS_EX.modEx
/** A player's buffer, told to servers that want to know. */
const BUFFER_MS = 1000

/** The client's side of one connection, without socket and clock. RTMP 1.0, 7.2; Enhanced RTMP v2. */
export class RtmpClientSession {
  readonly #handler: RtmpClientHandler
  readonly #options: RtmpClientOptions
  readonly #handshake: RtmpClientHandshake
  readonly #reader: ChunkReader
  readonly #flow: FlowControl
  #server: RtmpCapabilities = { fourCcs: [], capsEx: 0 }
  #messageStreamId = 0
  #isReady = false
  #isClosed = false
  #hasConnected = false

  constructor(handler: RtmpClientHandler, crypto: Pick<RtmpCrypto, 'randomBytes'>, options: RtmpClientOptions) {
    this.#handler = handler
    this.#options = options
    this.#handshake = new RtmpClientHandshake(crypto, (bytes) => this.#send(bytes))
    this.#reader = new ChunkReader((message) => this.#onMessage(message), options)
    this.#flow = new FlowControl((bytes) => this.#send(bytes))
  }

  get isReady(): boolean {
    return this.#isReady
  }

  /** Call once, when the connection stands. */
  start(): void {
    this.#handshake.start()
  }

  /** `bytes` are read during the call only. */
  receive(bytes: Uint8Array): void {
    if (this.#isClosed) return
    try {
      const used = this.#handshake.isDone ? 0 : this.#handshake.receive(bytes)
      if (!this.#handshake.isDone) return
      if (!this.#hasConnected) this.#connect()
      if (used < bytes.length) this.#reader.push(bytes.subarray(used))
      if (!this.#isClosed) this.#flow.received(bytes.length)
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error
      this.#end(error)
    }
  }

  /** An FLV tag body to the server; ignored before `onReady`. Parts are passed on uncopied. */
  sendMedia(type: RtmpMediaType, timestampMs: number, parts: readonly Uint8Array[]): void {
    if (!this.#isReady || this.#isClosed) return
    this.#handler.send(writeMediaMessage(this.#messageStreamId, { type, timestampMs, parts }))
  }

  /** Says goodbye and ends the session. */
  close(): void {
    if (this.#messageStreamId !== 0) {
      if (this.#options.purpose === 'publish') this.#call('FCUnpublish', 0, null, this.#options.streamKey)
      this.#call('deleteStream', 0, null, this.#messageStreamId)
    }
    this.#end(undefined)
  }

  #end(error: MillraceError | undefined): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#isReady = false
    this.#handler.onClose(error)
  }

  #send(bytes: Uint8Array): void {
    if (!this.#isClosed) this.#handler.send([bytes])
  }
  #call(...values: readonly AmfValue[]): void {
    this.#send(commandBytes(0, values))
  }

  /** 7.2.1.1. The chunk size comes first, so that all that follows may use it. */
  #connect(): void {
    this.#hasConnected = true
    const { app, tcUrl, purpose } = this.#options
    this.#send(controlBytes(MESSAGE_TYPE.setChunkSize, OUTPUT_CHUNK_BYTES))
    const type = purpose === 'publish' ? { type: 'nonprivate' } : {}
    const codecs = { audioCodecs: 4071, videoCodecs: 252, videoFunction: 1 }
    const flashVer = 'FMLE/3.0 (compatible; Millrace)'
    const fields = { app, ...type, flashVer, tcUrl, ...codecs, ...capabilityFields(OUR_CAPS_EX), objectEncoding: 0 }
    this.#call('connect', CONNECT, fields)
  }

  #onMessage(message: RtmpMessage): void {
    if (this.#isClosed) return
    const { type, payload, timestampMs } = message
    if (type === MESSAGE_TYPE.audio || type === MESSAGE_TYPE.video) this.#handler.onMedia(type, timestampMs, payload)
    else if (type === MESSAGE_TYPE.dataAmf0 || type === MESSAGE_TYPE.dataAmf3) {
      this.#handler.onMedia(MESSAGE_TYPE.dataAmf0, timestampMs, withoutAmf3Byte(message))
    } else if (type === MESSAGE_TYPE.commandAmf0 || type === MESSAGE_TYPE.commandAmf3) {
      this.#onCommand(readCommand(message))
    } else this.#onControl(message)
  }

  #onControl(message: RtmpMessage): void {
    const reader = new ByteReader(message.payload)
    if (message.type === MESSAGE_TYPE.windowAckSize) this.#flow.peerWindow(reader.u32('window size'))
    else if (message.type === MESSAGE_TYPE.setPeerBandwidth) this.#flow.peerAsksFor(reader.u32('window size'))
    else if (message.type === MESSAGE_TYPE.acknowledgement) this.#flow.peerAcknowledged = reader.u32('sequence number')
    else if (message.type === MESSAGE_TYPE.userControl && reader.u16('event type') === USER_CONTROL.pingRequest) {
      this.#send(userControlBytes(USER_CONTROL.pingResponse, reader.u32('timestamp')))
    }
  }

  #onCommand(command: RtmpCommand): void {
    if (command.name === '_result' && command.transactionId === CONNECT) this.#onConnected(command)
    else if (command.name === '_result' && command.transactionId === CREATE_STREAM) this.#onStream(command.args[1])
    else if (
      command.name === '_error' &&
      (command.transactionId === CONNECT || command.transactionId === CREATE_STREAM)
    ) {
      this.#end(refusal(command.args[1]))
    } else if (command.name === 'onStatus') this.#onStatus(command.args[1])
  }

  #onConnected(command: RtmpCommand): void {
    this.#server = readCapabilities(command.args[0])
    if (this.#options.purpose === 'publish') {
      this.#call('releaseStream', 2, null, this.#options.streamKey)
      this.#call('FCPublish', 3, null, this.#options.streamKey)
    } else this.#flow.announce(WINDOW_BYTES)
    this.#call('createStream', CREATE_STREAM, null)
  }

  #onStream(id: AmfValue): void {
    if (typeof id !== 'number') throw new UnsupportedInputError('createStream was answered without a stream id')
    this.#messageStreamId = id
    const { purpose, streamKey } = this.#options
    if (purpose === 'publish') this.#send(commandBytes(id, ['publish', 5, null, streamKey, 'live']))
    else {
      this.#send(commandBytes(id, ['play', 5, null, streamKey, -2000]))
      this.#send(setBufferLengthBytes(id, BUFFER_MS))
    }
  }

  #onStatus(info: AmfValue): void {
    const code = amfString(info, 'code') ?? ''
    if (code === 'NetConnection.Connect.ReconnectRequest') {
      this.#handler.onReconnectRequest?.(amfString(info, 'tcUrl'))
    } else if (amfString(info, 'level') === 'error') this.#end(refusal(info))
    else if (ENDED.has(code)) this.#end(undefined)
    else if (ACCEPTED.has(code) && !this.#isReady) {
      this.#isReady = true
      this.#handler.onReady(this.#server)
    }
  }
}

/** The server's own words may quote the stream key, so only its code is kept. */
function refusal(info: AmfValue): MillraceError {
  const code = amfString(info, 'code') ?? ''
  return new UnsupportedInputError(
    `the RTMP server refused: ${/^[A-Za-z.]{1,64}$/.test(code) ? code : 'no code given'}`,
  )
}
