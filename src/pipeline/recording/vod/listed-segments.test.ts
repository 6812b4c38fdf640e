import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkMpd } from '../../../media/formats/dash/testing/check-mpd.ts'
import { readMpd } from '../../../media/formats/dash/testing/read-mpd.ts'
import { parseMediaPlaylist } from '../../../media/formats/hls/index.ts'
import { checkPlaylist } from '../../../media/formats/hls/testing/check-playlist.ts'
import type { RecordingDetail, SegmentFact, TrackFact } from '../../../platform/storage/index.ts'
import { findGap } from './listed-segments.ts'
import { vodManifest } from './vod-manifest.ts'
import { rangeTrackPlaylist, vodTrackPlaylist } from './vod-playlists.ts'

const VIDEO: TrackFact = { trackId: 1, kind: 'video', codec: 'h264', codecString: 'avc1.42c00c', clockRateHz: 1000 }
const SMALL: TrackFact = { ...VIDEO, trackId: 3 }
const AUDIO: TrackFact = {
  ...{ trackId: 2, kind: 'audio', codec: 'aac', codecString: 'mp4a.40.2', clockRateHz: 1000 },
  ...{ sampleRateHz: 48_000, channelCount: 2 },
}

function recordingOf(numbers: ReadonlyMap<TrackFact, readonly number[]>, endedMs?: number): RecordingDetail {
  const segments = [...numbers].flatMap(([{ trackId }, sequences]) =>
    sequences.map((sequence): SegmentFact => {
      const facts = { recordingId: 'r', trackId, initId: 0, key: `${trackId} ${sequence}`, byteLength: 100 }
      const startTicks = sequence * 1000
      const keyframes = [{ ticks: startTicks, offsetBytes: 0, sizeBytes: 10 }]
      const times = { startTicks, durationTicks: 1000, epochMs: startTicks, discontinuity: sequence === 20, keyframes }
      return { ...facts, ...times, sequence }
    }),
  )
  const facts = { id: 'r', stream: 'live/a', startedMs: 0, tracks: [...numbers.keys()], inits: [] }
  return { ...facts, segments, endedMs }
}

const HOLED = recordingOf(
  new Map([
    [VIDEO, [10, 11, 12, 13, 14, 20, 21]],
    [AUDIO, [10, 13, 14, 20, 21]],
  ]),
  1,
)

test('a playlist marks gaps, and none where the stream broke off', () => {
  const text = vodTrackPlaylist(HOLED, AUDIO)
  assert.deepEqual(checkPlaylist(text), [])
  const { segments } = parseMediaPlaylist(text)
  assert.deepEqual(
    segments.map(({ uri, gap = false }) => `${uri}${gap ? ' gap' : ''}`),
    ['t2-10.m4s', 't2-11.m4s gap', 't2-12.m4s gap', 't2-13.m4s', 't2-14.m4s', 't2-20.m4s', 't2-21.m4s'],
  )
})

test('the numbers of an MPD are those of the segments, also behind a gap', () => {
  const text = vodManifest([HOLED], { trickMode: true })
  assert.deepEqual(checkMpd(text), [])
  const listed = readMpd(text).periods.flatMap(({ representations }) =>
    representations.flatMap(({ id, segments }) =>
      segments.map(({ uri, startTicks }) => [id, uri, startTicks] as const),
    ),
  )
  const audio = listed.filter(([id]) => id === 't2')
  assert.equal(audio.length, 7)
  for (const [, uri, startTicks] of listed) assert.equal(Number(/(\d+)\.m4s/.exec(uri)?.[1]) * 1000, startTicks, uri)
})

test('the target duration is that of the live stream, however short the segments have been so far', () => {
  const open = recordingOf(new Map([[VIDEO, [1, 2]]]))
  const recording = { ...open, segments: open.segments.map((segment) => ({ ...segment, targetSeconds: 4 })) }
  for (const text of [vodTrackPlaylist(recording, VIDEO), rangeTrackPlaylist([recording], 1, '')])
    assert.equal(parseMediaPlaylist(text).targetDurationSeconds, 4)
})

test('gaps are found by their number, and nothing else is', () => {
  const found = [9, 10, 11, 12, 13, 15, 22].map((sequence) => findGap(HOLED, 2, sequence)?.startTicks)
  assert.deepEqual(found, [undefined, undefined, 11_000, 12_000, undefined, undefined, undefined])
})

test('qualities of one codec are one adaptation set', () => {
  const ladder = recordingOf(new Map([VIDEO, SMALL, AUDIO].map((track) => [track, [1, 2, 3]])), 1)
  const text = vodManifest([ladder], { trickMode: false })
  assert.deepEqual(checkMpd(text), [])
  assert.deepEqual(
    [...text.matchAll(/<AdaptationSet|<Representation id="\w+"/g)].map(([match]) => match.slice(1)),
    ['AdaptationSet', 'Representation id="t1"', 'Representation id="t3"', 'AdaptationSet', 'Representation id="t2"'],
  )
})

test('where the presentation starts does not change while a recording grows', () => {
  const at = (...numbers: number[]) =>
    readMpd(vodManifest([recordingOf(new Map([[VIDEO, numbers]]))], { trickMode: false })).availabilityStartMs
  assert.equal(at(5, 6), 5000)
  assert.equal(at(5, 6, 7, 8), 5000)
  // Nor where a publisher was away: what is new lies at its time.
  assert.equal(at(5, 6, 20, 21), 5000)
  const away = recordingOf(new Map([[VIDEO, [5, 6, 20, 21]]]))
  const starts = (recording: RecordingDetail) =>
    readMpd(vodManifest([recording], { trickMode: false })).periods.map((period) => period.startMs)
  assert.deepEqual(starts(away), [0, 15_000])
  assert.deepEqual(starts({ ...away, endedMs: 22_000 }), [0, 2000])
})
