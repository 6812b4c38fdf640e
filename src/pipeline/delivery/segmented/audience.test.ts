import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Audience } from './audience.ts'

test('a viewer has one number, on every worker, and is forgotten when it asks for nothing', () => {
  let nowMs = 0
  const [one, other] = [new Audience(10_000, () => nowMs), new Audience(10_000, () => nowMs)]
  for (const who of ['a', 'b', 'a']) one.seen('live/x', who)
  other.seen('live/x', 'a')
  one.seen('live/y', 'a')
  const [x, y] = [...one.sessions()]
  assert.deepEqual([x?.stream, x?.ids.length, y?.stream, y?.ids.length], ['live/x', 2, 'live/y', 1])
  assert.deepEqual([...other.sessions()], [{ stream: 'live/x', ids: [x?.ids[0]] }])
  nowMs = 8000
  one.seen('live/x', 'b')
  nowMs = 12_000
  assert.deepEqual([...one.sessions()], [{ stream: 'live/x', ids: [x?.ids[1]] }])
  nowMs = 30_000
  assert.deepEqual([...one.sessions()], [])
})
