import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { formatMultivariantPlaylist } from './format-multivariant-playlist.ts'
import type { HlsMultivariantPlaylist } from './playlist.ts'
import { checkPlaylist } from './testing/check-playlist.ts'

type Case = { readonly name: string; readonly playlist: HlsMultivariantPlaylist; readonly text: string }

const CASES: readonly Case[] = [
  {
    name: 'video in two sizes with an audio group',
    playlist: {
      independentSegments: true,
      audio: [
        {
          groupId: 'aac',
          name: 'English "5.1"',
          uri: 'en/index.m3u8',
          language: 'en',
          channelCount: 6,
          isDefault: true,
          autoselect: false,
        },
        { groupId: 'aac', name: 'Deutsch', uri: 'de/index.m3u8', language: 'de', isDefault: false, autoselect: true },
      ],
      variants: [
        {
          uri: 'video.m3u8',
          bandwidthBps: 5_000_000.2,
          averageBandwidthBps: 4_000_000,
          codecs: ['avc1.640028', 'mp4a.40.2', 'mp4a.40.2'],
          resolution: { widthPx: 1920, heightPx: 1080 },
          frameRate: 29.97003,
          audioGroup: 'aac',
        },
        { uri: 'low.m3u8', bandwidthBps: 900_000, codecs: ['avc1.64001f', 'mp4a.40.2'], audioGroup: 'aac' },
      ],
    },
    text: `#EXTM3U
#EXT-X-VERSION:6
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="aac",NAME="English  5.1 ",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="6",URI="en/index.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="aac",NAME="Deutsch",LANGUAGE="de",DEFAULT=NO,AUTOSELECT=YES,URI="de/index.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=5000001,AVERAGE-BANDWIDTH=4000000,CODECS="avc1.640028,mp4a.40.2",RESOLUTION=1920x1080,FRAME-RATE=29.970,AUDIO="aac"
video.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=900000,CODECS="avc1.64001f,mp4a.40.2",AUDIO="aac"
low.m3u8
`,
  },
  {
    name: 'closed captions in the video',
    playlist: {
      independentSegments: true,
      audio: [],
      captions: [
        { groupId: 'cc', name: 'CC1', instreamId: 'CC1', isDefault: true },
        { groupId: 'cc', name: 'SERVICE2', instreamId: 'SERVICE2', isDefault: false },
      ],
      variants: [
        { uri: 'a.m3u8', bandwidthBps: 2000, codecs: ['avc1.64001f'], closedCaptions: { groupId: 'cc' } },
        { uri: 'b.m3u8', bandwidthBps: 1000, codecs: ['avc1.64001f'], closedCaptions: { groupId: 'cc' } },
      ],
    },
    text: `#EXTM3U
#EXT-X-VERSION:6
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="cc",NAME="CC1",DEFAULT=YES,AUTOSELECT=YES,INSTREAM-ID="CC1"
#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="cc",NAME="SERVICE2",DEFAULT=NO,AUTOSELECT=YES,INSTREAM-ID="SERVICE2"
#EXT-X-STREAM-INF:BANDWIDTH=2000,CODECS="avc1.64001f",CLOSED-CAPTIONS="cc"
a.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=1000,CODECS="avc1.64001f",CLOSED-CAPTIONS="cc"
b.m3u8
`,
  },
  {
    name: 'it is known that there are no captions',
    playlist: {
      independentSegments: true,
      audio: [],
      variants: [{ uri: 'a.m3u8', bandwidthBps: 2000, codecs: ['avc1.64001f'], closedCaptions: 'none' }],
    },
    text: `#EXTM3U
#EXT-X-VERSION:6
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-STREAM-INF:BANDWIDTH=2000,CODECS="avc1.64001f",CLOSED-CAPTIONS=NONE
a.m3u8
`,
  },
  {
    name: 'audio alone',
    playlist: {
      independentSegments: true,
      audio: [],
      variants: [{ uri: 'audio.m3u8', bandwidthBps: 128_000, codecs: ['opus'] }],
    },
    text: `#EXTM3U
#EXT-X-VERSION:6
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-STREAM-INF:BANDWIDTH=128000,CODECS="opus"
audio.m3u8
`,
  },
]

describe('a multivariant playlist', () => {
  for (const { name, playlist, text } of CASES) {
    it(`is written and valid: ${name}`, () => {
      assert.equal(formatMultivariantPlaylist(playlist), text)
      assert.deepEqual(checkPlaylist(text), [])
    })
  }

  const [{ text: GOOD } = { text: '' }] = CASES
  const BROKEN = [
    { name: 'a missing bandwidth', text: GOOD.replace('BANDWIDTH=900000,', ''), rule: /BANDWIDTH is missing/ },
    { name: 'an average above the peak', text: GOOD.replace('AGE-BANDWIDTH=4', 'AGE-BANDWIDTH=9'), rule: /AVERAGE/ },
    { name: 'a group that nobody is in', text: GOOD.replaceAll('AUDIO="aac"', 'AUDIO="x"'), rule: /group x/ },
    { name: 'two defaults', text: GOOD.replace('DEFAULT=NO', 'DEFAULT=YES'), rule: /second DEFAULT/ },
    { name: 'a name used twice', text: GOOD.replace('Deutsch', 'English  5.1 '), rule: /twice/ },
    { name: 'no URI behind a variant', text: GOOD.replace('low.m3u8\n', ''), rule: /without a URI/ },
  ]
  for (const { name, text, rule } of BROKEN) {
    it(`checkPlaylist finds ${name}`, () => {
      assert.match(checkPlaylist(text).join('\n'), rule)
    })
  }
})
