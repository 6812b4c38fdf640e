import assert from 'node:assert/strict'
import { it } from 'node:test'
import { chooseEncoding, isKnownToClient } from './conditional.ts'

const ENCODINGS: readonly (readonly [header: string | undefined, chosen: string | undefined])[] = [
  [undefined, undefined],
  ['', undefined],
  ['identity', undefined],
  ['gzip', 'gzip'],
  ['gzip, deflate, br, zstd', 'zstd'],
  ['gzip, deflate, br', 'br'],
  ['br;q=0.5, gzip;q=0.8', 'gzip'],
  ['zstd;q=0, br;q=0, gzip', 'gzip'],
  ['*', 'zstd'],
  ['*;q=0', undefined],
  ['GZIP ; q=1', 'gzip'],
  ['gzip;q=x', undefined],
]
for (const [header, chosen] of ENCODINGS) {
  it(`Accept-Encoding: ${header} means ${chosen}`, () => {
    assert.equal(chooseEncoding(header === undefined ? {} : { 'accept-encoding': header }), chosen)
  })
}

const TAGS: readonly (readonly [header: string | undefined, known: boolean])[] = [
  [undefined, false],
  ['"a"', true],
  ['W/"a"', true],
  ['"b", "a"', true],
  ['*', true],
  ['"b"', false],
  ['a', false],
]
for (const [header, known] of TAGS) {
  it(`If-None-Match: ${header} ${known ? 'knows' : 'does not know'} "a"`, () => {
    assert.equal(isKnownToClient(header === undefined ? {} : { 'if-none-match': header }, '"a"'), known)
  })
}
