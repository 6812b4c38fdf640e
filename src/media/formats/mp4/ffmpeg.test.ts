import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AUDIO_CODECS, VIDEO_CODECS } from '../../model/index.ts'
import { Fmp4Muxer } from './muxer.ts'
import { readInitSegment } from './read-movie.ts'
import { clipMissing, loadClip } from './testing/clips.ts'
import { collectSegments } from './testing/collect-segments.ts'
import { assertSamePackets } from './testing/compare.ts'
import { readBytesWithFfmpeg } from './testing/ffmpeg.ts'
import { makeClip, NO_MADE_CLIPS } from './testing/made-clips.ts'

const CLIPS = ['h264-aac-1080p25-bframes.mp4', 'h265-aac-1080p30.mp4', 'h264-variable-frame-rate.mp4']

describe('FFmpeg reads back what is written', () => {
  for (const name of CLIPS) {
    it(`Fmp4Muxer: one fragment per frame of ${name}`, { skip: clipMissing(name) }, () => {
      const { tracks, frames } = loadClip(name)
      const muxer = new Fmp4Muxer()
      assert.deepEqual(muxer.setTracks(tracks), [])
      const parts = [muxer.preamble().slice()]
      for (const frame of frames) parts.push(...muxer.frame(frame).map((part) => part.slice()))
      assertSamePackets(readBytesWithFfmpeg(Buffer.concat(parts)), tracks, frames)
    })

    it(`CmafSegmenter: every track of ${name} in a file of its own`, { skip: clipMissing(name) }, () => {
      const { tracks, frames } = loadClip(name)
      const collected = collectSegments(tracks, frames, { targetDurationMs: 1000 })
      for (const track of tracks) {
        const init = collected.inits.find((each) => each.trackId === track.id)
        assert.ok(init)
        const [read] = readInitSegment(init.bytes)
        assert.deepEqual(
          { ...read, config: Buffer.from(read?.config ?? []) },
          { ...track, config: Buffer.from(track.config) },
        )
        const bytes = Buffer.concat([init.bytes, ...collected.of(track.id).map((each) => each.bytes)])
        assertSamePackets(
          readBytesWithFfmpeg(bytes),
          [track],
          frames.filter((frame) => frame.trackId === track.id),
        )
      }
    })

    it(`CmafSegmenter fills in the durations of ${name}`, { skip: clipMissing(name) }, () => {
      const { tracks, frames } = loadClip(name)
      const options = { targetDurationMs: 1000 }
      const without = frames.map((frame) => ({ ...frame, durationTicks: 0 as typeof frame.durationTicks }))
      const filled = collectSegments(tracks, without, options)
      const given = collectSegments(tracks, frames, options)
      for (const track of tracks) {
        const durations = (from: typeof given) => from.of(track.id).map(({ segment }) => segment.durationTicks)
        assert.deepEqual(durations(filled).slice(0, -1), durations(given).slice(0, -1))
      }
    })
  }

  for (const codec of [...VIDEO_CODECS, ...AUDIO_CODECS]) {
    it(`${codec} in fragments`, { skip: NO_MADE_CLIPS }, (t) => {
      const clip = makeClip(codec)
      if (clip === undefined) return t.skip(`this ffmpeg does not encode ${codec}`)
      const { inits, segments } = collectSegments(clip.tracks, clip.frames, {
        targetDurationMs: 200,
        partTargetMs: 100,
      })
      const bytes = Buffer.concat([...inits, ...segments].map((each) => each.bytes))
      assertSamePackets(readBytesWithFfmpeg(bytes), clip.tracks, clip.frames)
    })
  }
})
