import assert from 'node:assert/strict'
import { test } from 'node:test'
import { peakBitRate } from './index.ts'

const of = (...segments: readonly (readonly [seconds: number, byteLength: number])[]) =>
  peakBitRate(segments.map(([seconds, byteLength]) => ({ seconds, byteLength })))

test('the peak is that of a segment, or of short ones together', () => {
  assert.equal(of([2, 1000], [2, 3000], [2, 2000]), 12_000)
  // A keyframe alone, as a stream begins and ends.
  assert.equal(of([0.1, 5000], [2, 2000], [0.04, 4000]), (11_000 * 8) / (0.1 + 2 + 0.04))
  assert.equal(of([0.9, 900], [0.9, 1800], [2, 2000]), (2700 * 8) / 1.8)
  assert.equal(of([0.1, 5000]), 400_000)
  assert.equal(of(), 0)
  assert.equal(of([0, 100], [1, 0]), 0)
})

test('a week of segments has a peak', () => {
  const week = Array.from({ length: 302_400 }, (_, at) => ({ seconds: 2, byteLength: at === 7 ? 3000 : 1000 }))
  assert.equal(peakBitRate(week), 12_000)
})
