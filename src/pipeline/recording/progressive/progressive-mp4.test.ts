import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MillraceError, UnsupportedInputError } from '../../../media/errors.ts'
import { type Clip, clipMissing, loadClip } from '../../../media/formats/mp4/testing/clips.ts'
import { assertSamePackets } from '../../../media/formats/mp4/testing/compare.ts'
import { readBytesWithFfmpeg } from '../../../media/formats/mp4/testing/ffmpeg.ts'
import { type Frame, ticks } from '../../../media/model/index.ts'
import { ProgressiveMp4 } from './progressive-mp4.ts'
import { type MemoryRecording, recordInMemory } from './testing/memory-recording.ts'

const BFRAMES = 'h264-aac-1080p25-bframes.mp4'
const CLIPS = [BFRAMES, 'h265-aac-1080p30.mp4', 'h264-variable-frame-rate.mp4']
const OPTIONS = { targetDurationMs: 1000 }

function recordClip(clip: Clip): MemoryRecording {
  return recordInMemory(OPTIONS, (segmenter) => {
    segmenter.setTracks(clip.tracks)
    for (const frame of clip.frames) segmenter.frame(frame)
  })
}

async function readAll(mp4: ProgressiveMp4, from?: number, to?: number): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of mp4.read(from, to)) pieces.push(piece)
  return Buffer.concat(pieces)
}

function movedBy(clip: Clip, seconds: number): Frame[] {
  const clocks = new Map(clip.tracks.map((track) => [track.id, track.clockRateHz]))
  return clip.frames.map((frame) => {
    const shift = seconds * (clocks.get(frame.trackId) ?? 0)
    return { ...frame, ptsTicks: ticks(frame.ptsTicks + shift), dtsTicks: ticks(frame.dtsTicks + shift) }
  })
}

function startSeconds(clip: Clip): number {
  const clocks = new Map(clip.tracks.map((track) => [track.id, track.clockRateHz]))
  return Math.min(...clip.frames.map((frame) => frame.ptsTicks / (clocks.get(frame.trackId) ?? 1)))
}

describe('ProgressiveMp4', () => {
  for (const name of CLIPS) {
    it(`gives FFmpeg every packet of ${name}, from time zero`, { skip: clipMissing(name) }, async () => {
      const clip = loadClip(name)
      const { segments, source } = recordClip(clip)
      const mp4 = await ProgressiveMp4.open(segments.toReversed(), source)
      const bytes = await readAll(mp4)
      assert.equal(bytes.length, mp4.totalBytes)
      assertSamePackets(readBytesWithFfmpeg(bytes), clip.tracks, clip.frames, -startSeconds(clip))
    })
  }

  it('reads the tables and not the media data to open', { skip: clipMissing(BFRAMES) }, async () => {
    const { segments, source } = recordClip(loadClip(BFRAMES))
    const mp4 = await ProgressiveMp4.open(segments, source)
    assert.ok(source.largestReadBytes <= 4096)
    assert.ok(source.readBytes < mp4.totalBytes / 8, `${source.readBytes} of ${mp4.totalBytes}`)
  })

  it('gives the same bytes for every range', { skip: clipMissing(BFRAMES) }, async () => {
    const { segments, source } = recordClip(loadClip(BFRAMES))
    const mp4 = await ProgressiveMp4.open(segments, source)
    const whole = await readAll(mp4)
    const cuts = [0, 1, 100, 5000, 8191, 100_000, 777_777, whole.length - 1, whole.length]
    for (const from of cuts) {
      for (const to of cuts) {
        assert.ok((await readAll(mp4, from, to)).equals(whole.subarray(from, Math.max(from, to))), `${from}-${to}`)
      }
    }
    assert.equal((await readAll(mp4, whole.length + 5)).length, 0)
  })

  it('keeps tracks in step where audio starts later', { skip: clipMissing(BFRAMES) }, async () => {
    const clip = loadClip(BFRAMES)
    const late = clip.frames.filter((frame) => frame.trackId === 1 || frame.ptsTicks >= 48_000 * 2)
    const { segments, source } = recordClip({ ...clip, frames: late })
    const bytes = await readAll(await ProgressiveMp4.open(segments, source))
    assertSamePackets(readBytesWithFfmpeg(bytes), clip.tracks, late, -1)
  })

  it('joins what lies on both sides of a discontinuity', { skip: clipMissing(BFRAMES) }, async () => {
    const clip = loadClip(BFRAMES)
    const { segments, source } = recordInMemory(OPTIONS, (segmenter) => {
      segmenter.setTracks(clip.tracks)
      for (const frame of clip.frames) segmenter.frame(frame)
      segmenter.discontinuity()
      for (const frame of movedBy(clip, 500)) segmenter.frame(frame)
    })
    const reading = readBytesWithFfmpeg(await readAll(await ProgressiveMp4.open(segments, source)))
    assert.equal(reading.stderr, '')
    assert.equal(reading.packets.length, 2 * clip.frames.length)
    for (const [stream, track] of clip.tracks.entries()) {
      const packets = reading.packets.filter((packet) => packet.stream === stream)
      const half = packets.length / 2
      const steps = packets.slice(0, half).map((packet, index) => (packets[index + half]?.pts ?? 0) - packet.pts)
      assert.equal(new Set(steps).size, 1, 'the second half is the first one, later')
      const seconds = (steps[0] ?? 0) / track.clockRateHz
      assert.ok(Math.abs(seconds - 5.056) < 0.001, `${seconds} s`)
    }
  })

  it('holds several configurations of a track', { skip: clipMissing(BFRAMES) }, async () => {
    const first = loadClip(BFRAMES)
    const second = loadClip('h264-variable-frame-rate.mp4')
    const { segments, source } = recordInMemory(OPTIONS, (segmenter) => {
      segmenter.setTracks(first.tracks)
      for (const frame of first.frames) segmenter.frame(frame)
      segmenter.setTracks(second.tracks)
      for (const frame of movedBy(second, 5)) segmenter.frame(frame)
    })
    const reading = readBytesWithFfmpeg(await readAll(await ProgressiveMp4.open(segments, source)))
    const video = reading.packets.filter((packet) => packet.stream === 0)
    const expected = [...first.frames, ...second.frames].filter((frame) => frame.trackId === 1)
    assert.deepEqual(
      video.map((packet) => packet.data.length),
      expected.map((frame) => frame.data.length),
    )
  })

  it('leaves out the chunk that was cut off by a crash', { skip: clipMissing(BFRAMES) }, async () => {
    const { segments, source } = recordClip(loadClip(BFRAMES))
    const whole = await ProgressiveMp4.open(segments, source)
    const last = segments.findLast((segment) => segment.trackId === 1)
    assert.ok(last)
    const cut = segments.map((segment) =>
      segment === last ? { ...segment, byteLength: segment.byteLength - 10 } : segment,
    )
    const mp4 = await ProgressiveMp4.open(cut, source)
    assert.ok(mp4.totalBytes < whole.totalBytes)
    assert.equal(readBytesWithFfmpeg(await readAll(mp4)).stderr, '')
  })

  it('says what is wrong with a recording that cannot be read', async () => {
    const { segments, source } = recordInMemory(OPTIONS, () => {})
    await assert.rejects(ProgressiveMp4.open(segments, source), UnsupportedInputError)
    source.blobs.set('init', new Uint8Array(20))
    const segment = { key: 'k', trackId: 1, initKey: 'init', sequence: 0, startTicks: 0, durationTicks: 1 }
    const broken = { ...segment, byteLength: 9, discontinuity: false }
    await assert.rejects(ProgressiveMp4.open([broken], source), MillraceError)
  })
})
