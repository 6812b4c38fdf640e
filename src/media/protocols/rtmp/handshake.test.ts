import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MalformedInputError, UnsupportedInputError } from '../../errors.ts'
import { signClientBlock } from './handshake-digest.ts'
import { RtmpClientHandshake, RtmpServerHandshake } from './index.ts'
import { concat, cut } from './testing/messages-of.ts'
import { NODE_CRYPTO } from './testing/node-crypto.ts'

function hello(scheme: 0 | 1 | undefined): Uint8Array {
  const c1 = NODE_CRYPTO.randomBytes(1536)
  c1.set([0, 0, 0, 0, 0, 0, 0, 0])
  if (scheme !== undefined) {
    c1.set([0x80, 0, 7, 2], 4)
    signClientBlock(NODE_CRYPTO, c1, scheme)
  }
  return concat([Uint8Array.of(3), c1])
}

for (const scheme of [undefined, 0, 1] as const) {
  test(`a client with ${scheme === undefined ? 'no digest' : `digest scheme ${scheme}`} is answered at any cut`, () => {
    for (const size of [1, 700, 1537, 5000]) {
      const sent: Uint8Array[] = []
      const server = new RtmpServerHandshake(NODE_CRYPTO, (bytes) => sent.push(bytes))
      const c0c1 = hello(scheme)
      const input = concat([c0c1, new Uint8Array(1536), Uint8Array.of(9, 9)])
      let used = 0
      for (const piece of cut(input, [size])) used += server.receive(piece)
      assert.ok(server.isDone)
      assert.equal(used, 1 + 2 * 1536)
      const answer = concat(sent)
      assert.equal(answer.length, 1 + 2 * 1536)
      const isEcho = Buffer.from(answer.subarray(1537)).equals(c0c1.subarray(1))
      assert.equal(isEcho, scheme === undefined)
      assert.equal(answer[5] !== 0, scheme !== undefined)
    }
  })
}

test('a signed S2 is what clients compute from their own digest', () => {
  const sent: Uint8Array[] = []
  const c0c1 = hello(1)
  new RtmpServerHandshake(NODE_CRYPTO, (bytes) => sent.push(bytes)).receive(c0c1)
  const c1 = c0c1.subarray(1)
  const at = 12 + (((c1[8] ?? 0) + (c1[9] ?? 0) + (c1[10] ?? 0) + (c1[11] ?? 0)) % 728)
  const tail = 'f0eec24a8068bee82e00d0d1029e7e576eec5d2d29806fab93b8e636cfeb31ae'
  const key = Buffer.concat([Buffer.from('Genuine Adobe Flash Media Server 001'), Buffer.from(tail, 'hex')])
  const s2 = concat(sent).subarray(1537)
  const expected = NODE_CRYPTO.hmacSha256(NODE_CRYPTO.hmacSha256(key, c1.subarray(at, at + 32)), s2.subarray(0, 1504))
  assert.deepEqual(s2.slice(1504), expected)
})

test('client and server come to terms', () => {
  const toServer: Uint8Array[] = []
  const toClient: Uint8Array[] = []
  const client = new RtmpClientHandshake(NODE_CRYPTO, (bytes) => toServer.push(bytes))
  const server = new RtmpServerHandshake(NODE_CRYPTO, (bytes) => toClient.push(bytes))
  client.start()
  server.receive(concat(toServer.splice(0)))
  client.receive(concat(toClient))
  server.receive(concat(toServer))
  assert.ok(client.isDone && server.isDone)
})

test('other protocols and encrypted RTMP are told apart', () => {
  const server = () => new RtmpServerHandshake(NODE_CRYPTO, () => {})
  assert.throws(() => server().receive(Uint8Array.of(0x47)), MalformedInputError)
  assert.throws(() => server().receive(Uint8Array.of(6)), UnsupportedInputError)
})
