import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { InvariantError } from '../../../../media/errors.ts'
import { TakenSocket } from '../../../../platform/net/index.ts'
import { DirectConnection, type DirectHost } from './direct-connection.ts'
import type { DirectExchange } from './direct-exchange.ts'

const LARGE = Buffer.alloc(8_000_000, 'x')
const CLOSE = 'GET /at-once?last HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n'
const get = (target: string) => `GET ${target} HTTP/1.1\r\nHost: h\r\n\r\n`
const text = (body: string) => ({ status: 200, headers: { 'X-By': 'direct' }, body: [Buffer.from(body)] })

/** `/at-once`, `/later`, `/chunks` and `/large` are answered on the bare socket, the rest by Node. */
class Host implements DirectHost {
  readonly limits = { handshakeMs: 30_000, stallMs: 5000 }
  readonly connections = new Set<DirectConnection>()
  readonly exchanges: DirectExchange[] = []
  handedOver = 0
  doneCount = 0
  readonly server: Server
  readonly #toNode: (socket: Socket) => void

  constructor(server: Server) {
    this.server = server
    const [nodeConnection] = server.listeners('connection') as ((socket: Socket) => void)[]
    this.#toNode = (socket) => nodeConnection?.call(server, socket)
    server.removeAllListeners('connection')
    server.on('connection', (socket) => {
      const taken = TakenSocket.take(socket)
      if (!taken) throw new InvariantError('no TCP handle')
      this.connections.add(new DirectConnection(socket, taken, this))
    })
  }
  route({ target }: { readonly target: string }) {
    const work = this.#works[target.split('?')[0] ?? '']
    if (!work) return undefined
    return (exchange: DirectExchange, connection: DirectConnection) => {
      this.exchanges.push(exchange)
      work(exchange, target, connection)
    }
  }
  readonly #works: Readonly<Record<string, (exchange: DirectExchange, target: string, on: DirectConnection) => void>> =
    {
      '/at-once': (exchange, target) => exchange.send(text(`GET ${target} 0`)),
      '/later': (exchange, target) => void setImmediate(() => exchange.send(text(`GET ${target} 0`))),
      '/never': () => {},
      '/after-all-not': (_exchange, _target, connection) => void setImmediate(() => connection.handOver()),
      '/large': (exchange) => exchange.send({ ...text(''), body: [LARGE, LARGE] }, () => void this.doneCount++),
      '/chunks': async (exchange) => {
        exchange.begin(200, { 'X-By': 'direct' })
        await exchange.write([Buffer.from('one'), Buffer.from('two')])
        await exchange.write([Buffer.from('three')])
        exchange.end()
      },
    }
  handOver(socket: Socket): void {
    this.handedOver++
    this.#toNode(socket)
  }
  onClose(connection: DirectConnection): void {
    this.connections.delete(connection)
  }
}

let host: Host
before(async () => {
  const server = createServer((request, response) => {
    let length = 0
    request.on('data', (bytes: Buffer) => {
      length += bytes.length
    })
    request.on('end', () => response.end(`${request.method} ${request.url} ${length}`))
  })
  server.on('upgrade', (_request, socket, head: Buffer) => {
    socket.write(`upgraded ${head}`)
    socket.on('data', (bytes: Buffer) => socket.write(bytes))
  })
  host = new Host(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
after(() => {
  for (const { socket } of host.connections) socket.destroy()
  host.server.closeAllConnections()
  host.server.close()
})

async function open(): Promise<Socket> {
  const socket = connect((host.server.address() as AddressInfo).port, '127.0.0.1')
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}
/** Everything that comes until the server closes. */
async function whole(socket: Socket): Promise<string> {
  const parts: Buffer[] = []
  socket.on('data', (bytes: Buffer) => void parts.push(bytes))
  await once(socket, 'close')
  return Buffer.concat(parts).toString('latin1')
}
/** The answers to what is sent in `pieces`, one turn of the loop apart. */
async function answers(pieces: readonly string[]): Promise<string[]> {
  const socket = await open()
  const all = whole(socket)
  for (const piece of pieces) {
    socket.write(piece, 'latin1')
    await new Promise(setImmediate)
  }
  return (await all).split(/(?=HTTP\/1\.1 )/).map((answer) => answer.slice(answer.indexOf('\r\n\r\n') + 4))
}

test('an answer is that of a server of HTTP/1.1', async () => {
  const socket = await open()
  const all = whole(socket)
  socket.write(CLOSE)
  const answer = await all
  assert.match(answer, /^HTTP\/1\.1 200 OK\r\nX-By: direct\r\nDate: \w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT\r\n/)
  assert.match(answer, /\r\nConnection: close\r\nContent-Length: 19\r\n\r\nGET \/at-once\?last 0$/)
})

test('HEAD gets the fields of GET, and no body', async () => {
  const socket = await open()
  const all = whole(socket)
  socket.write(`${CLOSE.replace('GET', 'HEAD')}`)
  assert.match(await all, /\r\nContent-Length: 19\r\n\r\n$/)
})

test('chunks come as they are written', async () => {
  assert.deepEqual(await answers([get('/chunks') + CLOSE]), [
    '6\r\nonetwo\r\n5\r\nthree\r\n0\r\n\r\n',
    'GET /at-once?last 0',
  ])
})

const POST = 'POST /post HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nabcde'
const STEPS: readonly (readonly [request: string, body: string])[] = [
  [get('/at-once?1'), 'GET /at-once?1 0'],
  [get('/later?2'), 'GET /later?2 0'],
  [get('/node'), 'GET /node 0'],
  [get('/after-all-not'), 'GET /after-all-not 0'],
  [POST, 'POST /post 5'],
  // What would be a request of its own is the body of another.
  [
    `POST /outer HTTP/1.1\r\nHost: h\r\nContent-Length: ${get('/at-once?inner').length}\r\n\r\n${get('/at-once?inner')}`,
    `POST /outer ${get('/at-once?inner').length}`,
  ],
  ['GET /at-once HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n', 'GET /at-once 3'],
  [`GET /at-once HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nGET`, 'GET /at-once 3'],
]

test('pipelined requests are answered in order, whoever answers them and wherever they are cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...STEPS), { maxLength: 6 }),
      fc.array(fc.nat(1000), { maxLength: 4 }),
      async (steps, cuts) => {
        const all = steps.map(([request]) => request).join('') + CLOSE.replace('at-once', 'node')
        const at = [0, ...cuts.map((cut) => cut % all.length).sort((a, b) => a - b), all.length]
        const pieces = at.slice(1).map((to, index) => all.slice(at[index], to))
        assert.deepEqual(await answers(pieces), [...steps.map(([, body]) => body), 'GET /node?last 0'])
      },
    ),
    { numRuns: 60, examples: STEPS.map((step) => [[step, step], [] as number[]]) },
  )
})

