import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Frame, Track } from '../../../../media/model/index.ts'
import { audioTrackOf, MESSAGE, type RungOrder, videoTrackOf } from '../../channel/job-messages.ts'
import type { CodecJob, JobSink } from '../../parent/codec-job.ts'
import { CodecProcess } from '../../parent/codec-process.ts'
import { NO_CODECS } from '../../testing/av-orders.ts'
import { RecordedLog } from '../../testing/recorded-log.ts'

const SMALL = { widthPx: 96, heightPx: 54, bitrateKbps: 100, gopMs: 0, preset: 'ultrafast' }
/** The source of the test: pictures out of order, keyframes half a second apart. */
const SOURCE: RungOrder = {
  slot: 0,
  video: { ...SMALL, codec: 'h264', gopMs: 500, bFrames: 2 },
  audio: { codec: 'copy' },
}
const RUNNING: RungOrder = { slot: 0, video: { ...SMALL, codec: 'h264', bFrames: 0 }, audio: { codec: 'copy' } }
const LED: RungOrder = {
  slot: 1,
  isLed: true,
  video: { ...SMALL, codec: 'h264', bFrames: 0 },
  audio: { codec: 'opus' },
}
const SOUND_ONLY: RungOrder = { slot: 0, audio: { codec: 'copy' } }

type Media = { readonly tracks: Map<number, Track>; readonly frames: Frame[]; decodedCount: number }

/** A job that gathers what it gives; `work` is done when it has started, `onFrame` with each frame. */
function gather(
  codec: CodecProcess,
  request: 'demo' | 'ladder',
  work: (job: CodecJob) => void,
  onFrame: (job: CodecJob, media: Media) => void = () => {},
) {
  const { promise, resolve, reject } = Promise.withResolvers<Media>()
  const media: Media = { tracks: new Map(), frames: [], decodedCount: 0 }
  const sink: JobSink = {
    onStarted: () => queueMicrotask(() => work(job)),
    onTrack: (track) => media.tracks.set(track.id, track),
    onFrame: (frame) => {
      media.frames.push(frame)
      if (request === 'demo' && media.frames.length === 240) job.cancel()
      onFrame(job, media)
    },
    onProgress: ({ decoded }) => {
      media.decodedCount = decoded
    },
    onRungFailed: (_, problem) => reject(new Error(problem)),
    onEnd: (end) => (['done', 'cancelled'].includes(end.outcome) ? resolve(media) : reject(end)),
  }
  const job = codec.run({ request: { kind: request } }, sink)
  return promise
}
function sendTracks(job: CodecJob, { tracks }: Media): void {
  for (const { config, ...track } of tracks.values()) job.send(MESSAGE.inputTrack, { track }, Uint8Array.from(config))
}
function sendFrames(job: CodecJob, type: number, frames: readonly Frame[], more: object = {}): void {
  for (const { data, ...header } of frames) job.send(type, { ...more, ...header }, data)
}
async function makeSource(codec: CodecProcess): Promise<Media> {
  const demo = await gather(codec, 'demo', () => {})
  return await gather(codec, 'ladder', (job) => {
    sendTracks(job, demo)
    job.send(MESSAGE.rungs, { rungs: [SOURCE] })
    sendFrames(job, MESSAGE.inputFrame, demo.frames)
    job.send(MESSAGE.finish, {})
  })
}

/** What becomes of `source` where the second rung is led when the first has had two thirds of it. */
async function give(codec: CodecProcess, source: Media, running: RungOrder): Promise<Media> {
  const at = Math.floor((source.frames.length * 2) / 3)
  const before = source.frames.slice(0, at)
  const ledCount = before.filter(({ trackId }) => trackId === videoTrackOf(0)).length
  let next = at
  const begin = (job: CodecJob) => {
    sendTracks(job, source)
    job.send(MESSAGE.rungs, { rungs: [running] })
    sendFrames(job, MESSAGE.inputFrame, before)
    job.send(MESSAGE.rungs, { rungs: [running, LED] })
    sendFrames(job, MESSAGE.leadFrame, before, { slot: LED.slot })
  }
  // When the led rung has come so far, one picture after the other up to a keyframe, then all that is left.
  const goOn = (job: CodecJob, media: Media) => {
    if (next === source.frames.length || timesOf(media, videoTrackOf(1)).length < ledCount - 2) return
    const isPicture = ({ trackId }: Frame) => trackId === videoTrackOf(0)
    const picture = source.frames.findIndex((frame, i) => i >= next && isPicture(frame))
    const end = source.frames[picture]?.isKey === false ? picture + 1 : source.frames.length
    sendFrames(job, MESSAGE.inputFrame, source.frames.slice(next, end))
    next = end
    if (end === source.frames.length) job.send(MESSAGE.finish, {})
  }
  return await gather(codec, 'ladder', begin, goOn)
}
function timesOf({ frames }: Media, trackId: number): number[] {
  return frames.filter((frame) => frame.trackId === trackId).map(({ ptsTicks }) => ptsTicks)
}
const sorted = (times: readonly number[]) => times.toSorted((a, b) => a - b)

describe('RungLead', { skip: NO_CODECS }, () => {
  it('gives a rung all that came before it once, and is no part of it behind a keyframe', async () => {
    await using codec = new CodecProcess({ log: new RecordedLog().log, purpose: 'test' })
    const source = await makeSource(codec)
    const shown = sorted(timesOf(source, videoTrackOf(0)))
    assert.notDeepEqual(shown, timesOf(source, videoTrackOf(0)), 'the source has pictures out of order')
    for (const running of [RUNNING, SOUND_ONLY]) {
      const given = await give(codec, source, running)
      assert.deepEqual(timesOf(given, videoTrackOf(1)), shown)
      const sounds = timesOf(given, audioTrackOf(1))
      const steps = new Set(sounds.slice(1).map((time, i) => time - (sounds[i] ?? 0)))
      assert.deepEqual([...steps], [960], 'packets of Opus of 20 ms follow each other')
      const heard = timesOf(source, audioTrackOf(0))
      assert.ok((sounds[0] ?? 0) <= (heard[0] ?? 0) + 960)
      assert.ok((sounds.at(-1) ?? 0) >= (heard.at(-1) ?? 0) - 2 * 960)
      // The ladder itself has decoded no more than what is behind the keyframe, where nothing else needs it.
      if (running === SOUND_ONLY) assert.ok(given.decodedCount > 0 && given.decodedCount < shown.length / 2)
    }
  })
})
