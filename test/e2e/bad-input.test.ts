import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { WebSocket } from 'ws'
import { HttpPublisher } from '../support/http-publisher.ts'
import { TestServer } from '../support/server.ts'
import { Witness } from '../support/witness.ts'

const C1_BYTES = 1536
const SETS = ['workers=4', 'limits.maxBufferedBytes=4194304', 'limits.handshakeMs=1500', 'streams.**.graceMs=0']

let server: TestServer
before(async () => {
  server = await TestServer.start(SETS)
})
after(() => server[Symbol.asyncDispose]())

async function rssBytes(): Promise<number> {
  const text = await (await fetch(server.http('metrics'))).text()
  return Number(/^process_resident_memory_bytes (\S+)$/m.exec(text)?.[1])
}

async function rtmpSocket(): Promise<Socket> {
  const socket = connect(server.port('rtmp'), '127.0.0.1')
  socket.on('error', () => {})
  socket.resume()
  await once(socket, 'connect')
  return socket
}
/** Plain handshake: C0 and C1, then C2 once S0, S1 and S2 have come. */
async function handshake(): Promise<Socket> {
  const socket = await rtmpSocket()
  socket.write(Buffer.concat([Buffer.of(3), Buffer.alloc(C1_BYTES)]))
  let received = 0
  while (received < 1 + 2 * C1_BYTES) received += ((await once(socket, 'data')) as [Buffer])[0].length
  socket.write(Buffer.alloc(C1_BYTES))
  return socket
}
/** A reset by the server is an end like any other here, so this never rejects. */
function closed(socket: Socket): Promise<void> {
  return socket.closed ? Promise.resolve() : new Promise((resolve) => socket.once('close', () => resolve()))
}
function happens(socket: Socket, event: 'data' | 'drain'): Promise<void> {
  return new Promise((resolve) => socket.once(event, () => resolve()))
}
/** Type 0 header of a message that is announced as `length` bytes long. */
function chunkHeader(chunkStream: number, type: number, length: number): Buffer {
  const header = Buffer.alloc(12)
  header[0] = chunkStream
  header.writeUIntBE(length, 4, 3)
  header[7] = type
  return header
}

/** The rest of the server must not notice what the test does to it. */
async function withWitness(work: () => Promise<void>): Promise<void> {
  using witness = await Witness.start(server)
  await work()
  await witness.goesOn()
}

test('RTMP garbage is refused and named, and other streams go on', async () => {
  await withWitness(async () => {
    const http = await rtmpSocket()
    http.write('GET / HTTP/1.1\r\n\r\n'.repeat(200))
    await closed(http)
    await server.log(({ event, fault }) => event === 'rtmp.failed' && fault === 'peer')

    const noise = await handshake()
    noise.write(Buffer.alloc(100_000, 0xff))
    await closed(noise)
  })
})

test('a chunk size of 2^31 is a fault of the peer', async () => {
  await withWitness(async () => {
    const socket = await handshake()
    const size = Buffer.alloc(4)
    size.writeUInt32BE(0x80000000)
    socket.write(Buffer.concat([chunkHeader(2, 1, 4), size]))
    await closed(socket)
  })
})

test('16 MB announced on every chunk stream costs the memory of the bytes that come, no more', async () => {
  await withWitness(async () => {
    const before = await rssBytes()
    const socket = await handshake()
    for (let chunkStream = 3; chunkStream < 64; chunkStream++) {
      socket.write(Buffer.concat([chunkHeader(chunkStream, 9, 0xffffff), Buffer.alloc(128)]))
    }
    const end = closed(socket)
    const flood = Buffer.concat([chunkHeader(3, 9, 0xffffff), Buffer.alloc(128)])
    for (let i = 0; i < 40_000 && !socket.destroyed; i++) {
      if (!socket.write(i === 0 ? Buffer.alloc(0) : Buffer.concat([Buffer.of(0xc3 + (i % 60)), Buffer.alloc(128)]))) {
        await Promise.race([happens(socket, 'drain'), end])
      }
    }
    socket.write(flood)
    socket.destroy()
    const after = await rssBytes()
    assert.ok(after - before < 64 * 1024 * 1024, `${Math.round((after - before) / 1e6)} MB more`)
  })
})

