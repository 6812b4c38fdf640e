import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { Mp4File } from '../../src/app/mp4-file.ts'
import { h264NalType } from '../../src/media/codecs/h264/index.ts'
import { splitLengthPrefixed } from '../../src/media/codecs/nal/index.ts'
import type { Frame } from '../../src/media/model/index.ts'
import { type RungOrder, videoTrackOf } from '../../src/pipeline/transcode/channel/job-messages.ts'
import { transcodeAsset } from '../../src/pipeline/transcode/index.ts'
import { rungOrder } from '../../src/pipeline/transcode/ladder/rung-plan.ts'
import { resolveProfile } from '../../src/platform/config/index.ts'
import { skipWithoutNodeAv } from './support/av.ts'
import { codecStage } from './support/codec-stage.ts'

const HARDWARE = ['nvenc', 'qsv', 'vaapi', 'videotoolbox'] as const

describe('what a profile can ask for', { skip: skipWithoutNodeAv() }, () => {
  const stage = codecStage('profiles')
  const { folder, codec } = stage

  /** EBU R 128, of the whole file. */
  const loudnessOf = (path: string): Promise<number | undefined> => {
    const { promise, resolve } = Promise.withResolvers<number | undefined>()
    let lufs: number | undefined
    codec.run(
      { request: { kind: 'asset', path, rungs: [{ slot: 0, isWatch: true }] } },
      {
        onProgress: ({ integratedLufs }) => {
          lufs = integratedLufs ?? lufs
        },
        onEnd: () => resolve(lufs),
      },
    )
    return promise
  }

  const withLoudness = async (source: string, loudnessLufs: number): Promise<string> => {
    const settings = { video: { codec: 'none' }, audio: { codec: 'opus', bitrateKbps: 96, loudnessLufs } } as const
    const result = source.replace('.mka', '.mp4')
    const file = new Mp4File(result)
    await transcodeAsset({ codec, path: source, profiles: [resolveProfile({ loud: settings }, 'loud')] }, file)
    await file.close()
    return result
  }

  test('sound is brought to the loudness that the profile wants, and each tone stays where it was', async () => {
    const flac = { encoder: 'flac', sampleRateHz: 48_000 }
    const noise = join(folder, 'noise.mka')
    await stage.av.call('make', { path: noise, seconds: 15, tracks: [{ ...flac, noise: true }] })
    const before = (await loudnessOf(noise)) ?? Number.NaN
    const after = (await loudnessOf(await withLoudness(noise, -20))) ?? Number.NaN
    assert.ok(before < -26 && Math.abs(after + 20) < 2, `from ${before} LUFS to ${after}`)
    const beeps = join(folder, 'beeps.mka')
    await stage.av.call('make', { path: beeps, seconds: 8, tracks: [{ ...flac, beeps: true }] })
    const loud = await stage.av.call('hear', { path: beeps })
    const quiet = await stage.av.call('hear', { path: await withLoudness(beeps, -20) })
    assert.ok(quiet.rms < loud.rms * 0.8, `${quiet.rms} of ${loud.rms}`)
    assert.equal(quiet.onsets.length, loud.onsets.length)
    for (const [at, onset] of quiet.onsets.entries())
      assert.ok(Math.abs(onset - (loud.onsets[at] ?? 0)) < 0.01, `tone ${at}: ${onset}`)
  })

  /** Frames by track of what a file becomes, and what the operator is told. */
  const framesOf = async (path: string, rungs: readonly RungOrder[]) => {
    const notices: string[] = []
    const frames = new Map<number, number>()
    const { promise, resolve } = Promise.withResolvers<string>()
    codec.run(
      { request: { kind: 'asset', path, rungs } },
      {
        onNotice: (text) => notices.push(text),
        onFrame: ({ trackId }) => frames.set(trackId, (frames.get(trackId) ?? 0) + 1),
        onEnd: ({ outcome }) => resolve(outcome),
      },
    )
    assert.equal(await promise, 'done')
    return { notices, frames: rungs.map(({ slot }) => frames.get(videoTrackOf(slot)) ?? 0) }
  }
  const oneSecond = async (): Promise<string> => {
    const path = join(folder, 'picture.mkv')
    const options = { preset: 'ultrafast', g: '25' }
    await stage.av.call('make', { path, seconds: 1, tracks: [{ encoder: 'libx264', options }] })
    return path
  }

  test('a hardware encoder that is not here is told of, and software encodes', async () => {
    const rungs = HARDWARE.map((encoder, slot) => {
      const profile = resolveProfile({ [encoder]: { video: { size: '160x90', encoder } } }, encoder)
      return rungOrder({ profile, slot, afterTicks: undefined }, false)
    })
    const { notices, frames } = await framesOf(await oneSecond(), rungs)
    assert.deepEqual(frames, [25, 25, 25, 25])
    for (const notice of notices) assert.match(notice, /^(nvenc|qsv|vaapi|videotoolbox): .+; libx264 encodes instead$/)
    // No machine has both.
    assert.ok(notices.some((text) => /^(vaapi|videotoolbox)/.test(text)))
  })

  test('a rung with threads has its pictures in so many slices, and as many pictures', async () => {
    const profiles = [undefined, 3].map((threads) => {
      const video = { size: '320x180', ...(threads === undefined ? {} : { threads }) }
      return resolveProfile({ sliced: { video, audio: { codec: 'none' } } }, 'sliced')
    })
    const slices = new Map<number, number[]>()
    const onFrame = ({ trackId, data }: Frame) => {
      const count = splitLengthPrefixed(data).filter((unit) => [1, 5].includes(h264NalType(unit))).length
      slices.set(trackId, [...(slices.get(trackId) ?? []), count])
    }
    await transcodeAsset({ codec, path: await oneSecond(), profiles }, { onTrack: () => {}, onFrame })
    assert.deepEqual([...slices].sort(), [
      [1, Array.from({ length: 25 }, () => 1)],
      [3, Array.from({ length: 25 }, () => 3)],
    ])
  })

  test('a rung that is shed by half has every second picture, the others have all', async () => {
    const profile = resolveProfile({ small: { video: { size: '160x90' } } }, 'small')
    const rungs = [0, 1].map((slot) => rungOrder({ profile, slot, afterTicks: undefined }, slot === 1))
    const { frames } = await framesOf(await oneSecond(), rungs)
    assert.deepEqual(frames, [25, 13])
  })
})
