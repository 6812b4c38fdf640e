import assert from 'node:assert/strict'
import { test } from 'node:test'
import { interleaved } from '../../../media/formats/mpegts/testing/samples.ts'
import { type Frame, ticks } from '../../../media/model/index.ts'
import { FrameLogWriter } from '../log/frame-log.ts'
import { LogReader } from '../log/log-reader.ts'
import { LogWriter } from '../log/log-writer.ts'
import { SegmentPool } from '../log/segment-pool.ts'
import { OLDEST, type StartPoint } from './kept-joins.ts'
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

/** What another worker sees: segments come by message, the preamble has not yet. */
function makeStream(historyMs: number) {
  const pool = new SegmentPool({ segmentBytes: 4096, maxSegments: 160, poison: 'poison-freed' })
  const log = new LogWriter(pool, { maxBytes: 655_360 })
  const reader = new LogReader(log.handle(), 1)
  log.observe({ onSegment: (segment) => reader.addSegment(segment), onPreamble: () => {} })
  const publisher = new FrameLogWriter(log, () => 0)
  const onConsumerError = (_: StreamConsumer, error: unknown) => assert.ifError(error)
  const stream = new LiveStream('live/a', { onConsumerError, historyMs, maxHistoryBytes: 655_360 })
  stream.attach('s1', reader)
  return { log, publisher, stream }
}

test('a consumer starts at the last keyframe although the message with its preamble is still on its way', () => {
  const { publisher, stream } = makeStream(0)
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

test('frames that are kept are there from the keyframe before the wanted time on, and others are given back', () => {
  const { log, publisher, stream } = makeStream(2000)
  const [track] = interleaved(1).tracks
  assert.ok(track)
  publisher.onTrack(track)
  // A keyframe each second, 20 seconds.
  const frames = Array.from({ length: 80 }, (_, at): Frame => {
    const time = ticks(at * 22_500)
    const data = new Uint8Array(1000).fill(at + 1)
    return {
      trackId: track.id,
      ptsTicks: time,
      dtsTicks: time,
      durationTicks: ticks(22_500),
      isKey: at % 4 === 0,
      data,
    }
  })
  for (const frame of frames) {
    publisher.onFrame(frame)
    stream.pump()
  }
  const startedAt = (start: StartPoint | undefined) => {
    const late = collector()
    stream.add(late.consumer, start)[Symbol.dispose]()
    const first = frames.findIndex(({ ptsTicks }) => ptsTicks === late.frames[0]?.ptsTicks)
    assert.deepEqual(
      late.frames.map(({ data }) => data),
      frames.slice(first).map(({ data }) => data),
    )
    return first
  }
  assert.equal(startedAt(undefined), 76)
  assert.equal(startedAt({ atMs: 18_500 }), 72)
  assert.equal(startedAt({ backMs: 1800 }), 68)
  assert.equal(startedAt(OLDEST), 68)
  assert.ok(log.heldBytes <= 5 * 4096, `${log.heldBytes} bytes are held`)
})
