import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StreamHub } from '../../stream/index.ts'
import { Delivery } from './delivery.ts'

const LIMITS = { maxLagMs: 1000, stallMs: 1000, maxMoves: 1, maxLagBytes: 1e6, firstMediaMs: 1000 }

function deliveryFlushedEvery(setting: number): Delivery {
  const flush = { setting, minMs: 10, maxMs: 100 }
  return new Delivery({ hub: {} as StreamHub, limits: LIMITS, flush, lingerMs: 0 })
}

test('nobody rests where every frame goes out at once', () => {
  const delivery = deliveryFlushedEvery(0)
  let calls = 0
  assert.equal(
    delivery.restUntilPass(() => calls++),
    false,
  )
  delivery.close()
  assert.equal(calls, 0)
})

test('who rests is read on once, though nothing comes for a pass, and can rest again', async () => {
  const delivery = deliveryFlushedEvery(60)
  for (let round = 0; round < 3; round++) {
    const { promise, resolve } = Promise.withResolvers<void>()
    let calls = 0
    const readOn = () => {
      calls++
      resolve()
    }
    assert.equal(delivery.restUntilPass(readOn), true)
    await promise
    await new Promise((done) => setImmediate(done))
    assert.equal(calls, 1)
  }
  delivery.close()
})
