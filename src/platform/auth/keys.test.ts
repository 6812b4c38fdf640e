import assert from 'node:assert/strict'
import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import { test } from 'node:test'
import { hashToken, newToken, sameSecret, tokenMatches } from './keys.ts'

test('secrets are the same or they are not, whatever their lengths', () => {
  for (const [given, expected, isSame] of [
    ['open', 'open', true],
    ['open', 'opem', false],
    ['open', 'open ', false],
    ['', 'open', false],
    ['', '', true],
    ['ä'.repeat(1000), 'ä'.repeat(1000), true],
  ] as const) {
    assert.equal(sameSecret(given, expected), isSame, `${given} and ${expected}`)
  }
})

test('a token is known by its hash, which does not hold it', () => {
  const token = newToken()
  const hash = hashToken(token)
  assert.ok(tokenMatches(token, hash))
  assert.ok(!tokenMatches(newToken(), hash))
  assert.ok(!hash.includes(token) && token.length >= 32)
})

test('secrets are compared by a call that takes the same time for every content, on inputs of one length', (t) => {
  const compared: number[] = []
  const real = crypto.timingSafeEqual
  t.mock.method(crypto, 'timingSafeEqual', (a: Uint8Array, b: Uint8Array) => {
    compared.push(a.byteLength, b.byteLength)
    return real(a, b)
  })
  syncBuiltinESMExports()
  t.after(() => {
    t.mock.restoreAll()
    syncBuiltinESMExports()
  })
  sameSecret('a', 'a much longer secret')
  tokenMatches('x', hashToken('y'))
  assert.deepEqual(compared, [32, 32, 32, 32])
})
