import assert from 'node:assert/strict'
import test from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { LoopDelay } from './loop-delay.ts'

test('a loop that was held is seen, once it goes on', async () => {
  const loopDelay = new LoopDelay()
  // The first look only starts the clock.
  while (loopDelay.p99Ms() < 300) {
    await delay(50)
    const untilMs = performance.now() + 600
    while (performance.now() < untilMs);
  }
  assert.ok(loopDelay.p99Ms() >= 300)
})
