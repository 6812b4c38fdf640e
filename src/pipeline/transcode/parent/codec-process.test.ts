import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { Frame, Track } from '../../../media/model/index.ts'
import { MESSAGE } from '../channel/job-messages.ts'
import { NO_CODECS } from '../testing/av-orders.ts'
import { ABSENT_LIBRARY, brokenLibrary } from '../testing/broken-library.ts'
import { RecordedLog } from '../testing/recorded-log.ts'
import { ChildLink } from './child-link.ts'
import { codecAvailability } from './codec-availability.ts'
import type { JobEnd, JobOrder } from './codec-job.ts'
import { CodecProcess, type CodecProcessOptions } from './codec-process.ts'
import { CODEC_LIBRARY } from './library.ts'

const DEMO: JobOrder = { request: { kind: 'demo' } }

function makeProcess(options: Partial<CodecProcessOptions> = {}) {
  const recorded = new RecordedLog()
  return { codec: new CodecProcess({ log: recorded.log, purpose: 'test', ...options }), recorded }
}
/** Runs a job and offers its first frame and its end to wait for. */
function begin(codec: CodecProcess, order: JobOrder = DEMO) {
  const first = Promise.withResolvers<Frame>()
  const end = Promise.withResolvers<JobEnd>()
  const tracks: Track[] = []
  const job = codec.run(order, {
    onTrack: (track) => tracks.push(track),
    onFrame: first.resolve,
    onEnd: end.resolve,
  })
  return { job, tracks, first: first.promise, end: end.promise }
}

/** Silence in A-law at 8 kHz. Multimedia Programming Interface and Data Specifications 1.0, "Waveform Audio File Format". */
function alawWave(seconds: number): Uint8Array {
  const bytes = Buffer.alloc(44 + seconds * 8000, 0xd5)
  bytes.write('RIFF', 0)
  bytes.writeUInt32LE(bytes.length - 8, 4)
  bytes.write('WAVEfmt ', 8)
  bytes.writeUInt32LE(16, 16)
  bytes.writeUInt16LE(6, 20)
  bytes.writeUInt16LE(1, 22)
  bytes.writeUInt32LE(8000, 24)
  bytes.writeUInt32LE(8000, 28)
  bytes.writeUInt16LE(1, 32)
  bytes.writeUInt16LE(8, 34)
  bytes.write('data', 36)
  bytes.writeUInt32LE(seconds * 8000, 40)
  return bytes
}

describe('CodecProcess without codecs', () => {
  it('says so where the package is not installed, and starts nothing', async () => {
    const { codec } = makeProcess({ library: ABSENT_LIBRARY })
    const end = await begin(codec).end
    assert.deepEqual(end, { outcome: 'missing', problem: `the package ${ABSENT_LIBRARY} is not installed` })
    assert.equal(codec.pid, undefined)
  })

  it('says so where the package cannot be loaded, and tries no more', async () => {
    using broken = brokenLibrary()
    const { codec } = makeProcess({ library: broken.library })
    for (const end of [await begin(codec).end, await begin(codec).end]) {
      assert.equal(end.outcome, 'missing')
      assert.match('problem' in end ? end.problem : '', /no native part here/)
    }
    await codec[Symbol.asyncDispose]()
  })

  it('is told beforehand by codecAvailability', async () => {
    using broken = brokenLibrary()
    assert.equal((await codecAvailability(ABSENT_LIBRARY)).available, false)
    assert.equal((await codecAvailability(broken.library)).available, false)
  })
})

