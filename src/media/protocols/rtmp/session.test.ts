import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AmfValue, amfField, readAmf0Values, writeAmf0Values } from '../../bytes/amf/index.ts'
import { ByteWriter } from '../../bytes/index.ts'
import { commandBytes, readCommand } from './command.ts'
import { MESSAGE_TYPE, messageBytes, type RtmpServerHandler, RtmpServerSession, writeMediaMessage } from './index.ts'
import { concat, messagesOf } from './testing/messages-of.ts'
import { NODE_CRYPTO } from './testing/node-crypto.ts'
import { Pair } from './testing/pair.ts'

const BODY = Uint8Array.of(0xaf, 1, 2)

test('a publisher is asked about, accepted, heard and ended', () => {
  const pair = new Pair({})
  assert.deepEqual(pair.run(), ['connect live 11', 'publish 1 live/demo s3cret'])
  pair.server.acceptPublish(1)
  assert.deepEqual(pair.run(), ['ready'])
  pair.client.sendMedia(8, 40, [BODY.subarray(0, 1), BODY.subarray(1)])
  assert.deepEqual(pair.run(), ['server 1 8 40 3'])
  pair.client.close()
  assert.deepEqual(pair.run(), ['client closed', 'unpublish 1'])
})

test('a refused publisher hears the code, and no error text holds its key', () => {
  const pair = new Pair({})
  pair.run()
  pair.server.refuse(1, 'NetStream.Publish.BadName', 'No.')
  const log = pair.run()
  assert.deepEqual(log, ['client closed the RTMP server refused: NetStream.Publish.BadName'])
  assert.ok(!log.join().includes('s3cret'))
})

test('a player gets media after it is accepted, and the end', () => {
  const pair = new Pair({ purpose: 'play' })
  assert.deepEqual(pair.run(), ['connect live 11', 'play 1 live/demo'])
  pair.server.acceptPlay(1)
  assert.deepEqual(pair.run(), ['ready'])
  pair.toClient.push(...writeMediaMessage(1, { type: 9, timestampMs: 0x1000005, parts: [new Uint8Array(200_000)] }))
  assert.deepEqual(pair.run(), ['client 9 16777221 200000'])
  pair.server.endPlay(1)
  assert.deepEqual(pair.run(), ['client closed'])
})

test('the end of the connection ends what it did', () => {
  const pair = new Pair({})
  pair.run()
  pair.server.acceptPublish(1)
  pair.run()
  pair.server.close()
  pair.server.close()
  assert.deepEqual(pair.run(), ['unpublish 1', 'server closed'])
})

test('a reconnect request reaches a client that understands it', () => {
  const pair = new Pair({})
  pair.run()
  assert.ok(pair.server.requestReconnect('rtmp://other/live'))
  assert.deepEqual(pair.run(), ['reconnect rtmp://other/live'])
})

test('deadlines: handshake, idle, none while media may flow', () => {
  const pair = new Pair({}, {}, { handshakeMs: 5, idleMs: 7 })
  assert.equal(pair.server.deadlineMs, 5)
  pair.run(100)
  assert.equal(pair.server.deadlineMs, undefined)
  pair.server.refuse(1, 'x', 'y')
  pair.server.receive(new Uint8Array(0), 200)
  assert.equal(pair.server.deadlineMs, 207)
})

/** A server behind the handshake, driven with single messages. */
function connected(answers: Partial<RtmpServerHandler> = {}, fields: { readonly [name: string]: AmfValue } = {}) {
  const events: string[] = []
  let sent: Uint8Array[] = []
  const handler: RtmpServerHandler = {
    send: (bytes) => sent.push(bytes),
    onPublish: ({ messageStreamId, path }) => events.push(`publish ${messageStreamId} ${path}`),
    onPlay: ({ messageStreamId, path }) => events.push(`play ${messageStreamId} ${path}`),
    onUnpublish: (id) => events.push(`unpublish ${id}`),
    onStop: (id) => events.push(`stop ${id}`),
    onMedia: (id, type, ms, body) => events.push(`media ${id} ${type} ${ms} ${Buffer.from(body).toString('hex')}`),
    onClose: (error) => events.push(`close ${error?.code}`),
    ...answers,
  }
  const session = new RtmpServerSession(handler, NODE_CRYPTO, 0, { maxStreams: 3 })
  session.receive(concat([Uint8Array.of(3), new Uint8Array(2 * 1536)]), 0)
  const say = (...bytes: Uint8Array[]) => {
    sent = []
    for (const piece of bytes) session.receive(piece, 0)
    return messagesOf([Uint8Array.of(2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 1, 0, 0), ...sent])
  }
  const replies = say(commandBytes(0, ['connect', 1, { app: 'live', tcUrl: 'rtmp://h/live', ...fields }], 128))
  return { session, say, events, replies }
}
const call = (id: number, ...values: AmfValue[]) => commandBytes(id, values, 128)

test('connect is answered with windows, chunk size and enhanced capabilities', () => {
  const { replies } = connected({}, { objectEncoding: 3 })
  assert.deepEqual(
    replies.map((m) => m.type),
    [5, 6, 20],
  )
  const result = replies.at(-1)
  assert.ok(result)
  const [name, transaction, properties, info] = readAmf0Values(result.payload)
  assert.deepEqual([name, transaction, amfField(info, 'objectEncoding')], ['_result', 1, 3])
  assert.equal(amfField(properties, 'capsEx'), 15)
  assert.equal(amfField(amfField(properties, 'videoFourCcInfoMap'), 'hvc1'), 4)
})

