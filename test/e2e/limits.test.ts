import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { WebSocket } from 'ws'
import { audioTrack } from '../../src/media/codecs/index.ts'
import { FlvMuxer } from '../../src/media/formats/flv/index.ts'
import { HttpPublisher } from '../support/http-publisher.ts'
import { poll } from '../support/poll.ts'
import { TestServer } from '../support/server.ts'
import { SYNTHETIC_TRACKS, SyntheticStream } from '../support/synthetic.ts'
import { Witness } from '../support/witness.ts'

const MAX_CONNECTIONS = 20
const MAX_MESSAGE_BYTES = 65_536
const SETS = [
  'workers=1',
  `limits.maxConnections=${MAX_CONNECTIONS}`,
  `limits.maxMessageBytes=${MAX_MESSAGE_BYTES}`,
  'limits.maxTracks=2',
  'limits.handshakeMs=1000',
  'streams.**.graceMs=0',
]
const REQUEST = 'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'

let server: TestServer
before(async () => {
  server = await TestServer.start(SETS)
})
after(() => server[Symbol.asyncDispose]())

async function withWitness(work: () => Promise<void>): Promise<void> {
  using witness = await Witness.start(server)
  await work()
  await witness.goesOn()
}
async function open(listener: 'http' | 'rtmp'): Promise<Socket> {
  const socket = connect(server.port(listener), '127.0.0.1')
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}
/** Everything that comes until the server closes. */
async function wholeAnswer(socket: Socket): Promise<string> {
  let answer = ''
  socket.on('data', (bytes: Buffer) => {
    answer += bytes.toString('latin1')
  })
  if (!socket.closed) await once(socket, 'close')
  return answer
}
/** Connections until the server has as many as it may have. */
async function fill(listener: 'http' | 'rtmp'): Promise<Socket[]> {
  const sockets = await Promise.all(Array.from({ length: 2 * MAX_CONNECTIONS }, () => open(listener)))
  await server.log(({ event, listener: of }) => event === 'connections.refused' && of === listener)
  return sockets
}

test('an HTTP connection too many is told so, and those that are there go on', async () => {
  await withWitness(async () => {
    const sockets = await fill('http')
    const late = await open('http')
    late.write(REQUEST)
    const answer = await wholeAnswer(late)
    assert.match(answer, /^HTTP\/1\.1 503 Service Unavailable\r\n/)
    assert.match(answer, /"code":"limit-exceeded"/)
    const line = await server.log(({ event, listener }) => event === 'connections.refused' && listener === 'http')
    assert.equal(line.maxConnections, MAX_CONNECTIONS)
    for (const socket of sockets) socket.destroy()
    await poll('room for a connection', async () => {
      const again = await open('http')
      again.write(REQUEST)
      return (await wholeAnswer(again)).startsWith('HTTP/1.1 200') || undefined
    })
  })
})

test('an RTMP connection too many is closed, and the others are answered', async () => {
  await withWitness(async () => {
    const sockets = await fill('rtmp')
    const late = await open('rtmp')
    assert.equal(await wholeAnswer(late), '')
    const kept = sockets.filter((socket) => !socket.closed && !socket.destroyed)
    const [first] = kept
    assert.ok(first && kept.length <= MAX_CONNECTIONS)
    first.write(Buffer.concat([Buffer.of(3), Buffer.alloc(1536)]))
    const [answer] = (await once(first, 'data')) as [Buffer]
    assert.equal(answer[0], 3)
    for (const socket of sockets) socket.destroy()
  })
})

test('a message above limits.maxMessageBytes ends its publisher with the number', async () => {
  await withWitness(async () => {
    const large = new SyntheticStream({ frameBytes: MAX_MESSAGE_BYTES + 1 })
    const body = Buffer.concat([large.header(), large.frames(1)])
    using publisher = new HttpPublisher(server, 'live/large.flv')
    await publisher.sendBytes(body.subarray(publisher.stream.header().length))
    const { status, body: words } = await publisher.answer
    assert.equal(status, 413, words)
    assert.match(words, new RegExp(`${MAX_MESSAGE_BYTES}`))

    const socket = new WebSocket(server.ws('live/large.flv?publish'))
    await once(socket, 'open')
    socket.send(body)
    const [code] = (await once(socket, 'close')) as [number]
    assert.equal(code, 1009, 'message too big (RFC 6455, 7.4.1)')
  })
})

test('a track above limits.maxTracks ends its publisher', async () => {
  await withWitness(async () => {
    const third = audioTrack(3, 'aac', Uint8Array.of(0x11, 0x90))
    const muxer = new FlvMuxer()
    muxer.setTracks([...SYNTHETIC_TRACKS, third])
    const response = await fetch(server.http('live/many.flv'), {
      method: 'POST',
      body: new Uint8Array(Buffer.concat([muxer.preamble(), Buffer.alloc(0)])),
    })
    assert.equal(response.status, 413)
    assert.match(await response.text(), /more than 2 tracks/)
  })
})

test('who does not say in limits.handshakeMs what it wants is closed', async () => {
  await withWitness(async () => {
    const header = await open('http')
    header.write('GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ')
    const silent = await open('rtmp')
    const half = await open('rtmp')
    half.write(Buffer.of(3))
    assert.match(await wholeAnswer(header), /^(HTTP\/1\.1 408 .*)?/)
    await Promise.all([wholeAnswer(silent), wholeAnswer(half)])
  })
})

test('a publisher that is silent for limits.idleMs is told so, by HTTP and by WebSocket', async () => {
  await using server = await TestServer.start(['workers=1', 'limits.idleMs=500', 'streams.**.graceMs=0'])
  using publisher = new HttpPublisher(server, 'live/silent.flv')
  await publisher.send(5)
  assert.match((await publisher.answer).body, /silent/)

  const socket = new WebSocket(server.ws('live/silent.flv?publish'))
  await once(socket, 'open')
  const stream = new SyntheticStream()
  socket.send(Buffer.concat([stream.header(), stream.frames(5)]))
  const [, reason] = (await once(socket, 'close')) as [number, Buffer]
  assert.match(reason.toString(), /silent/)
  await server.log(({ event, stream: name }) => event === 'stream.ended' && name === 'live/silent')
})
