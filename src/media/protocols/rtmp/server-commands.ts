import { type AmfValue, amfField, amfNumber, amfString } from '../../bytes/amf/index.ts'
import { invariant } from '../../errors.ts'
import { CAPS_EX, capabilityFields, readCapabilities } from './capabilities.ts'
import { commandBytes, controlBytes, type RtmpCommand } from './command.ts'
import { type FlowControl, WINDOW_BYTES } from './flow-control.ts'
import { MESSAGE_TYPE, OUTPUT_CHUNK_BYTES } from './messages.ts'
import { connectedBytes, errorBytes, resultBytes, statusBytes } from './replies.ts'
import type { RtmpConnectInfo, RtmpServerHandler } from './server-events.ts'
import { ServerStream } from './server-stream.ts'
import { type RtmpStreamName, readStreamName } from './stream-name.ts'

/** Set Peer Bandwidth limit type. RTMP 1.0, 5.4.5. */
const DYNAMIC_LIMIT = 2
const OUR_CAPS_EX = CAPS_EX.reconnect | CAPS_EX.multitrack | CAPS_EX.modEx | CAPS_EX.timestampNanoOffset

type CommandHandler = (self: ServerCommands, command: RtmpCommand) => void

/** The commands of one connection and the message streams that they make. RTMP 1.0, 7.2. */
export class ServerCommands {
  static readonly #HANDLERS: ReadonlyMap<string, CommandHandler> = new Map<string, CommandHandler>([
    ['connect', (self, command) => self.#connect(command)],
    ['createStream', (self, command) => self.#createStream(command)],
    ['deleteStream', (self, command) => self.#deleteStream(command)],
    ['closeStream', (self, command) => self.#closeStream(command)],
    ['publish', (self, command) => self.#publish(command)],
    ['play', (self, command) => self.#play(command)],
    ['play2', (self, command) => self.#play2(command)],
    ['pause', (self, command) => self.#pause(command)],
    ['seek', (self, command) => self.#seek(command)],
    ['FCPublish', (self, command) => self.#fcPublish(command)],
    ['FCUnpublish', (self, command) => self.#fcUnpublish(command)],
    ['FCSubscribe', (self, command) => self.#fcSubscribe(command)],
    ['releaseStream', (self, command) => self.#succeed(command, null, undefined)],
    ['_checkbw', (self, command) => self.#succeed(command, null, undefined)],
    ['getStreamLength', (self, command) => self.#succeed(command, null, 0)],
    ['receiveAudio', ignore],
    ['receiveVideo', ignore],
    ['_result', ignore],
    ['_error', ignore],
    ['onStatus', ignore],
  ])

  info: RtmpConnectInfo | undefined
  readonly streams = new Map<number, ServerStream>()
  readonly #handler: RtmpServerHandler
  readonly #flow: FlowControl
  readonly #send: (bytes: Uint8Array) => void
  readonly #maxStreams: number

  constructor(handler: RtmpServerHandler, flow: FlowControl, send: (bytes: Uint8Array) => void, maxStreams: number) {
    this.#handler = handler
    this.#flow = flow
    this.#send = send
    this.#maxStreams = maxStreams
  }

  handle(command: RtmpCommand): void {
    if (this.info === undefined && command.name !== 'connect') {
      this.#fail(command, 'NetConnection.Call.Failed', 'The first command must be connect.')
      return
    }
    const handle = ServerCommands.#HANDLERS.get(command.name)
    if (handle === undefined) this.#fail(command, 'NetConnection.Call.Failed', 'The command is not known.')
    else handle(this, command)
  }

  #fail(command: RtmpCommand, code: string, description: string): void {
    if (command.transactionId !== 0) this.#send(errorBytes(command.transactionId, code, description))
  }
  #status(messageStreamId: number, code: string, description: string): void {
    this.#send(statusBytes(messageStreamId, 'status', code, description))
  }
  #succeed(command: RtmpCommand, ...values: readonly AmfValue[]): void {
    if (command.transactionId !== 0) this.#send(resultBytes(command.transactionId, ...values))
  }

  /** RTMP 1.0, 7.2.1.1. */
  #connect(command: RtmpCommand): void {
    if (this.info !== undefined) {
      this.#fail(command, 'NetConnection.Connect.Rejected', 'The connection is connected already.')
      return
    }
    const object = command.args[0]
    this.info = {
      app: amfString(object, 'app') ?? '',
      tcUrl: amfString(object, 'tcUrl') ?? '',
      flashVer: amfString(object, 'flashVer') ?? '',
      capabilities: readCapabilities(object),
    }
    this.#flow.announce(WINDOW_BYTES)
    this.#send(controlBytes(MESSAGE_TYPE.setPeerBandwidth, WINDOW_BYTES, DYNAMIC_LIMIT))
    this.#send(controlBytes(MESSAGE_TYPE.setChunkSize, OUTPUT_CHUNK_BYTES))
    const encoding = amfNumber(object, 'objectEncoding') ?? 0
    this.#send(connectedBytes(command.transactionId, capabilityFields(OUR_CAPS_EX), encoding))
    this.#handler.onConnect?.(this.info)
  }

  #createStream(command: RtmpCommand): void {
    let id = 1
    while (this.streams.has(id)) id++
    if (id > this.#maxStreams) {
      this.#fail(command, 'NetConnection.Call.Failed', `At most ${this.#maxStreams} streams on one connection.`)
      return
    }
    this.streams.set(id, new ServerStream(id))
    this.#succeed(command, null, id)
  }

  /** 7.2.2.6. The name is the second argument; false instead of a name ends the publish. */
  #publish(command: RtmpCommand): void {
    const stream = this.#idleStream(command)
    const streamKey = command.args[1]
    if (stream === undefined || typeof streamKey !== 'string') return
    const publishType = command.args[2]
    stream.state = 'publish-asked'
    stream.streamKey = streamKey
    this.#handler.onPublish({
      ...this.#name(streamKey),
      messageStreamId: stream.id,
      publishType: typeof publishType === 'string' ? publishType : 'live',
    })
  }

  /** 7.2.2.1. */
  #play(command: RtmpCommand): void {
    const start = command.args[2]
    this.#askPlay(command, command.args[1], typeof start === 'number' ? start : -2)
  }
  /** 7.2.2.2: the name and its options are fields of an object. */
  #play2(command: RtmpCommand): void {
    const options = command.args[1]
    this.#askPlay(command, amfField(options, 'streamName'), amfNumber(options, 'start') ?? -2)
  }
  #askPlay(command: RtmpCommand, streamKey: AmfValue, start: number): void {
    const stream = this.#idleStream(command)
    if (stream === undefined || typeof streamKey !== 'string') return
    stream.state = 'play-asked'
    this.#handler.onPlay({ ...this.#name(streamKey), messageStreamId: stream.id, start })
  }

  /** The command's stream, with whatever it did before at an end. */
  #idleStream(command: RtmpCommand): ServerStream | undefined {
    const stream = this.streams.get(command.messageStreamId)
    if (stream === undefined) {
      this.#fail(command, 'NetStream.Failed', 'The stream was not created.')
      return undefined
    }
    this.stop(stream)
    return stream
  }

  #name(streamKey: string): RtmpStreamName {
    invariant(this.info !== undefined, 'commands come after connect')
    return readStreamName(this.info.app, this.info.tcUrl, streamKey)
  }

