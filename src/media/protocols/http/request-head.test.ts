import assert from 'node:assert/strict'
import { createServer, type IncomingMessage } from 'node:http'
import { Duplex } from 'node:stream'
import { it, test } from 'node:test'
import fc from 'fast-check'
import { parseRequestHead } from './request-head.ts'
import { HEAD_CASES } from './testing/head-cases.ts'

for (const { name, text, head } of HEAD_CASES) {
  it(`${name} is ${head ? 'understood' : 'left to a complete parser'}`, () => {
    for (const behind of ['', 'GET /next HTTP/1.1\r\nHost: h\r\n\r\n']) {
      const parsed = parseRequestHead(text + (head ? behind : ''))
      assert.deepEqual(parsed, head && { ...head, end: text.length })
    }
  })
}

it('a head behind another is read from where it starts', () => {
  const [first = { text: '' }, second = { text: '' }] = HEAD_CASES
  const text = first.text + second.text
  const end = parseRequestHead(text)?.end
  assert.equal(end, first.text.length)
  assert.deepEqual(parseRequestHead(text, end), { ...HEAD_CASES[1]?.head, end: text.length })
})

it('no head that is cut off is understood', () => {
  for (const { text, head } of HEAD_CASES) {
    for (let length = 0; head && length < text.length; length++)
      assert.equal(parseRequestHead(text.slice(0, length)), undefined)
  }
})

/** What Node's parser makes of bytes: the requests that it sees until it fails or the bytes are used up. */
async function asNodeReads(text: string): Promise<readonly IncomingMessage[]> {
  const requests: IncomingMessage[] = []
  const server = createServer((request) => void requests.push(request))
  server.on('upgrade', (request) => void requests.push(request))
  server.on('clientError', () => {})
  const socket = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() })
  server.emit('connection', socket)
  socket.push(Buffer.from(text, 'latin1'))
  await new Promise(setImmediate)
  socket.destroy()
  return requests
}

const PIECES = [
  ...HEAD_CASES.flatMap(({ text }) => text.split(/(?<=\r\n)/)),
  ...[' ', '\t', '\r', '\n', '\r\n', ':', ',', '\0', '\xe4', 'a', '#', 'HTTP/1.1', 'close', '0', 'chunked'],
]

const UNDERSTOOD = HEAD_CASES.filter(({ head }) => head).map(({ text }) => text)

test('whatever is understood, Node’s own parser understands the same, and no body with it', async () => {
  const heads = fc.oneof(
    // Plain ones, now and then with something strange among their fields.
    fc
      .tuple(
        fc.constantFrom('GET /a', 'HEAD /live/a/t1-x-3.m4s', 'GET /a?b=%20'),
        fc.uniqueArray(
          fc.constantFrom('Range: bytes=0-', 'User-Agent: x', 'Accept: */*', 'Connection: close', 'X-A:\t'),
        ),
        fc.option(fc.constantFrom(...PIECES), { freq: 2 }),
      )
      .map(([start, fields, odd]) => [`${start} HTTP/1.1`, 'Host: h', ...fields, `${odd ?? ''}\r\n`].join('\r\n')),
    fc.array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 8 }).map((pieces) => pieces.join('')),
    fc
      .tuple(fc.constantFrom(...UNDERSTOOD), fc.constantFrom(...PIECES), fc.nat(400), fc.nat(3))
      .map(
        ([text, piece, at, gone]) => text.slice(0, at % text.length) + piece + text.slice((at % text.length) + gone),
      ),
  )
  let understood = 0
  await fc.assert(
    fc.asyncProperty(heads, async (text) => {
      const head = parseRequestHead(text)
      if (!head) return
      understood++
      const requests = await asNodeReads(`${text.slice(0, head.end)}GET /behind HTTP/1.1\r\nHost: behind\r\n\r\n`)
      const [request, next] = requests
      assert.equal(requests.length, head.isLast ? 1 : 2, 'the next request starts where the head ended')
      assert.equal(next?.url, head.isLast ? undefined : '/behind')
      assert.deepEqual(
        { method: request?.method, target: request?.url, headers: { ...request?.headers } },
        { method: head.method, target: head.target, headers: head.headers },
      )
    }),
    { numRuns: 3000, examples: HEAD_CASES.map(({ text }) => [text]) },
  )
  assert.ok(understood > 30, `only ${understood} heads were understood`)
})
