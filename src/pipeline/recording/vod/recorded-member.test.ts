import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkMpd } from '../../../media/formats/dash/testing/check-mpd.ts'
import { readMpd } from '../../../media/formats/dash/testing/read-mpd.ts'
import type { RecordingDetail, SegmentFact, TrackFact } from '../../../platform/storage/index.ts'
import { inTimeOf, type RecordedMember } from './recorded-member.ts'
import { vodManifest } from './vod-manifest.ts'

const VIDEO: TrackFact = { trackId: 1, kind: 'video', codec: 'h264', codecString: 'avc1.42c00c', clockRateHz: 1000 }

/** Segments of a second by their numbers, `!` in front of those behind a discontinuity. */
function recordingOf(id: string, numbers: string, startedMs = 0, endedMs = 60_000): RecordingDetail {
  const segments = numbers.split(' ').map((text): SegmentFact => {
    const sequence = Number(text.replace('!', ''))
    const facts = { recordingId: id, trackId: 1, initId: 0, key: text, byteLength: 100, keyframes: [] }
    const times = { startTicks: sequence * 1000, durationTicks: 1000, epochMs: startedMs + sequence * 1000 }
    return { ...facts, ...times, sequence, discontinuity: text.startsWith('!') }
  })
  return { id, stream: id, startedMs, endedMs, tracks: [VIDEO], inits: [], segments }
}
function memberOf(...recordings: [RecordingDetail, ...RecordingDetail[]]): RecordedMember {
  return { prefix: '720p/', recordings, listUri: (file) => file, folderOf: ({ id }) => `../${id}/` }
}
function listed(source: RecordingDetail, member: RecordedMember): string[] {
  const places = { folderOf: () => '', membersOf: (each: RecordingDetail) => inTimeOf(each, member) }
  const text = vodManifest([source], { trickMode: false }, places)
  assert.deepEqual(checkMpd(text), [])
  return readMpd(text).periods.flatMap(({ representations }) =>
    representations
      .filter(({ id }) => id === '720p-t1')
      .map(({ segments }) => segments.map(({ uri, startTicks }) => `${uri}@${startTicks / 1000}`).join(' ')),
  )
}

test('a rung with a break of its own is listed with what goes on for longest, by its own numbers', () => {
  const rung = memberOf(recordingOf('rung', '1 2 3 !5 6 7 8'))
  assert.deepEqual(listed(recordingOf('source', '1 2 3 4 5 6 7 8'), rung), [
    '../rung/t1-5.m4s@5 ../rung/t1-6.m4s@6 ../rung/t1-7.m4s@7 ../rung/t1-8.m4s@8',
  ])
})

test('every period has what the rung has of its time', () => {
  const rung = memberOf(recordingOf('rung', '2 3 !5 6'))
  assert.deepEqual(listed(recordingOf('source', '1 2 3 !5 6 7'), rung), [
    '../rung/t1-2.m4s@2 ../rung/t1-3.m4s@3',
    '../rung/t1-5.m4s@5 ../rung/t1-6.m4s@6',
  ])
})

test('recordings of another time have media times that mean something else', () => {
  const rung = memberOf(recordingOf('before', '1 2 3 4 5', -100_000, -1), recordingOf('rung', '1 2'))
  assert.deepEqual(listed(recordingOf('source', '1 2 3'), rung), ['../rung/t1-1.m4s@1 ../rung/t1-2.m4s@2'])
})
