import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LoudnessControl } from './loudness-control.ts'

function settled(lufs: number, seconds: number): number {
  const control = new LoudnessControl(-23)
  for (let at = 0; at < seconds * 10; at++) control.update(lufs, 0.1)
  return Math.round(control.gainDb * 10) / 10
}

test('a quiet programme is raised and a loud one lowered, no faster than may be heard', () => {
  assert.equal(settled(-33, 1), 2)
  assert.equal(settled(-33, 60), 10)
  assert.equal(settled(-11, 1), -6)
  assert.equal(settled(-11, 60), -12)
})

test('pauses leave the gain as it is, and nothing is raised without an end', () => {
  assert.equal(settled(-70, 60), 0)
  assert.equal(settled(Number.NaN, 60), 0)
  assert.equal(settled(-50, 60), 20)
})
