import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { audioTrack, videoTrack } from '../../codecs/index.ts'
import { type Frame, type Track, ticks } from '../../model/index.ts'
import { FlvDemuxer, FlvMuxer, FlvTagDemuxer, FlvTagMuxer } from './index.ts'
import { CollectingSink, concat } from './testing/collect.ts'
import { FRAMES, RECORDS } from './testing/samples.ts'

const NAL = Uint8Array.of(0, 0, 0, 2, 0x65, 0x88)
const PCM = { sampleRateHz: 8000, channelCount: 2 }
const ENTRIES: readonly (readonly [Track, Uint8Array])[] = [
  [videoTrack(1, 'h264', RECORDS.h264), NAL],
  [videoTrack(1, 'h265', RECORDS.h265), NAL],
  [videoTrack(1, 'av1', RECORDS.av1), Uint8Array.of(0x32, 2, 0x10, 0)],
  [videoTrack(1, 'vp9', RECORDS.vp9, { widthPx: 160, heightPx: 120 }), FRAMES.vp9],
  [audioTrack(2, 'aac', RECORDS.aac), Uint8Array.of(1, 2, 3)],
  [audioTrack(2, 'opus', RECORDS.opus), FRAMES.opus],
  [audioTrack(2, 'flac', RECORDS.flac), Uint8Array.of(0xff, 0xf8, 0x5a, 0x0c, 0, 0xd5)],
  [audioTrack(2, 'mp3', new Uint8Array(0), { sampleRateHz: 48_000, channelCount: 1 }), FRAMES.mp3],
  [audioTrack(2, 'pcma', new Uint8Array(0), PCM), Uint8Array.of(1, 2, 3, 4)],
  [audioTrack(2, 'pcmu', new Uint8Array(0), PCM), Uint8Array.of(1, 2, 3, 4)],
]

function frameOf(track: Track, ms: number, data: Uint8Array, compositionMs = 0): Frame {
  const scale = track.clockRateHz / 1000
  const [dtsTicks, ptsTicks] = [ticks(ms * scale), ticks((ms + compositionMs) * scale)]
  return { trackId: track.id, dtsTicks, ptsTicks, durationTicks: ticks(0), isKey: true, data }
}
function demux(bytes: Uint8Array): CollectingSink {
  const sink = new CollectingSink()
  new FlvDemuxer(sink).push(bytes)
  return sink
}

for (const [track, data] of ENTRIES) {
  test(`a ${track.codec} track comes back as it was`, () => {
    const muxer = new FlvMuxer()
    assert.deepEqual(muxer.setTracks([track]), [])
    const sink = demux(concat([muxer.preamble(), ...muxer.frame(frameOf(track, 40, data))]))
    assert.deepEqual(sink.tracks, [track])
    assert.deepEqual(sink.frames[0]?.data, data)
    assert.equal(sink.frames[0]?.dtsTicks, 40 * (track.clockRateHz / 1000))
  })
}

test('tracks behind the first of their kind travel as multitrack packets, but for G.711', () => {
  const entries = ENTRIES.map(([track, data], i) => [{ ...track, id: i + 10 }, data] as const)
  const muxer = new FlvMuxer()
  const tracks = entries.map(([track]) => track)
  muxer.setTracks(tracks)
  const bytes = [
    muxer.preamble(),
    ...entries.flatMap(([track, data]) => [...muxer.frame(frameOf(track, 0, data))].map((p) => p.slice())),
  ]
  const sink = demux(concat(bytes))
  const carried = entries.filter(([track]) => track.codec !== 'pcma' && track.codec !== 'pcmu')
  assert.deepEqual(new Set(sink.tracks.map((t) => t.codec)), new Set(carried.map(([t]) => t.codec)))
  assert.deepEqual(
    sink.frames.map((frame) => frame.data),
    carried.map(([, data]) => data),
  )
})

test('a changed configuration is told in the stream, once', () => {
  const [h264, h265] = [videoTrack(1, 'h264', RECORDS.h264), videoTrack(1, 'h265', RECORDS.h265)]
  const muxer = new FlvMuxer()
  muxer.setTracks([h264])
  const bytes = [muxer.preamble(), ...muxer.frame(frameOf(h264, 1000, NAL)).map((part) => part.slice())]
  bytes.push(...muxer.setTracks([h265]))
  assert.deepEqual(muxer.setTracks([h265]), [])
  bytes.push(...muxer.frame(frameOf(h265, 1040, NAL)))
  assert.deepEqual(demux(concat(bytes)).tracks, [h264, h265])
})

test('frame data is passed on without a copy', () => {
  const track = videoTrack(1, 'h264', RECORDS.h264)
  const muxer = new FlvMuxer()
  muxer.setTracks([track])
  assert.ok(muxer.frame(frameOf(track, 0, NAL)).includes(NAL))
})

test('times come back within half a millisecond and never below zero', () => {
  const track = videoTrack(1, 'h264', RECORDS.h264)
  const muxer = new FlvTagMuxer()
  muxer.setTracks([track])
  const sink = new CollectingSink()
  const demuxer = new FlvTagDemuxer(sink)
  const feed = (tags: ReturnType<FlvTagMuxer['sequenceTags']>) => {
    for (const { type, timestampMs, parts } of tags) demuxer.onTag(type, timestampMs, concat(parts))
  }
  feed([muxer.metadataTag(), ...muxer.sequenceTags()])
  const times = fc.tuple(fc.integer({ min: -9000, max: 9_000_000 }), fc.integer({ min: -900, max: 90_000 }))
  fc.assert(
    fc.property(fc.array(times, { minLength: 1, maxLength: 20 }), (pairs) => {
      const sorted = [...pairs].sort((a, b) => a[0] - b[0])
      const from = sink.frames.length
      for (const [dts, offset] of sorted) {
        const frame = { ...frameOf(track, 0, NAL), dtsTicks: ticks(dts), ptsTicks: ticks(dts + offset) }
        const tag = muxer.frameTag(frame)
        assert.ok(tag !== undefined && tag.timestampMs >= 0)
        const fresh = new FlvTagDemuxer(sink)
        for (const sequence of muxer.sequenceTags()) fresh.onTag(sequence.type, 0, concat(sequence.parts))
        fresh.onTag(tag.type, tag.timestampMs, concat(tag.parts))
      }
      sink.frames.slice(from).forEach((frame, i) => {
        const [dts, offset] = sorted[i] ?? [0, 0]
        assert.ok(Math.abs(frame.ptsTicks - (dts + offset)) <= 45)
        assert.ok(Math.abs(frame.dtsTicks - Math.max(0, dts)) <= 45)
      })
    }),
    { numRuns: 50 },
  )
})
