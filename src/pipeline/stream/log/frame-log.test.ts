import assert from 'node:assert/strict'
import { test } from 'node:test'
import { audioTrack } from '../../../media/codecs/index.ts'
import { ticks } from '../../../media/model/index.ts'
import { FrameCursor, FrameLogWriter } from './frame-log.ts'
import { openLocalLog } from './log-exchange.ts'
import { LogWriter } from './log-writer.ts'
import { SegmentPool } from './segment-pool.ts'

test('a copy that a consumer takes with slice outlives the segment', () => {
  const log = new LogWriter(new SegmentPool({ segmentBytes: 65_536, maxSegments: 4, poison: 'poison-freed' }), {
    maxBytes: 65_536,
  })
  const frames = new FrameLogWriter(log, () => 0)
  const { reader } = openLocalLog(log, 0, () => {})
  const data = Uint8Array.of(1, 2, 3)
  frames.onTrack(audioTrack(1, 'mp3', new Uint8Array(0), { sampleRateHz: 44_100, channelCount: 2 }))
  frames.onFrame({ trackId: 1, ptsTicks: ticks(0), dtsTicks: ticks(0), durationTicks: ticks(0), isKey: true, data })
  const copies: Uint8Array[] = []
  new FrameCursor(reader, 0).drain({
    onTrack: () => {},
    onArrival: () => {},
    onFrame: (frame) => copies.push(frame.data.slice()),
  })
  log.end()
  reader.letGo()
  assert.ok(log.release())
  assert.deepEqual(copies, [Uint8Array.of(1, 2, 3)])
})
