import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Frame, ticks } from '../../../../media/model/index.ts'
import { FrameRateProbe } from './frame-rate-probe.ts'

function frame(index: number, step: number): Frame {
  const time = ticks(index * step)
  return {
    trackId: 1,
    ptsTicks: time,
    dtsTicks: time,
    durationTicks: ticks(0),
    isKey: index === 0,
    data: new Uint8Array(1),
  }
}

test('the rate is measured on the first frames, which then go on in order', () => {
  for (const [step, rate] of [
    [3600, 25],
    [1501, 60],
  ] as const) {
    const probe = new FrameRateProbe()
    const given = Array.from({ length: 8 }, (_, index) => probe.push(frame(index, step)).length)
    assert.deepEqual(given, [0, 0, 0, 0, 0, 6, 1, 1])
    assert.equal(Math.round(probe.framesPerSecond), rate)
  }
})

test('a source that ends early, or has no times, is taken for a usual one', () => {
  const probe = new FrameRateProbe()
  probe.push(frame(0, 0))
  assert.equal(probe.flush().length, 1)
  assert.equal(probe.framesPerSecond, 30)
})

test('a rate that the stream declares is taken where the times agree, and only there', () => {
  const rateOf = (declared: number | undefined, step: number) => {
    const probe = new FrameRateProbe(declared)
    for (let index = 0; index < 6; index++) probe.push(frame(index, step))
    return probe.framesPerSecond
  }
  assert.equal(rateOf(29.97, 3000), 29.97)
  assert.equal(rateOf(60, 3600), 25)
  assert.equal(rateOf(undefined, 2970), 30)
  assert.equal(Math.round(rateOf(undefined, 12_000) * 10), 75)
})
