import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeFirstFrame, videoTrack } from '../../codecs/index.ts'
import { type Frame, type Track, ticks } from '../../model/index.ts'
import { FlvDemuxer } from './flv-demuxer.ts'
import { FlvMuxer } from './flv-muxer.ts'

/** RFC 6386, 9.1: frame tag, start code, 320 × 180; then filler. */
const KEYFRAME = Uint8Array.from([0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xb4, 0x00, 1, 2, 3, 4, 5, 6, 7, 8])
const INTERFRAME = Uint8Array.from([0x11, 0x02, 0x00, 9, 8, 7, 6, 5])

/** No program at hand writes VP8 into FLV, so the way out and the way in are checked against each other. */
test('VP8 goes out as FourCC vp08 and comes in again frame by frame', () => {
  const { config, video } = describeFirstFrame('vp8', KEYFRAME)
  assert.deepEqual([video?.widthPx, video?.heightPx], [320, 180])
  const muxer = new FlvMuxer()
  muxer.setTracks([videoTrack(1, 'vp8', config, { widthPx: 320, heightPx: 180 })])
  const frames: Frame[] = [KEYFRAME, INTERFRAME, INTERFRAME].map((data, index) => ({
    trackId: 1,
    ptsTicks: ticks(index * 3600),
    dtsTicks: ticks(index * 3600),
    durationTicks: ticks(0),
    isKey: index === 0,
    data,
  }))
  const file = Buffer.concat([
    muxer.preamble(),
    ...frames.flatMap((frame) => muxer.frame(frame).map((part) => part.slice())),
  ])
  assert.ok(file.includes('vp08'))

  const tracks: Track[] = []
  const found: Frame[] = []
  const demuxer = new FlvDemuxer({
    onTrack: (track) => tracks.push(track),
    onFrame: (frame) => found.push({ ...frame, data: frame.data.slice() }),
  })
  for (const byte of file) demuxer.push(Uint8Array.of(byte))
  assert.equal(tracks[0]?.codec, 'vp8')
  assert.deepEqual(
    found.map(({ dtsTicks, isKey, data }) => [dtsTicks, isKey, [...data]]),
    frames.map(({ dtsTicks, isKey, data }) => [dtsTicks, isKey, [...data]]),
  )
})
