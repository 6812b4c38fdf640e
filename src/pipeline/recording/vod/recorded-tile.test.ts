import assert from 'node:assert/strict'
import { test } from 'node:test'
import { writeInitSegment } from '../../../media/formats/mp4/index.ts'
import { AccessDeniedError, UnavailableError } from '../../../platform/errors.ts'
import type { BlobStore, RecordingDetail } from '../../../platform/storage/index.ts'
import { recordedTile } from './recorded-tile.ts'

const LAYOUT = { columns: 2, rows: 2, intervalMs: 1000, widthPx: 160 }
const INIT = writeInitSegment([
  {
    id: 1,
    kind: 'video',
    codec: 'h264',
    clockRateHz: 90_000,
    config: Buffer.from('0142c00cffe100196742c00cd901419f9f011000000300100000030320f142a48001000568cb83cb20', 'hex'),
    codecString: 'avc1.42c00c',
    widthPx: 320,
    heightPx: 180,
  },
])

/** Five segments of a second from 10.02 s on, a keyframe of 10 bytes in each. */
const RECORDING: RecordingDetail = {
  id: 'r',
  stream: 'live/a',
  startedMs: 0,
  endedMs: undefined,
  tracks: [
    {
      trackId: 1,
      kind: 'video',
      codec: 'h264',
      codecString: 'avc1.42c00c',
      clockRateHz: 1000,
      widthPx: 320,
      heightPx: 180,
    },
  ],
  inits: [{ recordingId: 'r', trackId: 1, initId: 0, key: 'init' }],
  segments: Array.from({ length: 5 }, (_, at) => ({
    recordingId: 'r',
    trackId: 1,
    sequence: at + 1,
    initId: 0,
    key: `s${at}`,
    startTicks: 10_020 + at * 1000,
    durationTicks: 1000,
    discontinuity: false,
    byteLength: 100,
    epochMs: at * 1000,
    keyframes: [{ ticks: 10_020 + at * 1000, offsetBytes: 20, sizeBytes: 10 }],
  })),
}

/** `fails`: what reading the third segment ends with. */
function store(fails?: Error): BlobStore {
  const blobs: Pick<BlobStore, 'size' | 'read'> = {
    size: async () => INIT.length,
    read: async (key, from, to) => {
      if (key === 's2' && fails) throw fails
      return key === 'init' ? INIT.subarray(from, to) : new Uint8Array(to - from).fill(Number(key.slice(1)))
    },
  }
  return blobs as BlobStore
}

const tileAt = (anchorMs: number, number: number, blobs = store()) =>
  recordedTile(RECORDING, blobs, { layout: LAYOUT, segmentMs: 1000, place: { anchorMs, number } })

test('a tile is made of the keyframes of its places, and stays when the recording is behind it', async () => {
  const tile = await tileAt(10_020, 0)
  assert.deepEqual(
    tile?.pictures.map(({ data }) => data[0]),
    [0, 1, 2, 3],
  )
  assert.deepEqual([tile?.places, tile?.isWhole], [[0, 1, 2, 3], true])
  const next = await tileAt(10_020, 1)
  assert.deepEqual([next?.places, next?.isWhole], [[0], false])
})

test('tiles are counted from the start of a run or its grid, and from nowhere else', async () => {
  assert.ok(await tileAt(10_000, 0))
  for (const [anchorMs, number] of [
    [10_021, 0],
    [11_020, 0],
    [0, 0],
    [10_020, 2],
  ] as const)
    assert.equal(await tileAt(anchorMs, number), undefined)
})

test('a keyframe that is gone leaves the one before in its place, and the tile is not for ever', async () => {
  const tile = await tileAt(10_020, 0, store(new AccessDeniedError('gone', 'not-found')))
  assert.deepEqual([tile?.places, tile?.isWhole], [[0, 1, 1, 2], false])
})

test('a store that does not answer is no reason for a wrong tile', async () => {
  await assert.rejects(tileAt(10_020, 0, store(new UnavailableError('disk', 'too slow'))), UnavailableError)
})
