import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { mutated, randomSource } from '../../codecs/testing/mutate.ts'
import { MalformedInputError, MillraceError } from '../../errors.ts'
import { formatMediaPlaylist } from './format-media-playlist.ts'
import { parseMediaPlaylist } from './parse-media-playlist.ts'
import type { HlsMediaPlaylist, HlsSegment } from './playlist.ts'
import { checkPlaylist } from './testing/check-playlist.ts'
import { FUZZ_TARGETS } from './testing/fuzz-targets.ts'
import { PLAYLIST_CASES } from './testing/playlist-cases.ts'

const SEGMENT = fc.record(
  {
    uri: fc.stringMatching(/^[a-z0-9/_.-]{1,12}$/),
    durationMs: fc.nat(20_000),
    map: fc.record({ uri: fc.constantFrom('a.mp4', 'b.mp4') }, { noNullPrototype: true }),
    discontinuity: fc.constant(true),
    gap: fc.constant(true),
    byteRange: fc.record({ offsetBytes: fc.nat(2 ** 40), lengthBytes: fc.nat(2 ** 31 - 1) }, { noNullPrototype: true }),
  },
  { requiredKeys: ['uri', 'durationMs', 'map'], noNullPrototype: true },
)

function playlistOf(segments: readonly HlsSegment[]): HlsMediaPlaylist {
  return { type: 'live', mediaSequence: 7, independentSegments: true, isEnded: false, segments }
}

describe('a media playlist', () => {
  for (const { name, playlist, text } of PLAYLIST_CASES) {
    it(`is written, read and valid: ${name}`, () => {
      assert.equal(formatMediaPlaylist(playlist), text)
      assert.deepEqual(parseMediaPlaylist(text), playlist)
      assert.deepEqual(parseMediaPlaylist(text.replaceAll('\n', '\r\n')), playlist)
      assert.deepEqual(checkPlaylist(text), [])
    })
  }

  it('is valid and reads back, whatever the segments', () => {
    fc.assert(
      fc.property(fc.array(SEGMENT, { maxLength: 12 }), (segments) => {
        const text = formatMediaPlaylist(playlistOf(segments))
        assert.deepEqual(checkPlaylist(text), [])
        const read = parseMediaPlaylist(text)
        assert.deepEqual(read.segments, segments)
        assert.equal(formatMediaPlaylist(read), text)
      }),
      { numRuns: 300 },
    )
  })

  const DURATIONS = [
    { durations: [1999.9, 2000.1], wanted: 2, target: 2 },
    { durations: [2499], wanted: 2, target: 2 },
    { durations: [2500], wanted: 2, target: 3 },
    { durations: [100], wanted: 6, target: 6 },
    { durations: [100], wanted: undefined, target: 1 },
  ]
  for (const { durations, wanted, target } of DURATIONS) {
    it(`of ${durations.join(' and ')} ms, ${wanted} s wanted, has target duration ${target}`, () => {
      const segments = durations.map((durationMs) => ({ uri: 'a', durationMs }))
      const options = wanted === undefined ? {} : { targetDurationSeconds: wanted }
      const text = formatMediaPlaylist({ ...playlistOf(segments), ...options })
      assert.match(text, new RegExp(`#EXT-X-TARGETDURATION:${target}\n`))
    })
  }

  const MALFORMED = [
    { name: 'without EXTM3U', text: '#EXT-X-TARGETDURATION:2\n' },
    { name: 'without a target duration', text: '#EXTM3U\n' },
    { name: 'with a segment without EXTINF', text: '#EXTM3U\n#EXT-X-TARGETDURATION:2\na.m4s\n' },
    { name: 'with a number that is none', text: '#EXTM3U\n#EXT-X-TARGETDURATION:2s\n' },
    { name: 'with a bad attribute list', text: '#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MAP:URI="a\n' },
    { name: 'with a map without URI', text: '#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MAP:BYTERANGE="1@0"\n' },
    { name: 'with a date that is none', text: '#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-PROGRAM-DATE-TIME:now\n' },
  ]
  for (const { name, text } of MALFORMED) {
    it(`${name} is malformed`, () => {
      assert.throws(() => parseMediaPlaylist(text), MalformedInputError)
    })
  }

  it('continues byte ranges without an offset', () => {
    const text = `#EXTM3U
#EXT-X-TARGETDURATION:2
#EXTINF:1,
#EXT-X-BYTERANGE:10@5
a
#EXTINF:1,
#EXT-X-BYTERANGE:7
a
`
    assert.deepEqual(parseMediaPlaylist(text).segments[1]?.byteRange, { offsetBytes: 15, lengthBytes: 7 })
  })

  it('gives only typed errors for changed and for any text', () => {
    const random = randomSource(7)
    for (const { name, seeds, run } of FUZZ_TARGETS) {
      const onlyTyped = (bytes: Uint8Array): void => {
        try {
          run(bytes)
        } catch (error) {
          if (!(error instanceof MillraceError)) assert.fail(`${name}: ${error} for ${Buffer.from(bytes)}`)
        }
      }
      for (const seed of seeds) for (let round = 0; round < 1000; round++) onlyTyped(mutated(seed, random))
      fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), onlyTyped), { numRuns: 200 })
    }
  })
})

describe('checkPlaylist', () => {
  const GOOD = PLAYLIST_CASES[0]?.text ?? ''
  const BROKEN = [
    {
      name: 'a segment longer than the target',
      text: GOOD.replace('EXTINF:2.00000', 'EXTINF:2.50000'),
      rule: /4\.4\.3\.1/,
    },
    { name: 'a version too low', text: GOOD.replace('VERSION:6', 'VERSION:3'), rule: /MAP needs VERSION 6/ },
    { name: 'a tag twice', text: GOOD.replace('#EXT-X-INDEP', '#EXT-X-VERSION:6\n#EXT-X-INDEP'), rule: /twice/ },
    { name: 'a segment without EXTINF', text: GOOD.replace('#EXTINF:1.99840,\n', ''), rule: /without EXTINF/ },
    { name: 'a date without a zone', text: GOOD.replace('.250Z', '.250'), rule: /4\.4\.4\.6/ },
    { name: 'no line feed at the end', text: GOOD.trimEnd(), rule: /last-line/ },
    { name: 'no EXTM3U', text: GOOD.slice(8), rule: /EXTM3U/ },
    {
      name: 'a recording without an end',
      text: PLAYLIST_CASES[1]?.text.replace('#EXT-X-ENDLIST\n', '') ?? '',
      rule: /ENDLIST/,
    },
  ]
  for (const { name, text, rule } of BROKEN) {
    it(`finds ${name}`, () => {
      assert.match(checkPlaylist(text).join('\n'), rule)
    })
  }
})
