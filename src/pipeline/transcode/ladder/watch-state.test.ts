import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RecordedLog } from '../testing/recorded-log.ts'
import { WatchState } from './watch-state.ts'

test('what lasts is known with the time of its beginning, two seconds before it is told of', () => {
  let nowMs = 100_000
  const state = new WatchState(new RecordedLog().log, () => nowMs)
  state.onEvent({ what: 'black', isOn: true })
  nowMs += 5000
  state.onEvent({ what: 'black', isOn: true })
  state.onEvent({ what: 'silence', isOn: true })
  assert.deepEqual(state.lasting, [
    { what: 'black', sinceMs: 98_000 },
    { what: 'silence', sinceMs: 103_000 },
  ])
  state.onEvent({ what: 'black', isOn: false })
  assert.deepEqual(state.lasting, [{ what: 'silence', sinceMs: 103_000 }])
})
