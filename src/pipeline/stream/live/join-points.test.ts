import assert from 'node:assert/strict'
import { test } from 'node:test'
import { audioTrack } from '../../../media/codecs/index.ts'
import { type Frame, ticks } from '../../../media/model/index.ts'
import { JoinPoints } from './join-points.ts'

const TRACKS = new Map([[2, audioTrack(2, 'mp3', new Uint8Array(0), { sampleRateHz: 44_100, channelCount: 2 })]])

function frameAt(seconds: number): Frame {
  const time = ticks(seconds * 44_100)
  return { trackId: 2, ptsTicks: time, dtsTicks: time, durationTicks: ticks(0), isKey: true, data: new Uint8Array(1) }
}

test('every run of audio starts with a point to join, also frames that another run has passed already', () => {
  const live = new JoinPoints(TRACKS)
  const at = [0, 0.4, 0.6, 1]
  assert.deepEqual(
    at.map((seconds) => live.isJoin(frameAt(seconds))),
    [true, false, true, false],
  )
  const again = new JoinPoints(TRACKS)
  assert.equal(again.isJoin(frameAt(0.6)), true)
})
