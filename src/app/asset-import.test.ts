import assert from 'node:assert/strict'
import { test } from 'node:test'
import { videoTrack } from '../media/codecs/index.ts'
import { CopySlabs } from '../media/formats/mp4/index.ts'
import { type Frame, ticks } from '../media/model/index.ts'
import { CmafOutput } from '../pipeline/packaging/index.ts'
import { Recorder } from '../pipeline/recording/index.ts'
import { LogWriter, SegmentPool } from '../pipeline/stream/index.ts'
import type { CodecProcess, JobOrder, JobSink } from '../pipeline/transcode/index.ts'
import type { BlobStore, SegmentFact } from '../platform/storage/index.ts'
import { type LogLine, makeLogger } from '../platform/telemetry/index.ts'
import { importAsset } from './asset-import.ts'

const MIB = 2 ** 20
const FRAME_BYTES = MIB / 2
/** 150 MiB: more than the recorder lets wait for a disk. */
const FRAME_COUNT = 300
const FPS = 25
const TRACK = videoTrack(1, 'vp8', Uint8Array.of(0, 10, 0x82, 1, 1, 1, 0, 0), { widthPx: 1280, heightPx: 720 })

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** Gives a frame with every turn of the event loop, as long as nobody tells it to wait. */
class FakeCodec {
  mostQueuedBytes = 0
  readonly #queuedBytes: () => number
  #resumed = Promise.withResolvers<void>()

  constructor(queuedBytes: () => number) {
    this.#queuedBytes = queuedBytes
    this.#resumed.resolve()
  }
  run(_: JobOrder, sink: JobSink) {
    let isCancelled = false
    void (async () => {
      await turn()
      sink.onAssetOpened?.({ job: 1, format: 'fake', durationSeconds: 12, hasVideo: true, audioCount: 0 })
      sink.onTrack?.(TRACK)
      for (let at = 0; at < FRAME_COUNT && !isCancelled; at++) {
        await this.#resumed.promise
        sink.onFrame?.(frameAt(at))
        this.mostQueuedBytes = Math.max(this.mostQueuedBytes, this.#queuedBytes())
        await turn()
      }
      sink.onEnd(isCancelled ? { outcome: 'cancelled' } : { outcome: 'done', result: new Uint8Array(0), decodes: 0 })
    })()
    const cancel = () => {
      isCancelled = true
    }
    return { id: 1, cancel, send: () => {} }
  }
  pause(): void {
    this.#resumed = Promise.withResolvers()
  }
  resume(): void {
    this.#resumed.resolve()
  }
  async [Symbol.asyncDispose](): Promise<void> {}
}

function frameAt(at: number): Frame {
  const time = ticks((at * 90_000) / FPS)
  const data = new Uint8Array(FRAME_BYTES)
  return { trackId: 1, ptsTicks: time, dtsTicks: time, durationTicks: ticks(0), isKey: at % FPS === 0, data }
}

/** `append` is told how many bytes are stored already. */
async function runImport(append: (storedBytes: number) => Promise<void>) {
  const stored = { createdBytes: 0, bytes: 0 }
  const segments: SegmentFact[] = []
  const lines: LogLine[] = []
  const nothing = () => {}
  const ended: string[] = []
  const left = { openCount: 0 }
  const store = {
    create: async () => {
      left.openCount++
      return writer
    },
  } as unknown as BlobStore
  const writer = {
    append: async (parts: readonly Uint8Array[]) => {
      await append(stored.bytes)
      for (const { length } of parts) stored.bytes += length
    },
    commit: async () => {
      left.openCount--
    },
    abort: async () => {
      left.openCount--
    },
  }
  const facts = {
    recordingStarted: nothing,
    tracksKnown: nothing,
    initStored: nothing,
    segmentStored: (segment: SegmentFact) => segments.push(segment),
    recordingEnded: (id: string) => ended.push(id),
  }
  const log = new LogWriter(new SegmentPool({ segmentBytes: MIB, maxSegments: 512 }), { maxBytes: 512 * MIB })
  const codec = new FakeCodec(() => log.head - stored.bytes)
  const times = { segmentMs: 2000, windowSegments: 2, timeShiftMs: 0, partTargetMs: 334, tileMs: 0 }
  const record = () => {
    const options = { isImport: true, store, facts, log: makeLogger((line) => lines.push(line)), nowEpochMs: () => 0 }
    const recorder = new Recorder({ stream: 'assets/film', ...options })
    return { recorder, output: new CmafOutput(log, { ...times, life: 'x', tap: recorder, slabs: new CopySlabs() }) }
  }
  const options = { config: { profiles: {} }, codec: () => codec as unknown as CodecProcess, record, onNews: nothing }
  const done = importAsset(options, { path: 'film', profiles: ['720p'] })
  return { done, codec, segments, lines, ended, left }
}

test('an import goes no faster than its segments are stored: none is lost, and little waits', async () => {
  const { done, codec, segments, lines, ended } = await runImport(async () => {
    for (let i = 0; i < 60; i++) await turn()
  })
  await done
  assert.equal(ended.length, 1)
  const storedTicks = segments.reduce((sum, { durationTicks }) => sum + durationTicks, 0)
  assert.equal(storedTicks, (FRAME_COUNT / FPS) * 90_000)
  assert.deepEqual([segments.length, segments.filter(({ discontinuity }) => discontinuity).length], [6, 0])
  assert.deepEqual(
    lines.filter(({ level }) => level === 'error'),
    [],
  )
  assert.ok(codec.mostQueuedBytes < 16 * MIB, `${codec.mostQueuedBytes} bytes waited`)
})

test('an import whose segments cannot be stored fails at once, says why, and leaves nothing half written', async () => {
  const { done, segments, ended, left } = await runImport(async (storedBytes) => {
    if (storedBytes > 40 * MIB) throw new Error('the disk is full')
  })
  await assert.rejects(done, /the disk is full/)
  assert.equal(segments.length, 1)
  assert.deepEqual(ended, [], 'it is no recording that has come to its end')
  assert.equal(left.openCount, 0)
})

test('an import whose last segment cannot be stored is no recording either', async () => {
  const allBytes = FRAME_COUNT * FRAME_BYTES
  const { done, ended } = await runImport(async (storedBytes) => {
    if (storedBytes > allBytes - 2 * MIB) throw new Error('the disk is full')
  })
  await assert.rejects(done, /the disk is full/)
  assert.deepEqual(ended, [])
})
