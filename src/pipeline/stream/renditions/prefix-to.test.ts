import assert from 'node:assert/strict'
import { it } from 'node:test'
import { prefixTo } from './prefix-to.ts'

const CASES: readonly (readonly [from: string, to: string, prefix: string])[] = [
  ['live/demo', 'live/demo', ''],
  ['live/demo', 'live/demo/720p', '720p/'],
  ['live/demo/720p', 'live/demo', '../'],
  ['live/x', 'live/x_720', '../x_720/'],
  ['a', 'b/c', '../b/c/'],
]
for (const [from, to, prefix] of CASES) {
  it(`from ${from} to ${to} is "${prefix}"`, () => {
    assert.equal(prefixTo(from, to), prefix)
    const url = new URL(`${prefix}t1.m3u8`, `http://host/${from}/index.m3u8`)
    assert.equal(url.pathname, `/${to}/t1.m3u8`)
  })
}
