import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRecording } from '../../web/src/api/recording-info.ts'
import { parseStream } from '../../web/src/api/stream-info.ts'
import {
  formatBitrate,
  formatBytes,
  formatClock,
  formatCount,
  formatFrameRate,
  formatUptime,
  hueOf,
  initialsOf,
} from '../../web/src/format.ts'

type Case<T> = readonly [input: T, text: string]

const NUMBERS: readonly (readonly [format: (value: number) => string, cases: readonly Case<number>[]])[] = [
  [
    formatBitrate,
    [
      [0, '0 kbit/s'],
      [300, '1 kbit/s'],
      [124_367, '124 kbit/s'],
      [999_499, '999 kbit/s'],
      [999_500, '1.0 Mbit/s'],
      [2_647_534, '2.6 Mbit/s'],
      [99_950_000, '100 Mbit/s'],
    ],
  ],
  [
    formatBytes,
    [
      [-1, '0 B'],
      [999, '999 B'],
      [1000, '1.0 kB'],
      [260e6, '260 MB'],
      [24e9, '24.0 GB'],
      [5e18, '5000 PB'],
    ],
  ],
  [
    formatClock,
    [
      [0, '0:00'],
      [7.9, '0:07'],
      [754, '12:34'],
      [3723, '1:02:03'],
    ],
  ],
  [
    formatUptime,
    [
      [-1, '0 s'],
      [59.9, '59 s'],
      [60, '1 min'],
      [3600, '1 h'],
      [11_520, '3 h 12 min'],
      [187_200, '2 d 4 h'],
    ],
  ],
  [
    formatFrameRate,
    [
      [30, '30'],
      [29.97003, '29.97'],
      [59.94, '59.94'],
    ],
  ],
]

for (const [format, cases] of NUMBERS) {
  test(format.name, () => {
    for (const [input, text] of cases) assert.equal(format(input), text)
  })
}

test('formatCount', () => {
  assert.equal(formatCount(1, 'viewer'), '1 viewer')
  assert.equal(formatCount(1284, 'viewer'), '1,284 viewers')
})

test('a stream has letters and a colour of its own', () => {
  const names: readonly Case<string>[] = [
    ['live/demo', 'DE'],
    ['live/north-gate', 'NG'],
    ['a', 'A'],
    ['live/...', '?'],
  ]
  for (const [name, letters] of names) assert.equal(initialsOf(name), letters)
  assert.equal(hueOf('live/demo'), hueOf('live/demo'))
  assert.notEqual(hueOf('live/demo'), hueOf('live/demo2'))
})

test('an answer with fields missing or wrong is read as far as it goes', () => {
  for (const value of [undefined, null, 1, 'x', [], {}, { name: 7 }]) assert.equal(parseStream(value), undefined)
  for (const value of [undefined, null, [], { stream: 'a' }]) assert.equal(parseRecording(value), undefined)
  const stream = parseStream({ name: 'a', startedAt: 'never', tracks: [{ kind: 'video', bitsPerSecond: 5 }, {}, null] })
  assert.equal(stream?.state, 'live')
  assert.equal(stream?.startedEpochMs, undefined)
  assert.equal(stream?.publisher, undefined)
  assert.equal(stream?.tracks.length, 1)
  assert.equal(stream?.bitsPerSecond, 5)
  assert.deepEqual(stream?.viewers, { total: 0, byProtocol: {} })
  assert.equal(parseRecording({ id: 'r1' })?.hlsUrl, '/vod/r1/index.m3u8')
})

test('viewers are counted by protocol', () => {
  const viewers = { total: 3, byProtocol: { hls: 2, 'ws-flv': 1, bad: 'x' } }
  assert.deepEqual(parseStream({ name: 'a', viewers })?.viewers, { total: 3, byProtocol: { hls: 2, 'ws-flv': 1 } })
})
