import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { audioTrack } from '../../../../media/codecs/index.ts'
import { type AudioTrack, type Frame, type Track, ticks } from '../../../../media/model/index.ts'
import { MESSAGE, type RungOrder } from '../../channel/job-messages.ts'
import type { CodecJob } from '../../parent/codec-job.ts'
import { CodecProcess } from '../../parent/codec-process.ts'
import { NO_CODECS } from '../../testing/av-orders.ts'
import { RecordedLog } from '../../testing/recorded-log.ts'

const G711 = audioTrack(1, 'pcmu', new Uint8Array(0), { sampleRateHz: 8000, channelCount: 1 })
/** Twenty milliseconds. */
const G711_SAMPLES = 160
const SOUNDS_PER_SECOND = 50
/** The rung becomes a copy while the source is AAC; the watch and the other rung decode all the same. */
const RUNGS: readonly RungOrder[] = [
  { slot: 0, audio: { codec: 'aac' } },
  { slot: 1, audio: { codec: 'aac', bitrateKbps: 32 } },
]
const SOUND_ID = 2

type Sound = { readonly track: AudioTrack; readonly frames: readonly Frame[] }

/** The first frames of AAC of the demo picture. */
function demoSound(codec: CodecProcess, count: number): Promise<Sound> {
  const { promise, resolve, reject } = Promise.withResolvers<Sound>()
  let track: Track | undefined
  const frames: Frame[] = []
  const sink = {
    onTrack: (each: Track) => {
      if (each.kind === 'audio') track = each
    },
    onFrame: (frame: Frame) => {
      if (track?.kind !== 'audio' || frame.trackId !== track.id) return
      frames.push(frame)
      if (frames.length < count) return
      resolve({ track, frames })
      job.cancel()
    },
    onEnd: reject,
  }
  const job = codec.run({ request: { kind: 'demo' } }, sink)
  return promise
}
function g711Sound(seconds: number): Sound {
  const frames = Array.from({ length: seconds * SOUNDS_PER_SECOND }, (_, at): Frame => {
    const time = ticks(at * G711_SAMPLES)
    const data = Uint8Array.from({ length: G711_SAMPLES }, (_, i) => (i * 7 + at) % 256)
    return { trackId: 1, ptsTicks: time, dtsTicks: time, durationTicks: ticks(G711_SAMPLES), isKey: true, data }
  })
  return { track: G711, frames }
}

/** Sounds of one source track, each where the one before it ends. */
function feed(job: CodecJob, sounds: readonly Sound[]): void {
  let startSeconds = 0
  for (const { track, frames } of sounds) {
    const { config, ...rest } = track
    job.send(MESSAGE.inputTrack, { track: { ...rest, id: 1 } }, Uint8Array.from(config))
    const first = frames[0]?.ptsTicks ?? 0
    const start = Math.round(startSeconds * track.clockRateHz)
    const at = (time: number) => start + time - first
    for (const { data, ...frame } of frames) {
      const times = { ptsTicks: at(frame.ptsTicks), dtsTicks: at(frame.ptsTicks) }
      job.send(MESSAGE.inputFrame, { ...frame, trackId: 1, ...times }, data)
    }
    const last = frames.at(-1)
    startSeconds = at((last?.ptsTicks ?? 0) + (last?.durationTicks ?? 0)) / track.clockRateHz
  }
  job.send(MESSAGE.finish, {})
}

type Given = { readonly track: AudioTrack; readonly startSeconds: number; readonly frame: Frame }

/** What the first rung gives of those sounds. */
function give(codec: CodecProcess, sounds: readonly Sound[]): Promise<Given[]> {
  const { promise, resolve, reject } = Promise.withResolvers<Given[]>()
  const given: Given[] = []
  let track: Track | undefined
  const job = codec.run(
    { request: { kind: 'ladder' } },
    {
      onStarted: () => {
        job.send(MESSAGE.rungs, { rungs: RUNGS })
        feed(job, sounds)
      },
      onTrack: (each) => {
        if (each.id === SOUND_ID) track = each
      },
      onFrame: (frame) => {
        if (frame.trackId !== SOUND_ID || track?.kind !== 'audio') return
        given.push({ track, startSeconds: frame.ptsTicks / track.clockRateHz, frame })
      },
      onEnd: (end) => (end.outcome === 'done' ? resolve(given) : reject(end)),
    },
  )
  return promise
}
const key = ({ data }: Frame) => Buffer.from(data).toString('base64')

describe('LadderAudio', { skip: NO_CODECS }, () => {
  it('gives a rung its sound once, also where it is passed on from a point on, and encoded again later', async () => {
    await using codec = new CodecProcess({ log: new RecordedLog().log, purpose: 'test' })
    const aac = await demoSound(codec, 50)
    const given = await give(codec, [g711Sound(2), aac, g711Sound(2)])
    const steps = given.slice(1).map(({ startSeconds }, at) => startSeconds - (given[at]?.startSeconds ?? 0))
    for (const [at, step] of steps.entries()) assert.ok(step > 0.002 && step < 0.2, `${step} s before ${at + 1}`)

    const passed = new Set(aac.frames.map(key))
    const runs: { isPassed: boolean; rateHz: number; count: number }[] = []
    for (const { frame, track } of given) {
      const isPassed = passed.has(key(frame))
      const last = runs.at(-1)
      if (last?.isPassed === isPassed) last.count++
      else runs.push({ isPassed, rateHz: track.clockRateHz, count: 1 })
    }
    assert.deepEqual(
      runs.map(({ isPassed, rateHz }) => [isPassed, rateHz]),
      [
        [false, 8000],
        [true, aac.track.clockRateHz],
        [false, 8000],
      ],
    )
    assert.equal(runs[1]?.count, aac.frames.length, 'all of it, bit by bit')
  })
})
