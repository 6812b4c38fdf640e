import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Frame, ticks } from '../../../media/model/index.ts'
import type { LiveStream, StreamConsumer } from '../../stream/index.ts'
import { MESSAGE } from '../channel/job-messages.ts'
import type { FeedStart } from './past-frames.ts'
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

test('older frames may take as long as they last, before a job counts as late', () => {
  const { feed, sent, clock } = makeFeed()
  const begun: FeedStart[] = []
  feed.attach(streamWith(49), { backMs: 1000 }, (start) => begun.push(start))
  const newestTicks = 49 * FRAME_TICKS
  assert.deepEqual(begun, [{ keyTicks: 0, newestTicks, wantedTicks: newestTicks - 90_000 }])
  // Two seconds came at once; the job makes them in three.
  clock.nowMs = 2900
  give(feed, 50)
  assert.equal(sent.length, 51)
  clock.nowMs = 3000
  feed.consumed(50)
  give(feed, 51, 'key')
  assert.equal(sent.length, 52)
  // From then on it counts like any other.
  feed.consumed(1)
  clock.nowMs = 4100
  give(feed, 52)
  assert.equal(feed.droppedCount, 1)
})
