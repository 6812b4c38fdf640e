import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseMediaPlaylist } from '../../../media/formats/hls/index.ts'
import type { RecordingDetail, SegmentFact, TrackFact } from '../../../platform/storage/index.ts'
import { vodKeyPlaylist } from './vod-keyframes.ts'

const TRACK: TrackFact = { trackId: 1, kind: 'video', codec: 'h264', codecString: 'avc1.42c00c', clockRateHz: 1000 }

function segment(sequence: number, { isKeyed = true, discontinuity = false } = {}): SegmentFact {
  const startTicks = sequence * 1000
  const keyframes = isKeyed ? [{ ticks: startTicks, offsetBytes: 0, sizeBytes: 10 }] : []
  const facts = { recordingId: 'r', trackId: 1, initId: 0, key: `s${sequence}`, byteLength: 100 }
  return { ...facts, sequence, startTicks, durationTicks: 1000, epochMs: startTicks, discontinuity, keyframes }
}

test('a keyframe lasts until the next, over segments without one, and not over a discontinuity', () => {
  const segments = [
    segment(1),
    segment(2, { isKeyed: false }),
    segment(3),
    segment(4, { isKeyed: false, discontinuity: true }),
  ]
  const facts = { id: 'r', stream: 'live/a', startedMs: 0, endedMs: 1, tracks: [TRACK], inits: [] }
  const recording: RecordingDetail = { ...facts, segments: [...segments, segment(5)] }
  const listed = parseMediaPlaylist(vodKeyPlaylist(recording, TRACK) ?? '').segments
  assert.deepEqual(
    listed.map(({ uri, durationMs }) => [uri, durationMs]),
    [
      ['t1-key1.m4s', 2000],
      ['t1-key3.m4s', 1000],
      ['t1-key5.m4s', 1000],
    ],
  )
})
