import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { conversionProfiles, resolveProfile, WATCH_PROFILE } from '../../../platform/config/index.ts'
import type { LiveStream } from '../../stream/index.ts'
import type { WatchEvent } from '../channel/job-messages.ts'
import type { JobEnd, JobOrder, JobSink } from '../parent/codec-job.ts'
import type { CodecProcess } from '../parent/codec-process.ts'
import { RecordedLog } from '../testing/recorded-log.ts'
import { RecordedPublication } from '../testing/recorded-publication.ts'
import { CodecCounters } from './codec-counters.ts'
import { SourceLadder } from './source-ladder.ts'

const FAILED: JobEnd = { outcome: 'failed', fault: 'input', problem: 'it does not open' }
const DIED: JobEnd = { outcome: 'died', problem: 'ended by SIGKILL', hadJob: true }

/** A ladder whose codec process and clock do as the test says. */
function makeLadder({ mock }: TestContext, always: readonly string[]) {
  mock.timers.enable({ apis: ['setTimeout'] })
  const clock = { nowMs: 0 }
  const recorded = new RecordedLog()
  const sinks: JobSink[] = []
  const run = (_: JobOrder, sink: JobSink) => {
    sinks.push(sink)
    return { id: sinks.length, cancel: () => {}, send: () => {} }
  }
  const codec = { run, [Symbol.asyncDispose]: async () => {} } as unknown as CodecProcess
  const stream = { name: 'live/a', add: () => ({ [Symbol.dispose]: () => {} }) } as unknown as LiveStream
  const limits = { maxLagMs: 3000, frozenMs: 5000, maxProcessBytes: 2 ** 30, idleMs: 10_000 }
  const ladder = new SourceLadder({
    ...limits,
    stream,
    profiles: [resolveProfile({}, '480p'), ...conversionProfiles()],
    always,
    codec: () => codec,
    publish: async () => new RecordedPublication(),
    log: recorded.log,
    nowMs: () => clock.nowMs,
    counters: new CodecCounters(),
  })
  const pass = (ms: number) => {
    clock.nowMs += ms
    mock.timers.tick(ms)
  }
  const see = (what: WatchEvent['what'], isOn: boolean) => sinks.at(-1)?.onWatched?.({ what, isOn })
  const told = () =>
    recorded.lines.flatMap(({ event, fields }) =>
      /^stream\.(silence|black|freeze)$/.test(event) ? [`${event.slice(7)} ${fields?.state}`] : [],
    )
  return { ladder, sinks, pass, see, told, start: () => sinks.at(-1)?.onStarted?.() }
}

test('a job that fails is tried again later each time, and soon once more after it ran well', (t) => {
  const { sinks, pass, start } = makeLadder(t, ['480p'])
  const waits: number[] = []
  for (let attempt = 1; attempt <= 7; attempt++) {
    start()
    sinks.at(-1)?.onEnd(FAILED)
    let waitedMs = 0
    for (; sinks.length === attempt; waitedMs += 1000) pass(1000)
    waits.push(waitedMs)
  }
  assert.deepEqual(waits, [2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000])
  start()
  pass(30_000)
  sinks.at(-1)?.onEnd(FAILED)
  pass(2000)
  assert.equal(sinks.length, 9)
})

test('nothing is tried again when nobody wants a rung any more', (t) => {
  const { ladder, sinks, pass, start } = makeLadder(t, [])
  ladder.start('480p').catch(() => {})
  start()
  sinks.at(-1)?.onEnd(FAILED)
  ladder.shed('480p', 2, 'the test says so')
  pass(60_000)
  assert.equal(sinks.length, 1)
})

test('a rung that fails is refused for a while to all who ask, longer each time', async (t) => {
  const { ladder, sinks, pass, start } = makeLadder(t, [WATCH_PROFILE])
  start()
  const ask = async () => ladder.start('480p')
  for (const [attempt, waitMs] of [2000, 4000, 8000].entries()) {
    const asked = ask()
    // The watch has slot 0.
    sinks.at(-1)?.onRungFailed?.(attempt + 1, 'no such preset')
    await assert.rejects(asked, /no such preset/)
    pass(waitMs - 1)
    await assert.rejects(ask(), /no such preset/)
    assert.equal(ladder.report.rungs.length, 1, 'nothing was started')
    pass(1)
  }
  const asked = ask()
  pass(30_000)
  sinks.at(-1)?.onRungFailed?.(4, 'no such preset')
  await assert.rejects(asked, /no such preset/)
  pass(2000)
  void ask().catch(() => {})
  assert.equal(ladder.report.rungs.length, 2)
})

test('what was seen of a stream ends with the process that saw it, and is told again by the next', (t) => {
  const { ladder, sinks, see, told, start } = makeLadder(t, [WATCH_PROFILE])
  start()
  see('silence', true)
  see('silence', true)
  see('freeze', true)
  assert.deepEqual(ladder.report.watched, ['silence', 'freeze'])
  sinks.at(-1)?.onEnd(DIED)
  assert.deepEqual(ladder.report.watched, [])
  start()
  see('silence', true)
  assert.deepEqual(ladder.report.watched, ['silence'])
  assert.deepEqual(told(), ['silence began', 'freeze began', 'silence ended', 'freeze ended', 'silence began'])
})

test('what was seen of a stream ends with the stream, or when it is watched no more', async (t) => {
  const { ladder, see, told, start } = makeLadder(t, [WATCH_PROFILE, '480p'])
  start()
  see('black', true)
  ladder.shed(WATCH_PROFILE, 2, 'the test says so')
  assert.deepEqual(ladder.report.watched, [])
  see('black', true)
  assert.deepEqual(ladder.report.watched, [], 'a message that was under way')
  ladder.shed(WATCH_PROFILE, 0, '')
  see('black', true)
  await ladder.close('the source has ended')
  assert.deepEqual(ladder.report.watched, [])
  assert.deepEqual(told(), ['black began', 'black ended', 'black began', 'black ended'])
})
