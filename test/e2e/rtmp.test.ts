import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { type AmfValue, readAmf0Values, writeAmf0Values } from '../../src/media/bytes/amf/index.ts'
import { ByteWriter } from '../../src/media/bytes/index.ts'
import { FlvTagMuxer } from '../../src/media/formats/flv/index.ts'
import { ticks } from '../../src/media/model/index.ts'
import {
  ChunkReader,
  MESSAGE_TYPE,
  messageBytes,
  RtmpClientHandshake,
  writeMediaMessage,
} from '../../src/media/protocols/rtmp/index.ts'
import { poll } from '../support/poll.ts'
import type { TestServer } from '../support/server.ts'
import { SYNTHETIC_TRACKS } from '../support/synthetic.ts'
import { describeWorkers } from '../support/workers.ts'

type Status = { readonly messageStreamId: number; readonly values: readonly AmfValue[] }

/** A client that says what it is told to, command by command. */
class RawRtmpClient implements Disposable {
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
  [Symbol.dispose](): void {
    this.#socket.destroy()
  }
}

/** 128-byte chunks, as a client that never sends Set Chunk Size. */
function sendFrames(
  client: RawRtmpClient,
  messageStreamId: number,
  range: { readonly from: number; readonly to: number },
): void {
  const muxer = new FlvTagMuxer()
  muxer.setTracks(SYNTHETIC_TRACKS)
  const tags = range.from === 0 ? [muxer.metadataTag(), ...muxer.sequenceTags()] : []
  for (const tag of tags)
    for (const part of writeMediaMessage(messageStreamId, tag, 128)) client.send(Buffer.from(part))
  for (let number = range.from; number < range.to; number++) {
    const time = ticks(number * 3600)
    const data = Buffer.alloc(600, number % 251)
    data.writeUInt32BE(596, 0)
    data[4] = number % 25 === 0 ? 0x65 : 0x41
    const frame = {
      trackId: 1,
      ptsTicks: time,
      dtsTicks: time,
      durationTicks: ticks(0),
      isKey: number % 25 === 0,
      data,
    }
    const tag = muxer.frameTag(frame)
    if (tag) for (const part of writeMediaMessage(messageStreamId, tag, 128)) client.send(Buffer.from(part))
  }
}

const SETS = ['streams.**.graceMs=0', 'streams.keyed/**.publishKey=secret-key']

describeWorkers('RTMP', SETS, (context) => {
  test('one connection publishes two streams, another plays both', async () => {
    const { server } = context
    using publisher = await RawRtmpClient.open(server)
    const [first, second] = [await publisher.createStream(2), await publisher.createStream(3)]
    assert.notEqual(first, second)
    for (const [id, name] of [
      [first, 'a'],
      [second, 'b'],
    ] as const) {
      publisher.command(id, ['publish', 4, null, name, 'live'])
      await publisher.started(id, 'NetStream.Publish.Start')
      sendFrames(publisher, id, { from: 0, to: 30 })
    }
    await Promise.all([server.live('live/a'), server.live('live/b')])

    using player = await RawRtmpClient.open(server)
    const [one, two] = [await player.createStream(2), await player.createStream(3)]
    for (const [id, name] of [
      [one, 'a'],
      [two, 'b'],
    ] as const) {
      player.command(id, ['play', 4, null, name, -1])
      await player.started(id, 'NetStream.Play.Start')
    }
    for (const id of [first, second]) sendFrames(publisher, id, { from: 30, to: 90 })
    for (const id of [one, two])
      await poll(`media on ${id}`, () => ((player.media.get(id) ?? 0) >= 60 ? true : undefined))

    publisher.command(0, ['deleteStream', 5, null, first])
    await server.log(({ event, stream }) => event === 'stream.ended' && stream === 'live/a')
    const before = player.media.get(two) ?? 0
    sendFrames(publisher, second, { from: 90, to: 150 })
    await poll('the other stream to go on', () => ((player.media.get(two) ?? 0) >= before + 50 ? true : undefined))
  })

  test('a play of what is not there, and a publish without the key, are refused by name', async () => {
    const { server } = context
    using player = await RawRtmpClient.open(server)
    const id = await player.createStream(2)
    player.command(id, ['play', 3, null, 'none', -1])
    await player.started(id, 'NetStream.Play.StreamNotFound')
    using publisher = await RawRtmpClient.open(server, 'keyed')
    const other = await publisher.createStream(2)
    publisher.command(other, ['publish', 3, null, 'a?key=wrong', 'live'])
    await publisher.started(other, 'NetStream.Publish.BadName')
  })
})
