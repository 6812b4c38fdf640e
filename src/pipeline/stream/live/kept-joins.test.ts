import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KeptJoins, OLDEST } from './kept-joins.ts'

const UNLIMITED = Number.POSITIVE_INFINITY

/** A join point each second at 1000 bytes a second, and a frame half a second behind each. */
function seen(seconds: number, historyMs: number, maxBytes = UNLIMITED): KeptJoins {
  const kept = new KeptJoins(historyMs, maxBytes)
  for (let at = 0; at < seconds; at++) {
    kept.see(at * 1000, at * 1000)
    kept.see(at * 1000 + 500, undefined)
  }
  return kept
}

test('a consumer starts at the join point before the time that it wants', () => {
  const kept = seen(10, 4000)
  assert.equal(kept.find({ atMs: 7300 }), 7000)
  assert.equal(kept.find({ atMs: 7000 }), 7000)
  assert.equal(kept.find({ backMs: 500 }), 9000)
  assert.equal(kept.find({ backMs: 501 }), 8000)
})

test('all of the history can be decoded, and nothing older is kept', () => {
  const kept = seen(10, 4000)
  assert.equal(kept.find(OLDEST), 5000)
  assert.equal(kept.lowest(9900, UNLIMITED), 5000)
  const long = new KeptJoins(4000, UNLIMITED)
  for (const ms of [0, 10_000, 20_000]) long.see(ms, ms)
  long.see(23_000, undefined)
  assert.equal(long.find(OLDEST), 10_000)
})

test('where memory is short, the history is', () => {
  assert.equal(seen(10, 4000, 2000).lowest(9900, UNLIMITED), 8000)
  assert.equal(seen(10, 4000).lowest(9900, 1000), 9000)
  assert.equal(seen(10, 4000).lowest(9900, 100), 9900)
})

test('without a history nothing is kept, and behind a break nothing from before it', () => {
  const none = seen(10, 0)
  assert.deepEqual([none.find(OLDEST), none.lowest(9900, UNLIMITED)], [undefined, 9900])
  const kept = seen(10, 4000)
  kept.clear()
  assert.equal(kept.find(OLDEST), undefined)
  kept.see(100, 20_000)
  assert.equal(kept.find(OLDEST), 20_000)
})
