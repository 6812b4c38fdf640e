import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { lengthPrefixedToAnnexB } from '../../../media/codecs/nal/index.ts'
import type { Frame, Track } from '../../../media/model/index.ts'
import { AccessDeniedError, UnavailableError } from '../../../platform/errors.ts'
import { CodecProcess } from '../parent/codec-process.ts'
import { ask, NO_CODECS } from '../testing/av-orders.ts'
import { ABSENT_LIBRARY, brokenLibrary } from '../testing/broken-library.ts'
import { RecordedLog } from '../testing/recorded-log.ts'
import { RecordedPublication } from '../testing/recorded-publication.ts'
import { DemoPublisher } from './demo-publisher.ts'

/** A demo with its publications in the order in which they were asked for. */
function makeDemo(options: { library?: string; refuse?: Error } = {}) {
  const recorded = new RecordedLog()
  const { log } = recorded
  const asked: RecordedPublication[] = []
  const waiting: ((publication: RecordedPublication) => void)[] = []
  const processes: CodecProcess[] = []
  const demo = new DemoPublisher({
    name: 'live/demo',
    log,
    codec: () => {
      const { library } = options
      const codec = new CodecProcess({ log, purpose: 'demo', ...(library === undefined ? {} : { library }) })
      processes.push(codec)
      return codec
    },
    publish: async () => {
      const publication = new RecordedPublication()
      asked.push(publication)
      waiting.shift()?.(publication)
      if (options.refuse) throw options.refuse
      return publication
    },
  })
  const next = () => new Promise<RecordedPublication>((resolve) => waiting.push(resolve))
  return { demo, recorded, asked, next, pid: () => processes[0]?.pid ?? 0 }
}

/** On a machine that stood still for two seconds the demo leaves frames out, as it must: such a run says nothing else. */
const LEFT_OUT_TICKS = 1.5 * 90_000
const MOST_RUNS = 4

/** Runs once for all tests that only look at what came out. */
async function twoSeconds(): Promise<RecordedPublication> {
  for (let run = 1; ; run++) {
    const publication = await oneRun()
    const steps = publication.video.map(({ dtsTicks }, at) => dtsTicks - (publication.video[at - 1]?.dtsTicks ?? 0))
    if (run === MOST_RUNS || steps.every((step) => step < LEFT_OUT_TICKS)) return publication
  }
}
async function oneRun(): Promise<RecordedPublication> {
  const { demo, next } = makeDemo()
  const opened = next()
  demo.start()
  const publication = await opened
  await publication.until(() => publication.keyframes.length >= 3)
  await demo.close()
  assert.equal(await publication.ended, 'the demo ends')
  return publication
}

function packets(frames: readonly Frame[], map: (data: Uint8Array) => Uint8Array) {
  return frames.map(({ data, ptsTicks }) => ({ data: Buffer.from(map(data)).toString('base64'), pts: ptsTicks }))
}
const configOf = (track: Track | undefined) => Buffer.from(track?.config ?? []).toString('base64')