describe('CodecProcess', { skip: NO_CODECS }, () => {
  it('gives tracks and frames, until the job is cancelled', async () => {
    await using codec = makeProcess().codec
    const demo = begin(codec)
    await demo.first
    assert.deepEqual(
      demo.tracks.map(({ id, codec: codecId }) => [id, codecId]),
      [
        [1, 'h264'],
        [2, 'aac'],
      ],
    )
    assert.match(codec.ffmpeg ?? '', /^8\./)
    demo.job.cancel()
    assert.deepEqual(await demo.end, { outcome: 'cancelled' })
    assert.equal(codec.openJobCount, 0)
  })

  it('tells every job when the process is killed, and runs later jobs in a new one', async () => {
    const { codec, recorded } = makeProcess()
    await using _ = codec
    const before = [begin(codec), begin(codec)]
    await Promise.all(before.map(({ first }) => first))
    const killed = codec.pid ?? 0
    process.kill(killed, 'SIGKILL')
    for (const { end } of before) {
      assert.deepEqual(await end, { outcome: 'died', problem: 'ended by SIGKILL', hadJob: true })
    }
    await begin(codec).first
    assert.notEqual(codec.pid, killed)
    assert.deepEqual(recorded.events('warn'), ['codec.died'])
  })

  it('kills a process that is frozen', async () => {
    const { codec } = makeProcess()
    await using _ = codec
    const demo = begin(codec, { ...DEMO, timeoutMs: 1500 })
    await demo.first
    process.kill(codec.pid ?? 0, 'SIGSTOP')
    assert.deepEqual(await demo.end, {
      outcome: 'died',
      problem: 'nothing came from a job for 1500 ms',
      hadJob: true,
    })
  })

  it('waits for whoever has paused it, who is not taken for frozen', async ({ mock }) => {
    mock.timers.enable({ apis: ['setTimeout'] })
    const { codec } = makeProcess()
    await using _ = codec
    const demo = begin(codec, { ...DEMO, timeoutMs: 10_000 })
    await demo.first
    const { pid } = codec
    codec.pause()
    mock.timers.tick(25_000)
    codec.resume()
    const next = begin(codec)
    await next.first
    assert.equal(codec.pid, pid)
  })

  it('does not take a job for frozen that is held', async ({ mock }) => {
    mock.timers.enable({ apis: ['setTimeout'] })
    const { codec } = makeProcess()
    await using _ = codec
    const demo = begin(codec, { ...DEMO, timeoutMs: 10_000 })
    await demo.first
    const pid = codec.pid ?? 0
    codec.hold()
    process.kill(pid, 'SIGSTOP')
    mock.timers.tick(25_000)
    codec.release()
    process.kill(pid, 'SIGCONT')
    await begin(codec).first
    assert.equal(codec.pid, pid)
  })

  it('lets an import go no further while it is held', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-held-'))
    t.after(() => rmSync(folder, { recursive: true }))
    const path = join(folder, 'sound.wav')
    writeFileSync(path, alawWave(1))
    await using codec = makeProcess({ isOffline: true }).codec
    codec.hold()
    const order: JobOrder = { request: { kind: 'asset', path, rungs: [{ slot: 0, audio: { codec: 'aac' } }] } }
    let hasEnded = false
    const held = begin(codec, order)
    const end = held.end.then((how) => {
      hasEnded = true
      return how.outcome
    })
    // The process has done other things meanwhile, which take longer than the whole of this import.
    const { promise: busy, resolve } = Promise.withResolvers<void>()
    let frameCount = 0
    const demo = codec.run(DEMO, { onFrame: () => ++frameCount === 50 && resolve(), onEnd: () => {} })
    await busy
    demo.cancel()
    assert.equal(hasEnded, false)
    codec.release()
    assert.equal(await end, 'done')
  })

  it('tells the CPU time of its process', async () => {
    await using codec = makeProcess().codec
    await begin(codec).first
    while (codec.cpuMs === 0) await new Promise((resolve) => setImmediate(resolve))
    assert.ok(codec.cpuMs > 20 && codec.cpuMs < 600_000, `${codec.cpuMs}`)
  })

  it('fails a job whose input is too large, and goes on', async () => {
    const { codec } = makeProcess()
    await using _ = codec
    await begin(codec).first
    const end = await begin(codec, { ...DEMO, input: new Uint8Array(33 * 2 ** 20) }).end
    assert.deepEqual(end.outcome === 'failed' && end.fault, 'input')
    await begin(codec).first
  })

  it('stops an idle process, and starts another for the next job', async () => {
    const { codec } = makeProcess({ idleMs: 0 })
    await using _ = codec
    const demo = begin(codec)
    await demo.first
    const before = codec.pid
    demo.job.cancel()
    while (codec.pid !== undefined) await new Promise((resolve) => setImmediate(resolve))
    await begin(codec).first
    assert.notEqual(codec.pid, before)
  })

  it('ends with its signal: jobs are cancelled, later ones too', async () => {
    const stop = new AbortController()
    const { codec } = makeProcess({ signal: stop.signal })
    const demo = begin(codec)
    await demo.first
    stop.abort()
    assert.deepEqual(await demo.end, { outcome: 'cancelled' })
    assert.deepEqual(await begin(codec).end, { outcome: 'cancelled' })
    await codec[Symbol.asyncDispose]()
  })

  it('ends by itself, and well, when its channel is closed under a running job', async () => {
    const exit = Promise.withResolvers<string>()
    const { log } = new RecordedLog()
    const link = new ChildLink({ library: CODEC_LIBRARY }, log, {
      onMessage: ({ type }) => {
        if (type === MESSAGE.hello) link.send(MESSAGE.start, { job: 1, kind: 'demo' })
        if (type === MESSAGE.frame) link.close()
      },
      onExit: exit.resolve,
    })
    assert.equal(await exit.promise, 'ended with code 0')
  })
})
