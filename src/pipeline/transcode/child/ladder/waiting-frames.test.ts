import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Frame, ticks } from '../../../../media/model/index.ts'
import { WaitingFrames } from './waiting-frames.ts'

function frame(time: number, { trackId = 1, isKey = false } = {}): Frame {
  const times = { ptsTicks: ticks(time), dtsTicks: ticks(time), durationTicks: ticks(0) }
  return { trackId, isKey, data: new Uint8Array(1), ...times }
}
function timesIn(waiting: WaitingFrames): number[] {
  const times: number[] = []
  for (let next = waiting.shift(); next; next = waiting.shift()) times.push(next.ptsTicks)
  return times
}

test('too many are dropped, and what comes up to a keyframe of the pictures with them', () => {
  const waiting = new WaitingFrames(1, 3)
  for (const time of [0, 1, 2, 3]) waiting.push(frame(time, { isKey: time === 0 }))
  waiting.push(frame(4, { trackId: 2, isKey: true }))
  assert.deepEqual(timesIn(waiting), [])
  waiting.push(frame(5, { isKey: true }))
  waiting.push(frame(6, { trackId: 2 }))
  assert.deepEqual(timesIn(waiting), [5, 6])
})

test('sound goes on with any frame', () => {
  const waiting = new WaitingFrames(undefined, 2)
  for (const time of [0, 1, 2, 3]) waiting.push(frame(time, { trackId: 2 }))
  assert.deepEqual(timesIn(waiting), [2, 3])
})