test('hundreds of requests in one piece are answered, and others have their turn in between', async () => {
  const many = answers([get('/at-once').repeat(500) + CLOSE])
  const between = answers([get('/at-once?other') + CLOSE])
  assert.deepEqual(await many, [...Array.from({ length: 500 }, () => 'GET /at-once 0'), 'GET /at-once?last 0'])
  assert.equal((await between)[0], 'GET /at-once?other 0')
})

for (const [name, request] of [
  ['two lengths', 'GET /at-once HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd'],
  [
    'a length and chunks',
    'GET /at-once HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n',
  ],
  ['a space in front of a colon', 'GET /at-once HTTP/1.1\r\nHost: h\r\nContent-Length : 3\r\n\r\nabc'],
  ['a folded line', 'GET /at-once HTTP/1.1\r\nHost: h\r\nX-A: b\r\n Content-Length: 3\r\n\r\nabc'],
  ['bare line feeds', 'GET /at-once HTTP/1.1\nHost: h\n\n'],
  ['no host', 'GET /at-once HTTP/1.1\r\n\r\n'],
] as const) {
  test(`${name}: never answered on the bare socket`, async () => {
    const handedOver = host.handedOver
    const socket = await open()
    const all = whole(socket)
    socket.end(request)
    assert.doesNotMatch(await all, /X-By: direct/)
    assert.equal(host.handedOver, handedOver + 1)
  })
}

test('an upgrade behind a direct answer takes the connection with it, and what comes behind', async () => {
  const socket = await open()
  socket.write(get('/at-once'))
  await once(socket, 'data')
  let all = ''
  socket.on('data', (bytes: Buffer) => {
    all += bytes
  })
  socket.write('GET /at-once HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nhead')
  while (!all.includes('upgraded head')) await once(socket, 'data')
  // Read through the stream of the socket now: whole, and not overwritten by what other sockets read.
  const message = 'm'.repeat(300_000)
  socket.write(message)
  const other = await answers([get('/at-once') + CLOSE])
  assert.equal(other.length, 2)
  while (all.length < 'upgraded head'.length + message.length) await once(socket, 'data')
  assert.equal(all, `upgraded head${message}`)
  socket.destroy()
})

test('a client that has said its last word gets its answer', async () => {
  const socket = connect({ port: (host.server.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true })
  const all = whole(socket)
  socket.end(get('/later?half'))
  assert.match(await all, /GET \/later\?half 0$/)
})

test('a client that leaves ends what is done for it', async () => {
  const socket = await open()
  socket.write(get('/never'))
  const before = host.exchanges.length
  while (host.exchanges.length === before) await new Promise(setImmediate)
  const exchange = host.exchanges.at(-1) as DirectExchange
  const { signal } = exchange
  assert.equal(signal.aborted, false)
  const { promise: left, resolve } = Promise.withResolvers<void>()
  exchange.onLeft(resolve)
  socket.resetAndDestroy()
  if (!signal.aborted) await once(signal, 'abort')
  await left
})

test('a large answer is done once, when the client has it or is gone', async () => {
  host.doneCount = 0
  const slow = await open()
  slow.write(get('/large') + CLOSE)
  slow.pause()
  const before = host.exchanges.length
  while (host.exchanges.length === before) await new Promise(setImmediate)
  assert.equal(host.doneCount, 0)
  const all = whole(slow)
  slow.resume()
  assert.equal((await all).length > 2 * LARGE.length, true)
  assert.equal(host.doneCount, 1)

  const leaving = await open()
  leaving.write(get('/large'))
  await once(leaving, 'data')
  leaving.destroy()
  while (host.doneCount < 2) await new Promise(setImmediate)
})

test('who says nothing, and who takes nothing, is closed in its time', async () => {
  while (host.connections.size > 0) await new Promise(setImmediate)
  const late = performance.now() + 60_000
  const silent = await open()
  const stalled = await open()
  const idle = await open()
  const all = [whole(silent), whole(idle)]
  stalled.pause()
  stalled.write(get('/large'))
  idle.write(get('/at-once'))
  await once(idle, 'data')
  while (host.connections.size < 3) await new Promise(setImmediate)
  for (const connection of host.connections) connection.check(performance.now())
  assert.equal(host.connections.size, 3)
  for (const connection of host.connections) connection.check(late)
  assert.match((await all[0]) ?? '', /^HTTP\/1\.1 408 /)
  for (const connection of host.connections) connection.check(late + 10_000)
  while (host.connections.size > 0) await new Promise(setImmediate)
  stalled.destroy()
  await all[1]
})
