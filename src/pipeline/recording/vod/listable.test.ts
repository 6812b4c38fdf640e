import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RecordingDetail, SegmentFact, TrackFact } from '../../../platform/storage/index.ts'
import { listable, notListable } from './listable.ts'

const VIDEO: TrackFact = { trackId: 1, kind: 'video', codec: 'h264', codecString: 'avc1.64001f', clockRateHz: 90_000 }
const G711: TrackFact = { trackId: 2, kind: 'audio', codec: 'pcma', codecString: 'alaw', clockRateHz: 8000 }
const AAC: TrackFact = { trackId: 2, kind: 'audio', codec: 'aac', codecString: 'mp4a.40.2', clockRateHz: 48_000 }

/** A recording with a segment of each of these; what a track was is in its initialization segment. */
function recorded(tracks: readonly TrackFact[], made: readonly TrackFact[]): RecordingDetail {
  const inits = made.map((track, initId) => ({ recordingId: 'r', trackId: track.trackId, initId, key: '', track }))
  const segments = inits.map(({ trackId, initId }): SegmentFact => {
    const place = { recordingId: 'r', trackId, sequence: initId, initId, key: '', startTicks: 0, durationTicks: 1 }
    return { ...place, discontinuity: false, byteLength: 1, epochMs: 0, keyframes: [] }
  })
  return { id: 'r', stream: 'live/a', startedMs: 0, endedMs: 1, tracks, inits, segments }
}
const listed = (detail: RecordingDetail) => {
  const { tracks, segments } = listable(detail) ?? {}
  return { codecs: tracks?.map(({ codec }) => codec), segments: segments?.map(({ sequence }) => sequence) }
}

test('a recording without G.711 is listed as it is', () => {
  const detail = recorded([VIDEO, AAC], [VIDEO, AAC])
  assert.equal(listable(detail), detail)
})

test('G.711 is left out of the lists, and listed where the track was something else', () => {
  assert.deepEqual(listed(recorded([VIDEO, G711], [VIDEO, G711])), { codecs: ['h264'], segments: [0] })
  assert.deepEqual(listed(recorded([VIDEO, G711], [VIDEO, AAC, G711])), { codecs: ['h264', 'aac'], segments: [0, 1] })
  assert.deepEqual(listed(recorded([VIDEO, AAC], [VIDEO, G711, AAC])), { codecs: ['h264', 'aac'], segments: [0, 2] })
})

test('where there is nothing else, what is missing is said, and where it is', () => {
  const detail = recorded([G711], [G711])
  assert.equal(listable(detail), undefined)
  assert.equal(notListable(detail).message, 'HLS and DASH cannot carry G.711 A-law; /vod/r.mp4 has it')
})
