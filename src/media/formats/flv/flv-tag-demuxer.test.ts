import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LimitExceededError, UnsupportedInputError } from '../../errors.ts'
import { FlvTagDemuxer } from './index.ts'
import { writeMetadata } from './metadata.ts'
import { CollectingSink } from './testing/collect.ts'
import { RECORDS } from './testing/samples.ts'
import { TAG_CASES } from './testing/tag-cases.ts'

for (const { name, tags, tracks, frames } of TAG_CASES) {
  test(`tags are read: ${name}`, () => {
    const sink = new CollectingSink()
    const demuxer = new FlvTagDemuxer(sink)
    for (const [type, timestampMs, body] of tags) demuxer.onTag(type, timestampMs, body)
    assert.deepEqual(
      sink.tracks.map((track) => `${track.id} ${track.codec}`),
      tracks,
    )
    assert.deepEqual(
      sink.frames.map((f) => `${f.trackId} ${f.ptsTicks} ${f.dtsTicks} ${f.isKey} ${f.data.length}`),
      frames,
    )
  })
}

test('records come out in canonical form whatever the sender wrote', () => {
  for (const codec of ['vp9', 'flac', 'opus'] as const) {
    const sink = new CollectingSink()
    const demuxer = new FlvTagDemuxer(sink)
    const found = TAG_CASES.find(({ tracks }) => tracks.some((track) => track.endsWith(codec)))
    for (const [type, timestampMs, body] of found?.tags ?? []) demuxer.onTag(type, timestampMs, body)
    const track = sink.tracks.find((candidate) => candidate.codec === codec)
    assert.deepEqual(track?.config, RECORDS[codec])
  }
})

test('dropped frames are counted', () => {
  const demuxer = new FlvTagDemuxer(new CollectingSink())
  demuxer.onTag(9, 0, Uint8Array.of(0x17, 1, 0, 0, 0, 1))
  demuxer.onTag(8, 0, Uint8Array.of(0x2e, 1, 2, 3))
  assert.equal(demuxer.counters.droppedFrameCount, 2)
})

test('codecs without a mapping are named in an error', () => {
  const demuxer = new FlvTagDemuxer(new CollectingSink())
  assert.throws(() => demuxer.onTag(9, 0, Uint8Array.of(0x12, 0, 0, 0, 0)), UnsupportedInputError)
  assert.throws(() => demuxer.onTag(8, 0, Uint8Array.of(0xb0, 0)), UnsupportedInputError)
  assert.throws(() => demuxer.onTag(9, 0, Uint8Array.of(0x91, 0x76, 0x76, 0x63, 0x31, 0)), /vvc1/)
})

test('more tracks than the limit are refused', () => {
  const demuxer = new FlvTagDemuxer(new CollectingSink(), { maxTracks: 2 })
  const frame = (track: number) => Uint8Array.of(0x96, 0x01, 0x61, 0x76, 0x30, 0x31, track, 0x32, 0)
  demuxer.onTag(9, 0, frame(0))
  demuxer.onTag(9, 0, frame(7))
  assert.throws(() => demuxer.onTag(9, 0, frame(8)), LimitExceededError)
})

test('metadata is handed over, and broken metadata does no harm', () => {
  const seen: unknown[] = []
  const demuxer = new FlvTagDemuxer(new CollectingSink(), { onMetadata: (record) => seen.push(record) })
  demuxer.onTag(18, 0, writeMetadata([], 'Someone'))
  demuxer.onTag(18, 0, Uint8Array.of(2, 0, 10, 1))
  assert.deepEqual(seen, [{ encoder: 'Someone' }])
})