test('thousands of half-open connections are bounded in memory and closed at their time', async () => {
  await withWitness(async () => {
    const before = await rssBytes()
    const sockets: Socket[] = []
    for (let i = 0; i < 50; i++) {
      sockets.push(...(await Promise.all(Array.from({ length: 200 }, () => rtmpSocket()))))
    }
    for (const socket of sockets) socket.write(Buffer.of(3))
    const after = await rssBytes()
    assert.ok(
      after - before < 400 * 1024 * 1024,
      `${Math.round((after - before) / 1e6)} MB for ${sockets.length} connections`,
    )
    await Promise.all(sockets.map(closed))
  })
})

test('a body that is not what its address says is refused with words that help', async () => {
  const cases: readonly [path: string, body: Buffer, status: number, words: RegExp][] = [
    ['live/a.flv', Buffer.alloc(4000, 0x47), 400, /not FLV/],
    ['live/a.ts', Buffer.concat([Buffer.from('FLV\x01\x05\0\0\0\x09\0\0\0\0'), Buffer.alloc(4000)]), 400, /FLV/],
    ['live/a.webm', Buffer.alloc(10), 415, /\.webm/],
    ['live/a.ts', Buffer.alloc(200_000, 0x11), 400, /TS/],
  ]
  await withWitness(async () => {
    for (const [path, body, status, words] of cases) {
      const response = await fetch(server.http(path), { method: 'POST', body: new Uint8Array(body) })
      const text = await response.text()
      assert.equal(response.status, status, `${path}: ${text}`)
      assert.match(text, words)
    }
  })
})

test('names that climb, are too long or are not names are refused', async () => {
  const targets = [
    '/live/../../etc/passwd.flv',
    '/live/%2e%2e/%2e%2e/x.flv',
    '/live/%2E%2E.flv',
    '/a/b/c/d/e/f/g/h/i.flv',
    `/live/${'x'.repeat(300)}.flv`,
    '/live/a%00b.flv',
    '/live/a b.flv',
    '/live/%ff.flv',
    '/live//a.flv',
    '/vod/../../etc/passwd/index.m3u8',
  ]
  for (const target of targets) {
    for (const method of ['GET', 'POST']) {
      const socket = connect(server.port('http'), '127.0.0.1')
      socket.end(`${method} ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
      let answer = ''
      for await (const bytes of socket) answer += (bytes as Buffer).toString()
      assert.match(answer, /^HTTP\/1\.1 40[0345]/, `${method} ${target}: ${answer.slice(0, 200)}`)
    }
  }
})

test('a PUT that stops in the middle ends its stream and nothing else', async () => {
  await withWitness(async () => {
    const publisher = new HttpPublisher(server, 'live/a.flv')
    await publisher.send(30)
    await server.live('live/a')
    await publisher.sendBytes(publisher.stream.frames(1).subarray(0, 300))
    publisher[Symbol.dispose]()
    await server.log(({ event, stream }) => event === 'stream.ended' && stream === 'live/a')
  })
})

test('WebSocket: wrong bytes close it with a reason, a missing stream refuses the upgrade', async () => {
  const publishing = new WebSocket(server.ws('live/a.flv?publish'))
  await once(publishing, 'open')
  publishing.send(Buffer.from('this is no FLV at all'))
  const [code, reason] = (await once(publishing, 'close')) as [number, Buffer]
  assert.equal(code, 1003)
  assert.match(reason.toString(), /FLV/)

  const missing = new WebSocket(server.ws('live/none.flv'))
  const [error] = (await once(missing, 'error')) as [Error]
  assert.match(error.message, /404/)
})
