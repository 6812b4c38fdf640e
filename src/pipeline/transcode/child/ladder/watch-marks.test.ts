import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WatchMarks } from './watch-marks.ts'

test('what filters saw begin ends when they are made anew, once', () => {
  const told: string[] = []
  const marks = new WatchMarks(({ what, isOn }) => told.push(`${what} ${isOn}`))
  marks.read({ 'lavfi.black_start': '0', 'lavfi.freezedetect.freeze_start': '0', other: '1' })
  marks.read({ 'lavfi.black_end': '2' })
  marks.restart()
  marks.restart()
  assert.deepEqual(told, ['black true', 'freeze true', 'black false', 'freeze false'])
})
