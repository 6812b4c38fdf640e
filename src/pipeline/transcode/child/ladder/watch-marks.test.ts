import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WatchMarks } from './watch-marks.ts'

function watch() {
  const told: string[] = []
  const marks = new WatchMarks(({ what, isOn }) => told.push(`${what} ${isOn ? 'lasts' : 'ends'}`))
  return { told, marks }
}

test('what filters saw begin ends when they are made anew, once', () => {
  const { told, marks } = watch()
  marks.read({ 'lavfi.silence_start': '0', 'lavfi.freezedetect.freeze_start': '0', other: '1' }, 2)
  marks.read({ 'lavfi.silence_end': '3' }, 3)
  marks.restart()
  marks.restart()
  assert.deepEqual(told, ['silence lasts', 'freeze lasts', 'silence ends', 'freeze ends'])
})

test('a black picture of a cut is no event, two seconds of black are', () => {
  const { told, marks } = watch()
  marks.read({ 'lavfi.black_start': '10' }, 10)
  marks.read({ 'lavfi.black_end': '11.9' }, 11.9)
  marks.read({}, 13)
  marks.read({ 'lavfi.black_start': '20' }, 20)
  marks.read({}, 21.9)
  assert.deepEqual(told, [])
  marks.read({}, 22)
  marks.read({}, 23)
  marks.read({ 'lavfi.black_end': '24' }, 24)
  assert.deepEqual(told, ['black lasts', 'black ends'])
})

test('what has not lasted when the filters are made anew is not told of', () => {
  const { told, marks } = watch()
  marks.read({ 'lavfi.black_start': '0' }, 0)
  marks.restart()
  marks.read({}, 5)
  assert.deepEqual(told, [])
})
