import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Profile, resolveProfile } from '../../../platform/config/index.ts'
import { rungOrder, skipTo } from './rung-plan.ts'

const encoded = resolveProfile({}, '720p')
const copied = resolveProfile({ pass: { video: { codec: 'copy' } } }, 'pass')
const second = 90_000
const order = (profile: Profile, afterTicks: number | undefined) => rungOrder({ profile, slot: 3, afterTicks }, false)

test('an order says what is wanted of video and audio, and leaves out what is not', () => {
  assert.deepEqual(Object.keys(order(encoded, undefined)), ['slot', 'video', 'audio'])
  assert.deepEqual(Object.keys(order(resolveProfile({}, 'audio'), 90)), ['slot', 'audio', 'afterTicks'])
})

test('a rendition starts at the keyframe, or a second ago where that is long past', () => {
  const near = { keyTicks: 10 * second, newestTicks: 12 * second }
  const far = { keyTicks: 10 * second, newestTicks: 19 * second }
  assert.equal(skipTo(encoded, near, undefined), undefined)
  assert.equal(skipTo(encoded, far, undefined), 18 * second)
  assert.equal(skipTo(copied, far, undefined), undefined)
})

test('what viewers have had is not made again', () => {
  assert.equal(skipTo(encoded, { keyTicks: 10 * second, newestTicks: 12 * second }, 11 * second), 11 * second)
  assert.equal(skipTo(encoded, { keyTicks: 10 * second, newestTicks: 19 * second }, 11 * second), 18 * second)
})

test('a rendition that is wanted from earlier on starts at the keyframe before that', () => {
  const start = { keyTicks: 10 * second, newestTicks: 19 * second }
  assert.equal(skipTo(encoded, { ...start, wantedTicks: 11 * second }, undefined), undefined)
  assert.equal(skipTo(encoded, { ...start, wantedTicks: 15 * second }, undefined), 15 * second)
  assert.equal(skipTo(encoded, { ...start, wantedTicks: 19 * second }, undefined), 18 * second)
})
