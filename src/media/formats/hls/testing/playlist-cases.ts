import type { HlsMediaPlaylist } from '../playlist.ts'

type PlaylistCase = { readonly name: string; readonly playlist: HlsMediaPlaylist; readonly text: string }

const MAP = { uri: 'init-1.mp4' }

/** Playlists with the very text they are written as, and read from. */
export const PLAYLIST_CASES: readonly PlaylistCase[] = [
  {
    name: 'a live window with a date, a new init and a discontinuity',
    playlist: {
      type: 'live',
      targetDurationSeconds: 2,
      mediaSequence: 41,
      discontinuitySequence: 3,
      independentSegments: true,
      isEnded: false,
      segments: [
        { uri: '41.m4s', durationMs: 2000, map: MAP, programDateTimeMs: Date.UTC(2026, 10, 22, 15, 0, 0, 250) },
        { uri: '42.m4s', durationMs: 1998.4, map: MAP },
        { uri: '43.m4s', durationMs: 2001.33, map: { uri: 'init-2.mp4' }, discontinuity: true },
      ],
    },
    text: `#EXTM3U
#EXT-X-VERSION:6
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-TARGETDURATION:2
#EXT-X-MEDIA-SEQUENCE:41
#EXT-X-DISCONTINUITY-SEQUENCE:3
#EXT-X-MAP:URI="init-1.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-11-22T15:00:00.250Z
#EXTINF:2.00000,
41.m4s
#EXTINF:1.99840,
42.m4s
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="init-2.mp4"
#EXTINF:2.00133,
43.m4s
`,
  },
  {
    name: 'a recording in byte ranges of one file',
    playlist: {
      type: 'vod',
      targetDurationSeconds: 6,
      mediaSequence: 0,
      independentSegments: false,
      isEnded: true,
      segments: [
        {
          uri: 'all.mp4',
          durationMs: 6499,
          map: { uri: 'all.mp4', byteRange: { offsetBytes: 0, lengthBytes: 800 } },
          byteRange: { offsetBytes: 800, lengthBytes: 5000 },
        },
        {
          uri: 'all.mp4',
          durationMs: 1000,
          map: { uri: 'all.mp4', byteRange: { offsetBytes: 0, lengthBytes: 800 } },
          byteRange: { offsetBytes: 5800, lengthBytes: 900 },
          gap: true,
        },
      ],
    },
    text: `#EXTM3U
#EXT-X-VERSION:6
#EXT-X-TARGETDURATION:6
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-MAP:URI="all.mp4",BYTERANGE="800@0"
#EXTINF:6.49900,
#EXT-X-BYTERANGE:5000@800
all.mp4
#EXT-X-GAP
#EXTINF:1.00000,
#EXT-X-BYTERANGE:900@5800
all.mp4
#EXT-X-ENDLIST
`,
  },
  {
    name: 'an event that has just started',
    playlist: {
      type: 'event',
      targetDurationSeconds: 4,
      mediaSequence: 0,
      independentSegments: true,
      isEnded: false,
      segments: [],
    },
    text: `#EXTM3U
#EXT-X-VERSION:3
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-TARGETDURATION:4
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-PLAYLIST-TYPE:EVENT
`,
  },
]
