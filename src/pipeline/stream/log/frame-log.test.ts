import assert from 'node:assert/strict'
import { test } from 'node:test'
import { audioTrack } from '../../../media/codecs/index.ts'
import { ticks } from '../../../media/model/index.ts'
import { FrameCursor, FrameLogWriter } from './frame-log.ts'
import { openLocalLog } from './log-exchange.ts'
import { LogWriter } from './log-writer.ts'
import { SegmentPool } from './segment-pool.ts'

test('frames that are gathered become visible together, also when the work fails', () => {
  const log = new LogWriter(new SegmentPool({ segmentBytes: 65_536, maxSegments: 4 }), { maxBytes: 65_536 })
  const frames = new FrameLogWriter(log, () => 0)
  let commits = 0
  const { reader } = openLocalLog(log, 0, () => void commits++)
  const frame = { trackId: 1, ptsTicks: ticks(0), dtsTicks: ticks(0), durationTicks: ticks(0), isKey: true }
  frames.onTrack(audioTrack(1, 'mp3', new Uint8Array(0), { sampleRateHz: 44_100, channelCount: 2 }))
  const [before, seen] = [commits, reader.head]
  assert.throws(() =>
    frames.gather(() => {
      frames.onFrame({ ...frame, data: Uint8Array.of(1) })
      frames.onFrame({ ...frame, data: Uint8Array.of(2) })
      assert.equal(reader.head, seen)
      throw new Error('a fault of the peer')
    }),
  )
  assert.equal(commits, before + 1)
  assert.equal(reader.head, log.head)
  frames.onFrame({ ...frame, data: Uint8Array.of(3) })
  assert.equal(commits, before + 2)
  frames.gather(() => log.end())
})

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
  new FrameCursor(reader, 0).drainTo(reader.head, {
    onTrack: () => {},
    onArrival: () => {},
    onFrame: (frame) => copies.push(frame.data.slice()),
  })
  log.end()
  reader.letGo()
  assert.ok(log.release())
  assert.deepEqual(copies, [Uint8Array.of(1, 2, 3)])
})
