import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { Mp4File } from '../../src/app/mp4-file.ts'
import type { AudioCodecId } from '../../src/media/model/index.ts'
import { type CodecProcess, transcodeAsset } from '../../src/pipeline/transcode/index.ts'
import { type Profile, resolveProfile } from '../../src/platform/config/index.ts'
import { skipWithoutNodeAv } from './support/av.ts'
import type { DecodedSound, MadeTrack } from './support/av-messages.ts'
import { codecStage } from './support/codec-stage.ts'

const VIDEO_TARGETS = ['h264', 'h265', 'vp8', 'vp9', 'av1'] as const
const RATED_TARGETS = ['aac', 'opus', 'mp3'] as const
const AUDIO_TARGETS = [...RATED_TARGETS, 'pcma', 'pcmu'] as const
const AUDIO_SOURCES: Readonly<Partial<Record<AudioCodecId, MadeTrack>>> = {
  aac: { encoder: 'aac', sampleRateHz: 44_100 },
  opus: { encoder: 'libopus', sampleRateHz: 48_000 },
  mp3: { encoder: 'libmp3lame', sampleRateHz: 44_100 },
  ac3: { encoder: 'ac3', sampleRateHz: 48_000 },
  eac3: { encoder: 'eac3', sampleRateHz: 48_000 },
  flac: { encoder: 'flac', sampleRateHz: 44_100 },
  pcma: { encoder: 'pcm_alaw', sampleRateHz: 8000, channels: 1 },
  pcmu: { encoder: 'pcm_mulaw', sampleRateHz: 8000, channels: 1 },
}

const NO_VIDEO = { codec: 'none' } as const
const NO_AUDIO = { codec: 'none' } as const

describe('sound of every codec, and bit rates', { skip: skipWithoutNodeAv() }, () => {
  const stage = codecStage('pairs')
  const { folder, codec } = stage

  for (const [name, track] of Object.entries(AUDIO_SOURCES)) {
    test(`sound of ${name}: pitch, loudness and length stay, and when each tone sets in`, async () => {
      const source = join(folder, `${name}.mka`)
      await stage.av.call('make', { path: source, seconds: 3, tracks: [{ ...track, beeps: true }] })
      const before = await stage.av.call('hear', { path: source })
      for (const target of AUDIO_TARGETS) {
        const profile = profileOf(target, { video: NO_VIDEO, audio: { codec: target, bitrateKbps: 96 } })
        const result = join(folder, `${name}-${target}.mp4`)
        const file = new Mp4File(result)
        await transcodeAsset({ codec, path: source, profiles: [profile] }, file)
        await file.close()
        assertSameSound(await stage.av.call('hear', { path: result }), before, `${name} → ${target}`)
      }
    })
  }

  test('the mean bit rate over 30 s is within 10 % of what is ordered, whatever the codec', async () => {
    const source = join(folder, 'rate.mkv')
    const tracks = [
      { encoder: 'libx264', options: { preset: 'ultrafast', g: '50', crf: '18' } },
      { encoder: 'flac', sampleRateHz: 48_000, noise: true },
    ]
    await stage.av.call('make', { path: source, seconds: 30, tracks })
    const videos = VIDEO_TARGETS.map((target) =>
      profileOf(target, { video: { codec: target, size: '160x90', bitrateKbps: 150 }, audio: NO_AUDIO }),
    )
    const kbps = await measuredKbps(codec, source, videos)
    for (const [at, target] of VIDEO_TARGETS.entries()) assertRate(target, kbps[at] ?? 0, 150)
    for (const target of RATED_TARGETS) {
      const profile = profileOf(target, { video: NO_VIDEO, audio: { codec: target, bitrateKbps: 96 } })
      const [audioKbps = 0] = await measuredKbps(codec, source, [profile])
      assertRate(target, audioKbps, 96)
    }
  })
})

function profileOf(name: string, settings: Parameters<typeof resolveProfile>[0][string]): Profile {
  return resolveProfile({ [name]: settings }, name)
}

/** By track, in the order of the profiles. */
async function measuredKbps(codec: CodecProcess, source: string, profiles: readonly Profile[]): Promise<number[]> {
  const bytes = new Map<number, number>()
  let [first, last] = [Number.POSITIVE_INFINITY, 0]
  const clocks = new Map<number, number>()
  await transcodeAsset(
    { codec, path: source, profiles },
    {
      onTrack: ({ id, clockRateHz }) => clocks.set(id, clockRateHz),
      onFrame: ({ trackId, ptsTicks, data }) => {
        const seconds = ptsTicks / (clocks.get(trackId) ?? 1)
        first = Math.min(first, seconds)
        last = Math.max(last, seconds)
        bytes.set(trackId, (bytes.get(trackId) ?? 0) + data.length)
      },
    },
  )
  assert.ok(last - first > 29.5, `${last - first} s`)
  const ids = [...bytes.keys()].sort((a, b) => a - b)
  return ids.map((id) => ((bytes.get(id) ?? 0) * 8) / 1000 / (last - first))
}

function assertRate(name: string, kbps: number, orderedKbps: number): void {
  assert.ok(Math.abs(kbps / orderedKbps - 1) < 0.1, `${name}: ${kbps.toFixed(1)} kbit/s of ${orderedKbps}`)
}

function assertSameSound(sound: DecodedSound, source: DecodedSound, name: string): void {
  assert.ok(Math.abs(sound.frequencyHz / source.frequencyHz - 1) < 0.05, `${name}: ${sound.frequencyHz} Hz`)
  assert.ok(Math.abs(20 * Math.log10(sound.rms / source.rms)) < 1, `${name}: level ${sound.rms} of ${source.rms}`)
  // A decoder gives whole frames, and leaves out what its first one lacks.
  assert.ok(Math.abs(sound.seconds - source.seconds) < 0.15, `${name}: ${sound.seconds} s of ${source.seconds}`)
  assert.equal(sound.onsets.length, source.onsets.length, name)
  for (const [at, onset] of sound.onsets.entries()) {
    const offsetMs = (onset - (source.onsets[at] ?? 0)) * 1000
    assert.ok(Math.abs(offsetMs) < 10, `${name}: tone ${at} is ${offsetMs.toFixed(2)} ms off`)
  }
}
