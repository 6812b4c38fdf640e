import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { Mp4File } from '../../src/app/mp4-file.ts'
import type { AudioCodecId, Frame, MediaSink, Track, VideoCodecId } from '../../src/media/model/index.ts'
import { CodecProcess, transcodeAsset } from '../../src/pipeline/transcode/index.ts'
import { type Profile, resolveProfile } from '../../src/platform/config/index.ts'
import { makeLogger } from '../../src/platform/telemetry/index.ts'
import { Av, skipWithoutNodeAv } from './support/av.ts'
import type { DecodedSound, MadeTrack } from './support/av-messages.ts'

type VideoTarget = { readonly codec: VideoCodecId; readonly leastMeanPsnr: number }

/** In 320×180 at 25 pictures a second and 400 kbit/s, as fast as each encoder goes by itself. */
const VIDEO_TARGETS: readonly VideoTarget[] = [
  { codec: 'h264', leastMeanPsnr: 34 },
  { codec: 'h265', leastMeanPsnr: 33 },
  { codec: 'vp8', leastMeanPsnr: 36 },
  { codec: 'vp9', leastMeanPsnr: 36 },
  { codec: 'av1', leastMeanPsnr: 33 },
]
const KBPS = 400
const REALTIME = { deadline: 'realtime', 'cpu-used': '8', b: '1M' }
const VIDEO_SOURCES: Readonly<Record<VideoCodecId, MadeTrack>> = {
  h264: { encoder: 'libx264', options: { preset: 'ultrafast', bf: '2' } },
  h265: { encoder: 'libx265', options: { preset: 'ultrafast', 'x265-params': 'log-level=error' } },
  vp8: { encoder: 'libvpx', options: REALTIME },
  vp9: { encoder: 'libvpx-vp9', options: REALTIME },
  av1: { encoder: 'libsvtav1', options: { preset: '12' } },
}
const AUDIO_TARGETS = ['aac', 'opus', 'mp3'] as const
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

describe('every codec into every other', { skip: skipWithoutNodeAv() }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-pairs-'))
  const codec = new CodecProcess({ log: makeLogger(() => {}), purpose: 'test' })
  let av: Av
  before(() => {
    av = new Av()
  })
  after(async () => {
    await av[Symbol.asyncDispose]()
    await codec[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true })
  })

  for (const [name, track] of Object.entries(VIDEO_SOURCES)) {
    test(`pictures of ${name}: size, rate and length stay, and what is seen`, async () => {
      const source = join(folder, `${name}.mkv`)
      await av.call('make', { path: source, seconds: 1, tracks: [track] })
      const profiles = VIDEO_TARGETS.map((target) =>
        profileOf(target.codec, {
          video: { codec: target.codec, size: '320x180', bitrateKbps: KBPS },
          audio: NO_AUDIO,
        }),
      )
      const files = await transcode(codec, source, profiles, (id) => join(folder, `${name}-${id}.mp4`))
      assert.equal(files.length, VIDEO_TARGETS.length)
      for (const [at, { codec: target, leastMeanPsnr }] of VIDEO_TARGETS.entries()) {
        const result = files[at] ?? ''
        const { tracks } = await av.call('read', { url: result })
        assert.equal(tracks[0]?.codec, target === 'h265' ? 'hevc' : target)
        const found = await av.call('compare', { source, result })
        const { widthPx, heightPx, pictures, matchedPictures, meanPsnr } = found
        assert.deepEqual(
          { target, widthPx, heightPx, pictures, matchedPictures },
          {
            ...{ target, widthPx: 320, heightPx: 180, pictures: 25, matchedPictures: 25 },
          },
        )
        assert.ok(Math.abs(found.spanSeconds - 24 / 25) < 0.002, `${target}: ${found.spanSeconds} s`)
        assert.ok(meanPsnr > leastMeanPsnr, `${name} → ${target}: ${meanPsnr.toFixed(1)} dB`)
      }
    })
  }

  for (const [name, track] of Object.entries(AUDIO_SOURCES)) {
    test(`sound of ${name}: pitch, loudness and length stay, and when each tone sets in`, async () => {
      const source = join(folder, `${name}.mka`)
      await av.call('make', { path: source, seconds: 3, tracks: [{ ...track, beeps: true }] })
      for (const target of AUDIO_TARGETS) {
        const profile = profileOf(target, { video: NO_VIDEO, audio: { codec: target, bitrateKbps: 96 } })
        const [result = ''] = await transcode(codec, source, [profile], () => join(folder, `${name}-${target}.mp4`))
        const { sound, sourceSound } = await av.call('compare', { source, result })
        assert.ok(sound && sourceSound, `${name} → ${target} has sound`)
        assertSameSound(sound, sourceSound, `${name} → ${target}`)
      }
    })
  }

  test('the mean bit rate over 30 s is within 10 % of what is ordered, whatever the codec', async () => {
    const source = join(folder, 'rate.mkv')
    const tracks = [
      { encoder: 'libx264', options: { preset: 'ultrafast', g: '50', crf: '18' } },
      { encoder: 'flac', sampleRateHz: 48_000, noise: true },
    ]
    await av.call('make', { path: source, seconds: 30, tracks })
    const videos = VIDEO_TARGETS.map(({ codec: target }) =>
      profileOf(target, { video: { codec: target, size: '160x90', bitrateKbps: 150 }, audio: NO_AUDIO }),
    )
    const kbps = await measuredKbps(codec, source, videos)
    for (const [at, { codec: target }] of VIDEO_TARGETS.entries()) assertRate(target, kbps[at] ?? 0, 150)
    for (const target of AUDIO_TARGETS) {
      const profile = profileOf(target, { video: NO_VIDEO, audio: { codec: target, bitrateKbps: 96 } })
      const [audioKbps = 0] = await measuredKbps(codec, source, [profile])
      assertRate(target, audioKbps, 96)
    }
  })
})

function profileOf(name: string, settings: Parameters<typeof resolveProfile>[0][string]): Profile {
  return resolveProfile({ [name]: settings }, name)
}

/** Each track into a file of its own, in the order of the profiles. */
async function transcode(
  codec: CodecProcess,
  source: string,
  profiles: readonly Profile[],
  pathOf: (id: number) => string,
): Promise<string[]> {
  const files = new Map<number, Mp4File>()
  const sink: MediaSink = {
    onTrack: (track: Track) => {
      const file = files.get(track.id) ?? new Mp4File(pathOf(track.id))
      files.set(track.id, file)
      file.onTrack(track)
    },
    onFrame: (frame: Frame) => files.get(frame.trackId)?.onFrame(frame),
  }
  await transcodeAsset({ codec, path: source, profiles }, sink)
  for (const file of files.values()) await file.close()
  return [...files.keys()].sort((a, b) => a - b).map(pathOf)
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
