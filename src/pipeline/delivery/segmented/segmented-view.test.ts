import assert from 'node:assert/strict'
import { test } from 'node:test'
import { interleaved } from '../../../media/formats/mpegts/testing/samples.ts'
import { CmafOutput } from '../../packaging/index.ts'
import { LogReader, type LogSegment, LogWriter, SegmentPool, Subscription } from '../../stream/index.ts'
import { SegmentedView } from './segmented-view.ts'

const OPTIONS = { segmentMs: 1000, partTargetMs: 334, windowSegments: 5, timeShiftMs: 0, tileMs: 20_000, life: 'life' }

test('who waits at the end of a stream is answered when the last records have come to this thread', async () => {
  const pool = new SegmentPool({ segmentBytes: 4096, maxSegments: 100 })
  const writer = new LogWriter(pool, { maxBytes: 1_000_000 })
  const output = new CmafOutput(writer, OPTIONS)
  const reader = new LogReader(writer.handle(), 1)
  const late: LogSegment[] = []
  writer.observe({ onSegment: (segment) => late.push(segment), onPreamble: () => {} })
  const subscription = new Subscription(
    { name: 'live/a', format: 'cmaf', snapshot: output.snapshot() },
    reader,
    () => {},
  )
  const view = new SegmentedView(subscription, reader.startPosition)
  const { tracks, frames } = interleaved(75)
  output.onTracks(tracks)
  for (const frame of frames) output.onFrame(frame, { isJoin: frame.isKey, epochMs: 0 })
  let answer: boolean | undefined
  const waiting = view
    .wait('the end', () => view.index.ended, 60_000, new AbortController().signal)
    .then((isThere) => {
      answer = isThere
    })
  output.onEnd()
  // The shared word says that the log has ended; the segments with its last records are on their way.
  subscription.notify()
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(reader.ended, true)
  assert.deepEqual([view.ended, answer], [false, undefined])
  for (const segment of late) reader.addSegment(segment)
  subscription.notify()
  await waiting
  assert.deepEqual([view.ended, answer], [true, true])
})
