import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Audience } from './audience.ts'

test('a viewer has one number, on every worker, and is forgotten when it asks for nothing', () => {
  let nowMs = 0
  const [one, other] = [new Audience(10_000, () => nowMs), new Audience(10_000, () => nowMs)]
  for (const who of ['a', 'b', 'a']) one.seen('live/x', who, 'segments')
  other.seen('live/x', 'a', 'parts')
  one.seen('live/y', 'a', 'parts')
  const [x, y] = [...one.sessions()]
  assert.deepEqual([x?.stream, x?.ids.length, y?.stream, y?.ids.length], ['live/x', 2, 'live/y', 1])
  assert.deepEqual([...other.sessions()], [{ stream: 'live/x', ids: [x?.ids[0]] }])
  nowMs = 8000
  one.seen('live/x', 'b', 'segments')
  nowMs = 12_000
  assert.deepEqual([...one.sessions()], [{ stream: 'live/x', ids: [x?.ids[1]] }])
  nowMs = 30_000
  assert.deepEqual([...one.sessions()], [])
})

test('what a viewer has fetched last is known, whichever stream of a ladder it was', () => {
  let nowMs = 0
  const audience = new Audience(10_000, () => nowMs)
  const ladder = ['live/x', 'live/x/small']
  audience.seen('live/x', 'a', 'parts')
  audience.seen('live/x', 'b', 'segments')
  assert.deepEqual([audience.lastRead(ladder, 'a'), audience.lastRead(ladder, 'b')], ['parts', 'segments'])
  nowMs = 1000
  audience.seen('live/x/small', 'a', 'segments')
  assert.equal(audience.lastRead(ladder, 'a'), 'segments')
  nowMs = 2000
  audience.seen('live/x', 'a', 'parts')
  assert.equal(audience.lastRead(ladder, 'a'), 'parts')
  assert.equal(audience.lastRead(ladder, 'c'), undefined)
})