describe('the demo', { skip: NO_CODECS }, () => {
  const run = NO_CODECS ? undefined : twoSeconds()
  const published = async () => (await run) ?? assert.fail('nothing ran')

  it('publishes 1280×720 H.264 and 48 kHz stereo AAC', async () => {
    const [video, audio] = (await published()).tracks
    assert.ok(video?.kind === 'video' && audio?.kind === 'audio')
    assert.deepEqual([video.codec, video.widthPx, video.heightPx, video.frameRate], ['h264', 1280, 720, 30])
    assert.deepEqual([audio.codec, audio.sampleRateHz, audio.channelCount], ['aac', 48_000, 2])
    assert.deepEqual([video.clockRateHz, audio.clockRateHz], [90_000, 48_000])
  })

  it('has a keyframe every second and no frame out of order', async () => {
    const { video, keyframes } = await published()
    assert.deepEqual(
      keyframes.slice(0, 3).map((frame) => frame.ptsTicks),
      [0, 90_000, 180_000],
    )
    for (const frame of video) assert.equal(frame.ptsTicks, frame.dtsTicks)
  })

  it('has times that grow by one frame each', async () => {
    const { video, audio } = await published()
    assert.deepEqual(
      video.slice(0, 61).map((frame) => frame.dtsTicks),
      Array.from({ length: 61 }, (_, n) => n * 3000),
    )
    for (const [index, frame] of audio.entries()) assert.equal(frame.dtsTicks, index * 1024)
    assert.ok(audio.every((frame) => frame.durationTicks === 1024 && frame.isKey))
  })

  it('keeps picture and sound within 50 ms of each other', async () => {
    const { frames } = await published()
    const firstSound = frames.findIndex((frame) => frame.trackId === 2)
    const seconds = { video: 0, audio: 0 }
    for (const [index, frame] of frames.entries()) {
      if (frame.trackId === 1) seconds.video = frame.dtsTicks / 90_000
      else seconds.audio = frame.dtsTicks / 48_000
      const apart = Math.abs(seconds.video - seconds.audio)
      if (index >= firstSound) assert.ok(apart < 0.05, `${apart} s apart at frame ${index}`)
    }
    assert.ok(firstSound > 0 && firstSound < 4)
  })

  it('is H.264 that FFmpeg decodes, with no error and a new picture each time', async () => {
    const { video, tracks } = await published()
    const order = { what: 'decode', codec: 'h264', config: configOf(tracks[0]) } as const
    const { frames } = ask({ ...order, packets: packets(video, (data) => data) })
    assert.equal(frames.length, video.length)
    assert.ok(frames.every(({ widthPx, heightPx, damaged }) => widthPx === 1280 && heightPx === 720 && !damaged))
    assert.ok(new Set(frames.map(({ luma }) => luma)).size > frames.length / 2)
  })

  it('repeats no parameter sets it has given in the record', async () => {
    const { keyframes } = await published()
    for (const { data } of keyframes) {
      const bytes = Buffer.from(lengthPrefixedToAnnexB(data))
      assert.equal(bytes.includes(Buffer.of(0, 0, 0, 1, 0x67)), false)
    }
  })

  it('is AAC that FFmpeg decodes', async () => {
    const { audio, tracks } = await published()
    const order = { what: 'decode', codec: 'aac', config: configOf(tracks[1]) } as const
    const { frames } = ask({ ...order, packets: packets(audio, (data) => data) })
    assert.equal(frames.length, audio.length)
  })

  it('goes on in a new publication when its process is killed', async () => {
    const { demo, recorded, next, pid } = makeDemo()
    const opened = next()
    demo.start()
    const before = await opened
    await before.until(() => before.frames.length > 10)
    const opened2 = next()
    process.kill(pid(), 'SIGKILL')
    assert.equal(await before.ended, 'the codec process: ended by SIGKILL')
    const after = await opened2
    await after.until(() => after.keyframes.length > 0 && after.audio.length > 0)
    await demo.close()
    assert.deepEqual(recorded.events('info'), ['demo.started', 'demo.resumed'])
  })

  it('stays away once it is kicked', async () => {
    const { demo, recorded, asked, next } = makeDemo()
    const opened = next()
    demo.start()
    const publication = await opened
    await publication.until(() => publication.frames.length > 0)
    publication.onKick('another publisher took over')
    await demo.close()
    assert.equal(asked.length, 1)
    assert.deepEqual(recorded.events('info'), ['demo.started', 'demo.ended'])
  })

  it('says why it is not let in, and ends without a publication', async () => {
    const refuse = new AccessDeniedError('"live/demo" is already being published', 'name-in-use')
    const { demo, recorded, asked, next } = makeDemo({ refuse })
    const opened = next()
    demo.start()
    await opened
    await new Promise((resolve) => setImmediate(resolve))
    await demo.close()
    assert.equal(asked[0]?.frames.length, 0)
    const refused = recorded.lines.find(({ event }) => event === 'demo.refused')
    assert.equal(refused?.fields.code, 'name-in-use')
  })

  it('tries again when the stream takes no more, and leaves the codec process alone', async () => {
    const { demo, recorded, next, pid } = makeDemo()
    const opened = next()
    demo.start()
    const publication = await opened
    const opened2 = next()
    const before = pid()
    publication.onFrame = () => {
      throw new UnavailableError('log memory', 'every segment is in use')
    }
    await publication.ended
    const again = await opened2
    await again.until(() => again.frames.length > 0)
    assert.equal(pid(), before)
    await demo.close()
    assert.deepEqual(recorded.events('warn'), ['demo.refused'])
  })
})

describe('the demo without codecs', () => {
  it('says once what to install, publishes nothing and ends', async () => {
    using broken = brokenLibrary()
    for (const library of [ABSENT_LIBRARY, broken.library]) {
      const { demo, recorded, asked } = makeDemo({ library })
      const warned = new Promise<void>((resolve) => {
        const push = recorded.lines.push.bind(recorded.lines)
        recorded.lines.push = (...lines) => {
          if (lines.some(({ event }) => event === 'demo.unavailable')) resolve()
          return push(...lines)
        }
      })
      demo.start()
      await warned
      await demo.close()
      const [line, ...others] = recorded.lines.filter(({ level }) => level !== 'debug')
      assert.deepEqual([line?.level, line?.event, others], ['warn', 'demo.unavailable', []])
      assert.match(String(line?.fields.advice), /npm install node-av.*everything else works/)
      assert.equal(asked.length, 0)
    }
  })

  it('can be closed before it is started, twice', async () => {
    const { demo, asked } = makeDemo({ library: ABSENT_LIBRARY })
    await demo.close()
    demo.start()
    await demo.close()
    assert.equal(asked.length, 0)
  })
})
