import assert from 'node:assert/strict'
import { it } from 'node:test'
import { checkPlaylist } from '../../../media/formats/hls/testing/check-playlist.ts'
import type { RecordingDetail } from '../../../platform/storage/index.ts'
import { rangeTrackPlaylist, vodMultivariantPlaylist, vodTrackPlaylist } from './vod-playlists.ts'

const VIDEO = { trackId: 1, kind: 'video', codec: 'h264', codecString: 'avc1.42c00c', clockRateHz: 1000 } as const
const AUDIO = { trackId: 2, kind: 'audio', codec: 'aac', codecString: 'mp4a.40.2', clockRateHz: 1000 } as const

/** One second each; those named in `keyed` start with a keyframe. */
function recordingOf(keyed: readonly number[]): RecordingDetail {
  const segments = [0, 1, 2].flatMap((sequence) =>
    [VIDEO, AUDIO].map(({ trackId }) => ({
      ...{ recordingId: 'r', trackId, sequence, initId: 0, discontinuity: false, byteLength: 1000, targetSeconds: 1 },
      ...{ startTicks: sequence * 1000, durationTicks: 1000, epochMs: sequence * 1000, key: `${trackId} ${sequence}` },
      keyframes:
        trackId === 1 && keyed.includes(sequence) ? [{ ticks: sequence * 1000, offsetBytes: 0, sizeBytes: 9 }] : [],
    })),
  )
  return {
    ...{ id: 'r', stream: 'live/a', startedMs: 0, endedMs: 3000, tracks: [VIDEO, AUDIO], inits: [], segments },
  } as unknown as RecordingDetail
}

for (const [keyed, isClaimed] of [
  [[0, 1, 2], true],
  [[0, 2], false],
] as const) {
  it(`the lists of a recording ${isClaimed ? 'say' : 'do not say'} that segments are independent, with keyframes at ${keyed}`, () => {
    const recording = recordingOf(keyed)
    const lists = [
      vodMultivariantPlaylist(recording, { tiles: undefined }),
      vodTrackPlaylist(recording, VIDEO),
      rangeTrackPlaylist([recording], 1, ''),
    ]
    for (const list of lists) {
      assert.deepEqual(checkPlaylist(list), [])
      assert.equal(list.includes('#EXT-X-INDEPENDENT-SEGMENTS'), isClaimed, list)
    }
    assert.ok(vodTrackPlaylist(recording, AUDIO).includes('#EXT-X-INDEPENDENT-SEGMENTS'))
  })
}