test('several streams, one limit, names used again after deleteStream', () => {
  const { say } = connected()
  const create = () => readCommand(say(call(0, 'createStream', 2, null))[0] ?? assert.fail()).args[1]
  assert.deepEqual([create(), create(), create()], [1, 2, 3])
  assert.equal(readCommand(say(call(0, 'createStream', 2, null))[0] ?? assert.fail()).name, '_error')
  say(call(0, 'deleteStream', 0, null, 2))
  assert.equal(create(), 2)
})

test('media before the answer is kept, media elsewhere is counted', () => {
  const { session, say, events } = connected()
  say(call(0, 'createStream', 2, null), call(1, 'publish', 3, null, 'demo', 'live'))
  say(
    ...writeMediaMessage(1, { type: 8, timestampMs: 5, parts: [BODY] }),
    ...writeMediaMessage(2, { type: 8, timestampMs: 5, parts: [BODY] }),
  )
  session.acceptPublish(1)
  say(...writeMediaMessage(1, { type: 9, timestampMs: 6, parts: [BODY] }))
  assert.deepEqual(events, ['publish 1 live/demo', 'media 1 8 5 af0102', 'media 1 9 6 af0102'])
  assert.equal(session.ignoredMediaCount, 1)
})

test('@setDataFrame, AMF3 data and aggregates come out as plain tags', () => {
  const { session, say, events } = connected()
  say(call(0, 'createStream', 2, null), call(1, 'publish', 3, null, 'demo'))
  session.acceptPublish(1)
  events.length = 0
  const data = new ByteWriter()
  writeAmf0Values(data, ['@setDataFrame', 'a', null])
  say(
    messageBytes(
      { chunkStreamId: 5, messageStreamId: 1, type: MESSAGE_TYPE.dataAmf0, timestampMs: 0, parts: [data.copy()] },
      128,
    ),
  )
  const message = { chunkStreamId: 6, messageStreamId: 1, timestampMs: 100 }
  say(messageBytes({ ...message, type: 15, parts: [Uint8Array.of(0, 2, 0, 1, 0x61, 5)] }))
  const tag = (ms: number) => Uint8Array.of(8, 0, 0, 3, 0, 0, ms, 0, 0, 0, 0, ...BODY, 0, 0, 0, 14)
  say(messageBytes({ ...message, type: 22, parts: [tag(50), tag(70).subarray(0, 14)] }))
  assert.deepEqual(events, [
    'media 1 18 0 0200016105',
    'media 1 18 100 0200016105',
    'media 1 8 100 af0102',
    'media 1 8 120 af0102',
  ])
})

test('AMF3 commands, play2, pause, seek, FC calls and unknown calls', () => {
  const { session, say, events } = connected()
  const inner = commandBytes(0, ['createStream', 2, null]).subarray(12)
  const amf3 = { chunkStreamId: 3, messageStreamId: 0, type: 17, timestampMs: 0, parts: [Uint8Array.of(0), inner] }
  assert.equal(say(messageBytes(amf3))[0]?.type, 20)
  say(call(1, 'play2', 0, null, { streamName: 'a' }))
  session.acceptPlay(1)
  const names = (m: ReturnType<typeof say>) => m.map((one) => readCommand(one).name)
  assert.deepEqual(names(say(call(1, 'pause', 0, null, true, 0))), ['onStatus'])
  assert.deepEqual(names(say(call(1, 'seek', 0, null, 0))), ['onStatus'])
  assert.deepEqual(names(say(call(0, 'FCPublish', 4, null, 'x'))), ['_result', 'onFCPublish'])
  assert.deepEqual(names(say(call(0, 'FCSubscribe', 4, null, 'x'))), ['_result', 'onFCSubscribe'])
  assert.deepEqual(names(say(call(0, 'getStreamLength', 4, null, 'x'))), ['_result'])
  assert.deepEqual(names(say(call(0, 'whatever', 4, null))), ['_error'])
  assert.deepEqual(names(say(call(0, 'constructor', 0, null))), [])
  say(call(1, 'publish', 5, null, 'b'))
  say(call(0, 'FCUnpublish', 6, null, 'b'))
  assert.deepEqual(events, ['play 1 live/a', 'stop 1', 'publish 1 live/b', 'unpublish 1'])
})

test('pings are answered and windows acknowledged', () => {
  const { session, say, events } = connected()
  const control = (type: number, ...payload: number[]) =>
    messageBytes({ chunkStreamId: 2, messageStreamId: 0, type, timestampMs: 0, parts: [Uint8Array.from(payload)] })
  const pong = say(control(4, 0, 6, 1, 2, 3, 4))
  assert.deepEqual(
    pong.map((m) => [m.type, ...m.payload]),
    [[4, 0, 7, 1, 2, 3, 4]],
  )
  say(control(3, 0, 0, 1, 0))
  assert.equal(session.peerAcknowledged, 256)
  say(control(5, 0, 0, 8, 0))
  const acks = say(
    ...writeMediaMessage(1, { type: 8, timestampMs: 0, parts: [new Uint8Array(100)] }, 128),
    control(1, 0, 0, 16, 0),
    ...writeMediaMessage(1, { type: 8, timestampMs: 0, parts: [new Uint8Array(4000)] }, 4096),
  )
  assert.ok(acks.some((m) => m.type === 3))
  assert.deepEqual(events, [])
})

test('a fault of the peer ends the session once, and nothing is thrown', () => {
  const { session, say, events } = connected()
  say(call(0, 'createStream', 2, null), call(1, 'publish', 3, null, 'demo'))
  say(Uint8Array.of(0xff, 0xff, 0xff, 0xff))
  say(Uint8Array.of(0xff))
  assert.deepEqual(events, ['publish 1 live/demo', 'unpublish 1', 'close malformed-input'])
  assert.ok(session.isClosed)
})