  /** Whatever the stream does is at an end. */
  stop(stream: ServerStream): void {
    const { state } = stream
    stream.state = 'idle'
    stream.takeEarly()
    if (state === 'publishing' || state === 'publish-asked') this.#handler.onUnpublish(stream.id)
    if (state === 'playing' || state === 'play-asked') this.#handler.onStop(stream.id)
  }

  #closeStream(command: RtmpCommand): void {
    const stream = this.streams.get(command.messageStreamId)
    if (stream === undefined) return
    const wasPublishing = stream.state === 'publishing'
    this.stop(stream)
    if (wasPublishing) this.#status(stream.id, 'NetStream.Unpublish.Success', 'Publishing has ended.')
  }

  #deleteStream(command: RtmpCommand): void {
    const id = command.args[1]
    const stream = typeof id === 'number' ? this.streams.get(id) : undefined
    if (stream === undefined) return
    this.stop(stream)
    this.streams.delete(stream.id)
  }

  /** Flash Media Live Encoder's own calls around publish. */
  #fcPublish(command: RtmpCommand): void {
    this.#succeed(command, null, undefined)
    this.#fcStatus('onFCPublish', 'NetStream.Publish.Start')
  }
  #fcUnpublish(command: RtmpCommand): void {
    this.#succeed(command, null, undefined)
    for (const stream of this.streams.values()) {
      if (stream.state !== 'idle' && stream.streamKey === command.args[1]) this.stop(stream)
    }
    this.#fcStatus('onFCUnpublish', 'NetStream.Unpublish.Success')
  }
  #fcSubscribe(command: RtmpCommand): void {
    this.#succeed(command, null, undefined)
    this.#fcStatus('onFCSubscribe', 'NetStream.Play.Start')
  }
  #fcStatus(name: string, code: string): void {
    this.#send(commandBytes(0, [name, 0, null, { level: 'status', code, description: '' }]))
  }

  /** 7.2.2.8. */
  #pause(command: RtmpCommand): void {
    const stream = this.streams.get(command.messageStreamId)
    if (stream?.state !== 'playing') return
    const isPaused = command.args[1] === true
    this.#handler.onPause?.(stream.id, isPaused ? 'paused' : 'playing')
    const code = isPaused ? 'NetStream.Pause.Notify' : 'NetStream.Unpause.Notify'
    this.#status(stream.id, code, isPaused ? 'Paused.' : 'Playing again.')
  }
  #seek(command: RtmpCommand): void {
    this.#send(statusBytes(command.messageStreamId, 'error', 'NetStream.Seek.Failed', 'Live streams cannot seek.'))
  }
}

/** receiveAudio and receiveVideo: viewers share their bytes, so nothing can be left out for one. */
function ignore(): void {}
