import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CmafSegment } from '../../../media/formats/mp4/index.ts'
import { type Ticks, type Track, ticks } from '../../../media/model/index.ts'
import type { BlobStore, InitFact, SegmentFact, TrackFact } from '../../../platform/storage/index.ts'
import type { Logger } from '../../../platform/telemetry/index.ts'
import { Recorder, type RecordingFacts } from './recorder.ts'

const LOG = { info() {}, error() {}, warn() {}, debug() {} } as unknown as Logger
const AUDIO = {
  ...{ id: 2, kind: 'audio', codec: 'aac', codecString: 'mp4a.40.2', config: Uint8Array.of(1) },
  ...{ clockRateHz: 48_000, sampleRateHz: 48_000, channelCount: 2 },
} as Track

/** A disk that is full whenever a test says so. */
class Disk implements Pick<BlobStore, 'create'> {
  readonly stored = new Set<string>()
  isFull = false

  async create(key: string) {
    const check = () => {
      if (this.isFull) throw new Error('no space is left')
    }
    return {
      append: async () => check(),
      commit: async () => {
        check()
        this.stored.add(key.slice(key.lastIndexOf('/') + 1))
      },
      abort: async () => {},
    }
  }
}

function start({ isFull = false } = {}) {
  const disk = new Disk()
  disk.isFull = isFull
  const inits: InitFact[] = []
  const segments: SegmentFact[] = []
  const endsMs: number[] = []
  const facts: RecordingFacts = {
    recordingStarted() {},
    tracksKnown() {},
    initStored: (init) => inits.push(init),
    segmentStored: (segment) => segments.push(segment),
    recordingEnded: (_, endedMs) => endsMs.push(endedMs),
  }
  const store = disk as unknown as BlobStore
  const recorder = new Recorder({ stream: 'live/a', store, facts, log: LOG, nowEpochMs: () => 1000 })
  recorder.onTracks([AUDIO])
  recorder.onInit(2, 0, Uint8Array.of(9))
  const record = async (sequence: number, discontinuity = false) => {
    const times = { sequence, startTicks: ticks(sequence) as Ticks, durationTicks: ticks(1), isIndependent: true }
    const place = { initId: 0, byteLength: 3, discontinuity }
    recorder.onChunk(2, { ...times, ...place, index: 0, isLast: true }, {
      views: [Buffer.of(1, 2, 3)],
      done() {},
    } as never)
    const segment: CmafSegment = { ...times, ...place, keyframes: [], targetSeconds: 1 }
    recorder.onSegment(2, segment)
    await recorder.settled()
  }
  return { recorder, disk, inits, segments, endsMs, record }
}

test('what a full disk did not take is missing from the numbers, and is no discontinuity', async () => {
  const { disk, segments, record } = start()
  await record(1)
  disk.isFull = true
  await record(2)
  disk.isFull = false
  await record(3)
  assert.equal(segments[0]?.targetSeconds, 1)
  const told = segments.map(({ sequence, discontinuity }) => [sequence, discontinuity])
  assert.deepEqual(told, [
    [1, false],
    [3, false],
  ])
  assert.deepEqual([...disk.stored], ['t2-init0.mp4', 't2-00000001.m4s', 't2-00000003.m4s'])
})

test('a discontinuity whose segment is lost is in front of the next', async () => {
  const { disk, segments, record } = start()
  await record(1)
  disk.isFull = true
  await record(2, true)
  disk.isFull = false
  await record(3)
  await record(4)
  assert.deepEqual(
    segments.map(({ discontinuity }) => discontinuity),
    [false, true, false],
  )
})

test('an initialization segment that a full disk did not take is stored with the first segment that it takes', async () => {
  const { disk, inits, segments, record } = start({ isFull: true })
  await record(1)
  assert.deepEqual([inits, segments], [[], []])
  disk.isFull = false
  await record(2)
  assert.deepEqual([...disk.stored], ['t2-init0.mp4', 't2-00000002.m4s'])
  assert.equal(segments.length, 1)
  const { id: _, config: __, ...rest } = AUDIO
  const expected: TrackFact = { trackId: 2, ...rest }
  assert.deepEqual(
    inits.map(({ initId, track }) => [initId, track]),
    [[0, expected]],
  )
})

test('a recording reaches to the end of its media, which a publisher may send faster than it lasts', async () => {
  const { recorder, endsMs, record } = start()
  recorder.onSegmentTime(2, 4000)
  await record(1)
  recorder.onEnd()
  await recorder.settled()
  assert.deepEqual(endsMs, [4001])
})
