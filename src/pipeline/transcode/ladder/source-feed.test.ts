import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Frame, ticks } from '../../../media/model/index.ts'
import type { LiveStream, StreamConsumer } from '../../stream/index.ts'
import { MESSAGE } from '../channel/job-messages.ts'
import { SourceFeed } from './source-feed.ts'

const FRAME_TICKS = 3600

function makeFeed() {
  const sent: number[] = []
  const told = { gaps: 0 }
  const clock = { nowMs: 0 }
  const feed = new SourceFeed({
    job: { send: (type, header) => type === MESSAGE.inputFrame && sent.push(Number(header.ptsTicks) / FRAME_TICKS) },
    maxLagMs: 1000,
    nowMs: () => clock.nowMs,
    onGap: () => {
      told.gaps++
    },
    onEnd: () => {},
  })
  return { feed, sent, told, clock }
}
function give(feed: StreamConsumer, index: number, kind: 'key' | 'delta' = 'delta'): void {
  const time = ticks(index * FRAME_TICKS)
  const frame: Frame = {
    trackId: 1,
    ptsTicks: time,
    dtsTicks: time,
    durationTicks: ticks(0),
    isKey: kind === 'key',
    data: new Uint8Array(1000),
  }
  feed.onFrame(frame, { isJoin: kind === 'key', epochMs: 0 })
}
/** A stream whose log holds a keyframe and `count` frames more. */
function streamWith(count: number): LiveStream {
  const add = (consumer: StreamConsumer) => {
    give(consumer, 0, 'key')
    for (let i = 1; i <= count; i++) give(consumer, i)
    return { [Symbol.dispose]: () => {} }
  }
  return { add } as unknown as LiveStream
}

test('the job learns where the source stands before it gets what the log holds', () => {
  const { feed, sent } = makeFeed()
  feed.attach(streamWith(3), 'newest-keyframe', (start) => {
    assert.deepEqual(start, { keyTicks: 0, newestTicks: 3 * FRAME_TICKS })
    assert.deepEqual(sent, [])
  })
  give(feed, 4)
  assert.deepEqual(sent, [0, 1, 2, 3, 4])
})

test('from the next keyframe, nothing of what the log holds is sent, and that is no gap', () => {
  const { feed, sent, told } = makeFeed()
  feed.attach(streamWith(3), 'next-keyframe', () => {})
  give(feed, 4)
  give(feed, 5, 'key')
  give(feed, 6)
  assert.deepEqual([sent, told.gaps], [[5, 6], 0])
})

test('a job that does not follow loses frames up to a keyframe that comes when it has caught up', () => {
  const { feed, sent, told, clock } = makeFeed()
  feed.attach(streamWith(0), 'newest-keyframe', () => {})
  clock.nowMs = 1001
  give(feed, 1)
  give(feed, 2, 'key')
  assert.deepEqual([sent, feed.droppedCount, feed.lagMs], [[0], 2, 1001])
  feed.consumed(1)
  give(feed, 3)
  give(feed, 4, 'key')
  give(feed, 5)
  assert.deepEqual([sent, feed.droppedCount, told.gaps, feed.lagMs], [[0, 4, 5], 3, 1, 0])
})

test('a backlog of bytes is bounded too', () => {
  const { feed, sent } = makeFeed()
  feed.attach(streamWith(0), 'newest-keyframe', () => {})
  for (let i = 1; i < 60_000; i++) give(feed, i)
  assert.ok(sent.length * 1000 < 52 * 2 ** 20, `${sent.length} frames of 1000 bytes`)
})
