import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FlushClock, type FlushSetting } from './flush-clock.ts'

/** The interval once passes have cost so much for a while. */
function settled(setting: FlushSetting, passMs: number): number {
  const clock = new FlushClock({ setting, minMs: 10, maxMs: 100 })
  for (let pass = 0; pass < 200; pass++) clock.passTook(passMs)
  return clock.intervalMs
}

test('the interval of auto is nothing while passes are cheap, then grows with their cost up to its bound', () => {
  assert.equal(settled('auto', 0.5), 0)
  assert.equal(settled('auto', 3), 0, 'below the least interval every frame goes out at once')
  const intervals = [5, 10, 20, 30, 39].map((passMs) => settled('auto', passMs))
  for (const [at, ms] of intervals.entries()) assert.ok(ms > (intervals[at - 1] ?? 0) && ms < 100, `${intervals}`)
  assert.equal(settled('auto', 60), 100)
})

test('a number is the interval, whatever passes cost', () => {
  assert.equal(settled(100, 1), 100)
  assert.equal(settled(0, 60), 0)
})
