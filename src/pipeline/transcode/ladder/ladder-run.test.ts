import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ticks } from '../../../media/model/index.ts'
import type { LiveStream, StreamConsumer } from '../../stream/index.ts'
import { MESSAGE, type Progress } from '../channel/job-messages.ts'
import type { CodecJob, JobOrder, JobSink } from '../parent/codec-job.ts'
import type { CodecProcess } from '../parent/codec-process.ts'
import { LadderRun, type LadderRunEvents } from './ladder-run.ts'

const MIB = 2 ** 20
const FRAME = {
  trackId: 1,
  ptsTicks: ticks(0),
  dtsTicks: ticks(0),
  durationTicks: ticks(0),
  isKey: true,
  data: new Uint8Array(100),
}
const PROGRESS: Progress = { job: 1, consumed: 1, cpuMs: 10, rssBytes: 100 * MIB, damaged: 0, decoded: 0, rungs: [] }

/** A codec process and a stream that do as the test says. */
function makeRun() {
  const clock = { nowMs: 0 }
  const sent: number[] = []
  const kills: string[] = []
  let sink: JobSink | undefined
  let consumer: StreamConsumer | undefined
  const job: CodecJob = { id: 1, cancel: () => kills.push('cancel'), send: (type) => sent.push(type) }
  const codec = {
    run: (_: JobOrder, to: JobSink) => {
      sink = to
      return job
    },
    kill: (reason: string) => kills.push(reason),
  } as unknown as CodecProcess
  const stream = {
    add: (to: StreamConsumer) => {
      consumer = to
      return { [Symbol.dispose]: () => {} }
    },
  } as unknown as LiveStream
  const nothing = () => {}
  const events: LadderRunEvents = {
    onBegin: () => [{ slot: 0 }],
    onTrack: nothing,
    onFrame: nothing,
    onProgress: nothing,
    onRungFailed: nothing,
    onNotice: nothing,
    onWatched: nothing,
    onGap: nothing,
    onSourceEnd: nothing,
    onEnd: nothing,
  }
  const options = { codec, stream, from: 'newest-keyframe', maxLagMs: 3000, frozenMs: 5000 } as const
  const run = new LadderRun({ ...options, maxProcessBytes: 500 * MIB, nowMs: () => clock.nowMs }, events)
  const give = () => consumer?.onFrame(FRAME, { isJoin: true, epochMs: 0 })
  return {
    run,
    clock,
    sent,
    kills,
    give,
    start: () => sink?.onStarted?.(),
    progress: (more: Partial<Progress>) => sink?.onProgress?.({ ...PROGRESS, ...more }),
  }
}

test('nothing is sent before the process has the job; then its rungs come first', () => {
  const { sent, start, give } = makeRun()
  give()
  assert.deepEqual(sent, [])
  start()
  give()
  assert.deepEqual(sent, [MESSAGE.rungs, MESSAGE.inputFrame])
})

test('a process with work that gives no sign is replaced; one without work is left alone', () => {
  const { run, clock, kills, start, give, progress } = makeRun()
  start()
  clock.nowMs = 60_000
  run.watch()
  assert.deepEqual(kills, [])
  give()
  clock.nowMs += 4999
  run.watch()
  progress({ consumed: 1 })
  give()
  clock.nowMs += 4999
  run.watch()
  assert.deepEqual(kills, [])
  clock.nowMs += 1
  run.watch()
  assert.deepEqual(kills, ['it gave no sign for 5000 ms'])
})

test('a process that holds too much memory is replaced', () => {
  const { kills, start, progress } = makeRun()
  start()
  progress({ rssBytes: 500 * MIB })
  assert.deepEqual(kills, [])
  progress({ rssBytes: 501 * MIB })
  assert.deepEqual(kills, ['it holds 501 MiB, more than transcode.maxProcessBytes'])
})
