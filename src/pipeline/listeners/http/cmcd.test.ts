import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { readCmcd } from './cmcd.ts'

const CASES: readonly (readonly [text: string, values: Record<string, string | number | boolean>])[] = [
  ['', {}],
  ['sid="6e2fb550-c457-11e9"', { sid: '6e2fb550-c457-11e9' }],
  [
    'bl=21300,br=3200,bs,cid="a,b",mtp=25400,ot=v',
    { bl: 21_300, br: 3200, bs: true, cid: 'a,b', mtp: 25_400, ot: 'v' },
  ],
  ['nor="..%2F300kbps",com.example-x="quote \\" here"', { nor: '..%2F300kbps', 'com.example-x': 'quote " here' }],
]
for (const [text, values] of CASES) {
  it(`CMCD ${text} is read from the query`, () => {
    assert.deepEqual(Object.fromEntries(readCmcd(new URLSearchParams({ CMCD: text }), {})), values)
  })
}

it('CMCD is read from headers', () => {
  const headers = { 'cmcd-session': 'sid="x",v=2', 'cmcd-status': 'bs', 'cmcd-request': '' }
  assert.deepEqual(Object.fromEntries(readCmcd(new URLSearchParams(), headers)), { sid: 'x', v: 2, bs: true })
})

it('any text is survived', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 200 }), (text) => {
      readCmcd(new URLSearchParams({ CMCD: text }), {})
    }),
  )
})
