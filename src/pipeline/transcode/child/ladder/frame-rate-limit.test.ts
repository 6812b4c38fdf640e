import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FrameRateLimit } from './frame-rate-limit.ts'

function kept(maxFps: number | undefined, times: readonly number[], keys: readonly number[] = []): number[] {
  const limit = new FrameRateLimit(maxFps)
  return times.filter((ticks) => limit.stays(ticks, keys.includes(ticks)))
}
const everyTicks = (step: number, count: number) => Array.from({ length: count }, (_, index) => index * step)

test('half of the frames stay where half the rate is wanted, all where it is enough', () => {
  assert.deepEqual(kept(25, everyTicks(1800, 10)), everyTicks(3600, 5))
  assert.deepEqual(kept(50, everyTicks(1800, 10)), everyTicks(1800, 10))
  assert.deepEqual(kept(undefined, everyTicks(1800, 10)), everyTicks(1800, 10))
})

test('a rate that does not divide the source is kept in the mean', () => {
  assert.equal(kept(24, everyTicks(3000, 300)).length, 240)
})

test('times of milliseconds do not cost frames', () => {
  const rounded = everyTicks(3000, 90).map((ticks) => Math.round(ticks / 90) * 90)
  assert.equal(kept(30, rounded).length, 90)
})

test('keyframes always stay, and the rhythm starts from them', () => {
  assert.deepEqual(kept(12.5, everyTicks(3600, 8), [3600]), [0, 3600, 10_800, 18_000, 25_200])
})

test('after a pause the rate is not made up for', () => {
  assert.deepEqual(kept(10, [0, 900_000, 903_000, 906_000, 909_000]), [0, 900_000, 909_000])
})
