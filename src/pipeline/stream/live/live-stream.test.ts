import assert from 'node:assert/strict'
import { test } from 'node:test'
import { interleaved } from '../../../media/formats/mpegts/testing/samples.ts'
import type { Frame } from '../../../media/model/index.ts'
import { FrameLogWriter } from '../log/frame-log.ts'
import { LogReader } from '../log/log-reader.ts'
import { LogWriter } from '../log/log-writer.ts'
import { SegmentPool } from '../log/segment-pool.ts'
import { LiveStream, type StreamConsumer } from './live-stream.ts'

function collector() {
  const frames: Frame[] = []
  const consumer: StreamConsumer = {
    onTracks: () => {},
    onFrame: (frame) => frames.push({ ...frame, data: frame.data.slice() }),
    onDiscontinuity: () => {},
    onEnd: () => {},
  }
  return { frames, consumer }
}

test('a consumer starts at the last keyframe although the message with its preamble is still on its way', () => {
  const pool = new SegmentPool({ segmentBytes: 65_536, maxSegments: 10 })
  const log = new LogWriter(pool, { maxBytes: 655_360 })
  const reader = new LogReader(log.handle(), 1)
  // What another worker sees: segments come by message, the preamble has not yet.
  log.observe({ onSegment: (segment) => reader.addSegment(segment), onPreamble: () => {} })
  const publisher = new FrameLogWriter(log, () => 0)
  const stream = new LiveStream('live/a', (_, error) => assert.ifError(error))
  stream.attach('s1', reader)
  const { tracks, frames } = interleaved(15)
  for (const track of tracks) publisher.onTrack(track)
  for (const frame of frames) publisher.onFrame(frame)
  stream.pump()
  const late = collector()
  stream.add(late.consumer)
  const from = frames.findLastIndex((frame) => frame.trackId === 1 && frame.isKey)
  assert.deepEqual(
    late.frames.map(({ data }) => Buffer.from(data)),
    frames.slice(from).map(({ data }) => Buffer.from(data)),
  )
})
