import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type AmfValue, readAmf0Values, writeAmf0Values } from '../../src/media/bytes/amf/index.ts'
import { ByteWriter } from '../../src/media/bytes/index.ts'
import { ChunkReader, MESSAGE_TYPE, messageBytes, RtmpClientHandshake } from '../../src/media/protocols/rtmp/index.ts'
import { poll } from './poll.ts'
import type { TestServer } from './server.ts'

export type Status = { readonly messageStreamId: number; readonly values: readonly AmfValue[] }

/** A client that says what it is told to, command by command. */
export class RawRtmpClient implements Disposable {
  readonly media = new Map<number, number>()
  readonly commands: Status[] = []
  readonly #socket: Socket
  readonly #reader: ChunkReader
  readonly #handshake: RtmpClientHandshake

  private constructor(socket: Socket) {
    this.#socket = socket
    this.#reader = new ChunkReader((message) => {
      if (message.type === MESSAGE_TYPE.commandAmf0) {
        this.commands.push({ messageStreamId: message.messageStreamId, values: readAmf0Values(message.payload) })
      } else if (message.type === MESSAGE_TYPE.video) {
        this.media.set(message.messageStreamId, (this.media.get(message.messageStreamId) ?? 0) + 1)
      }
    })
    const handshake = new RtmpClientHandshake({ randomBytes }, (bytes) => socket.write(bytes))
    this.#handshake = handshake
    socket.on('data', (bytes: Buffer) => {
      const used = handshake.isDone ? 0 : handshake.receive(bytes)
      if (handshake.isDone) this.#reader.push(new Uint8Array(bytes.subarray(used)))
    })
    socket.on('error', () => {})
    handshake.start()
  }
  static async open(server: TestServer, app = 'live'): Promise<RawRtmpClient> {
    const socket = connect(server.port('rtmp'), '127.0.0.1')
    await once(socket, 'connect')
    const client = new RawRtmpClient(socket)
    await poll('the handshake', () => client.#handshake.isDone || undefined)
    client.command(0, ['connect', 1, { app, tcUrl: server.rtmp(app), flashVer: 'test' }])
    await client.answer('the answer to connect', ({ values }) => values[0] === '_result' && values[1] === 1)
    return client
  }
  command(messageStreamId: number, values: readonly AmfValue[]): void {
    const writer = new ByteWriter()
    writeAmf0Values(writer, values)
    this.send(
      messageBytes(
        { chunkStreamId: 3, messageStreamId, type: MESSAGE_TYPE.commandAmf0, timestampMs: 0, parts: [writer.copy()] },
        128,
      ),
    )
  }
  async createStream(transaction: number): Promise<number> {
    this.command(0, ['createStream', transaction, null])
    const { values } = await this.answer(
      'a stream',
      (each) => each.values[0] === '_result' && each.values[1] === transaction,
    )
    return Number(values[3])
  }
  answer(what: string, matches: (status: Status) => boolean): Promise<Status> {
    return poll(what, () => this.commands.find(matches))
  }
  started(messageStreamId: number, code: string): Promise<Status> {
    return this.answer(
      code,
      (each) => each.messageStreamId === messageStreamId && JSON.stringify(each.values).includes(code),
    )
  }
  send(bytes: Uint8Array): void {
    this.#socket.write(bytes)
  }
  get isOpen(): boolean {
    return !this.#socket.closed
  }
  /** Whatever was sent arrives; then the connection ends, without a farewell of the protocol. */
  end(): void {
    this.#socket.end()
  }
  [Symbol.dispose](): void {
    this.#socket.destroy()
  }
}
