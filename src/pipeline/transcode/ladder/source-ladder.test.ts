import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { videoTrack } from '../../../media/codecs/index.ts'
import { conversionProfiles, resolveProfile, WATCH_PROFILE } from '../../../platform/config/index.ts'
import type { LiveStream } from '../../stream/index.ts'
import { MESSAGE, type RungOrder, videoTrackOf, type WatchEvent } from '../channel/job-messages.ts'
import { SHED } from '../governor/load-governor.ts'
import type { JobEnd, JobOrder, JobSink } from '../parent/codec-job.ts'
import type { CodecProcess } from '../parent/codec-process.ts'
import { RecordedLog } from '../testing/recorded-log.ts'
import { RecordedPublication } from '../testing/recorded-publication.ts'
import { CodecCounters } from './codec-counters.ts'
import { SourceLadder } from './source-ladder.ts'

const FAILED: JobEnd = { outcome: 'failed', fault: 'input', problem: 'it does not open' }
const PICTURE = videoTrack(1, 'vp8', Uint8Array.of(0, 10, 0x82, 1, 1, 1, 0, 0), { widthPx: 160, heightPx: 90 })
const DIED: JobEnd = { outcome: 'died', problem: 'ended by SIGKILL', hadJob: true }

/** A ladder whose codec process and clock do as the test says. */
function makeLadder({ mock }: TestContext, always: readonly string[]) {
  mock.timers.enable({ apis: ['setTimeout'] })
  const clock = { nowMs: 0 }
  const recorded = new RecordedLog()
  const sinks: JobSink[] = []
  const orders: RungOrder[][] = []
  const publications: RecordedPublication[] = []
  const refusals: Error[] = []
  const publish = async () => {
    const refusal = refusals.shift()
    if (refusal) throw refusal
    const publication = new RecordedPublication()
    publications.push(publication)
    return publication
  }
  const run = (_: JobOrder, sink: JobSink) => {
    sinks.push(sink)
    const send = (type: number, { rungs }: { rungs?: RungOrder[] }) =>
      type === MESSAGE.rungs && orders.push(rungs ?? [])
    return { id: sinks.length, cancel: () => {}, send }
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
    publish,
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
  const start = () => sinks.at(-1)?.onStarted?.()
  /** What the rung with pictures has in the newest order. */
  const slot = () => orders.at(-1)?.find(({ video }) => video)?.slot
  const state = () => ladder.report.rungs.map(({ name, isFailed, reason }) => [name, isFailed, reason])
  const watched = () => ladder.report.watched?.map(({ what }) => what)
  return { ladder, sinks, pass, see, told, watched, start, slot, state, publications, refusals }
}
/** One look of the service at the ladder a second. */
function sweepFor({ ladder, pass }: Pick<ReturnType<typeof makeLadder>, 'ladder' | 'pass'>, seconds: number): void {
  for (let i = 0; i < seconds; i++) {
    pass(1000)
    ladder.sweep(() => false)
  }
}
/** The rung's first life comes out of the codec process. */
async function givePicture({ sinks, slot }: Pick<ReturnType<typeof makeLadder>, 'sinks' | 'slot'>): Promise<void> {
  const track = { ...PICTURE, id: videoTrackOf(slot() ?? -1) }
  sinks.at(-1)?.onTrack?.(track)
  // The publication comes with a promise.
  await new Promise((resolve) => setImmediate(resolve))
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
    const running = ladder.report.rungs.filter(({ isFailed }) => !isFailed)
    assert.equal(running.length, 1, 'nothing was started')
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

test('a rung that always runs and fails is shown as failed, and tried again by itself, later each time', (t) => {
  const made = makeLadder(t, ['480p', WATCH_PROFILE])
  const { sinks, start, slot, state } = made
  start()
  for (const waitSeconds of [2, 4, 8, 16, 30, 30]) {
    sinks.at(-1)?.onRungFailed?.(slot() ?? -1, 'no such preset')
    const failed = [
      ['480p', true, 'rendition 480p: no such preset'],
      [WATCH_PROFILE, false, undefined],
    ]
    assert.deepEqual(state(), failed)
    sweepFor(made, waitSeconds - 1)
    assert.deepEqual(state(), failed)
    sweepFor(made, 1)
    assert.deepEqual(state()[0], ['480p', false, undefined])
  }
})

test('a rung that always runs comes back when its publication was refused, or ended by somebody', async (t) => {
  const made = makeLadder(t, ['480p'])
  const { start, state, publications, refusals } = made
  refusals.push(new Error('the name is taken'))
  start()
  await givePicture(made)
  assert.match(String(state()[0]?.[2]), /the name is taken/)
  sweepFor(made, 2)
  start()
  await givePicture(made)
  assert.equal(publications.length, 1)
  assert.deepEqual(state(), [['480p', false, undefined]])
  publications[0]?.onKick('ended by an operator')
  assert.match(String(state()[0]?.[2]), /ended by an operator/)
  sweepFor(made, 4)
  start()
  await givePicture(made)
  assert.equal(publications.length, 2)
})

test('a rung that always runs and was shed comes back with what is given back, also after it failed', (t) => {
  const made = makeLadder(t, ['480p'])
  const { ladder, sinks, start, slot, state } = made
  start()
  ladder.shed('480p', SHED.all, 'the test says so')
  assert.deepEqual(state(), [['480p', false, 'the test says so']])
  sweepFor(made, 60)
  assert.deepEqual(state(), [['480p', false, 'the test says so']])
  ladder.shed('480p', SHED.half, 'there is room again')
  start()
  sinks.at(-1)?.onRungFailed?.(slot() ?? -1, 'no such preset')
  ladder.shed('480p', SHED.nothing, 'there is room again')
  assert.deepEqual(state(), [['480p', true, 'rendition 480p: no such preset']])
  sweepFor(made, 2)
  assert.deepEqual(state(), [['480p', false, undefined]])
})

test('where there are no codecs nothing is tried again', (t) => {
  const made = makeLadder(t, ['480p'])
  const { sinks, state } = made
  sinks.at(-1)?.onEnd({ outcome: 'missing', problem: 'the package is not installed' })
  sweepFor(made, 120)
  assert.equal(sinks.length, 1)
  assert.match(String(state()[0]?.[2]), /not installed/)
})

test('what was seen of a stream ends with the process that saw it, and is told again by the next', (t) => {
  const { sinks, see, told, watched, start } = makeLadder(t, [WATCH_PROFILE])
  start()
  see('silence', true)
  see('silence', true)
  see('freeze', true)
  assert.deepEqual(watched(), ['silence', 'freeze'])
  sinks.at(-1)?.onEnd(DIED)
  assert.deepEqual(watched(), [])
  start()
  see('silence', true)
  assert.deepEqual(watched(), ['silence'])
  assert.deepEqual(told(), ['silence began', 'freeze began', 'silence ended', 'freeze ended', 'silence began'])
})

test('what was seen of a stream ends with the stream, or when it is watched no more', async (t) => {
  const { ladder, see, told, watched, start } = makeLadder(t, [WATCH_PROFILE, '480p'])
  start()
  see('black', true)
  ladder.shed(WATCH_PROFILE, 2, 'the test says so')
  assert.equal(watched(), undefined)
  see('black', true)
  assert.equal(watched(), undefined, 'a message that was under way')
  ladder.shed(WATCH_PROFILE, 0, '')
  see('black', true)
  await ladder.close('the source has ended')
  assert.equal(watched(), undefined)
  assert.deepEqual(told(), ['black began', 'black ended', 'black began', 'black ended'])
})
