import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatMediaPlaylist, parseMediaPlaylist } from '../../../../media/formats/hls/index.ts'
import { checkPlaylist } from '../../../../media/formats/hls/testing/check-playlist.ts'
import { standInPlaylist } from './stand-in-playlist.ts'

function playlistOf(name: string, mediaSequence: number, count: number): string {
  const segments = Array.from({ length: count }, (_, at) => ({
    uri: `${name}-${mediaSequence + at}.m4s`,
    durationMs: 1000,
    map: { uri: `${name}-init.m4s` },
    programDateTimeMs: (mediaSequence + at) * 1000,
  }))
  const facts = { targetDurationSeconds: 1, mediaSequence, independentSegments: true, segments }
  return formatMediaPlaylist({ ...facts, type: 'live', isEnded: name === 'own' })
}

test('what was listed keeps its number and its address, and the source goes on behind a discontinuity', () => {
  const standIn = (source: string) =>
    standInPlaylist({ own: playlistOf('own', 3, 4), source, prefix: '../x/', windowSegments: 5 })
  const list = standIn(playlistOf('source', 2, 7))
  assert.deepEqual(checkPlaylist(list), [])
  const { segments, mediaSequence, isEnded } = parseMediaPlaylist(list)
  assert.deepEqual(
    segments.map(({ uri }, at) => `${mediaSequence + at} ${uri}`),
    ['4 own-4.m4s', '5 own-5.m4s', '6 own-6.m4s', '7 ../x/source-7.m4s', '8 ../x/source-8.m4s'],
  )
  assert.deepEqual(
    segments.map(({ discontinuity, map }) => [discontinuity ?? false, map?.uri]),
    [...Array(3).fill([false, 'own-init.m4s']), [true, '../x/source-init.m4s'], [false, '../x/source-init.m4s']],
  )
  assert.equal(isEnded, false)
  // All of its own has slid out of the window: the discontinuity is counted, the numbers stay those of the source.
  for (const first of [7, 8, 20]) {
    const later = standIn(playlistOf('source', first, 6))
    assert.deepEqual(checkPlaylist(later), [])
    const read = parseMediaPlaylist(later)
    assert.equal(read.discontinuitySequence, 1)
    assert.equal(read.segments[0]?.uri, `../x/source-${read.mediaSequence}.m4s`)
    assert.equal(read.mediaSequence + read.segments.length, first + 6)
  }
})
