import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { LimitExceededError, MalformedInputError } from '../../errors.ts'
import { FlvDemuxer } from './index.ts'
import { CollectingSink, cut } from './testing/collect.ts'
import { fileOf } from './testing/file-of.ts'
import { TAG_CASES } from './testing/tag-cases.ts'

function demux(pieces: readonly Uint8Array[]): CollectingSink {
  const sink = new CollectingSink()
  const demuxer = new FlvDemuxer(sink)
  for (const piece of pieces) demuxer.push(piece)
  demuxer.flush()
  return sink
}

for (const { name, tags } of TAG_CASES) {
  test(`any cut of a file gives the same: ${name}`, () => {
    const file = fileOf(tags)
    const whole = demux([file])
    assert.deepEqual(demux(cut(file, [1])), whole)
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 20 }), (sizes) => {
        assert.deepEqual(demux(cut(file, sizes)), whole)
      }),
      { numRuns: 30 },
    )
  })
}

test('what is not FLV is said to be so at its third byte', () => {
  const demuxer = new FlvDemuxer(new CollectingSink())
  assert.throws(
    () => demuxer.push(Uint8Array.of(0x47, 0x40, 0x11)),
    (error: unknown) => error instanceof MalformedInputError && /not FLV/.test(error.message),
  )
})

test('a tag above the limit is refused before its body comes', () => {
  const demuxer = new FlvDemuxer(new CollectingSink(), { maxTagBytes: 100 })
  const file = fileOf([[9, 0, new Uint8Array(101)]])
  assert.throws(() => demuxer.push(file.subarray(0, 24)), LimitExceededError)
})

test('a large tag in small pieces takes time in proportion to its size', () => {
  const file = fileOf([[9, 0, new Uint8Array(8_000_000).fill(0x50)]])
  const startedAt = performance.now()
  demux(cut(file, [1000]))
  assert.ok(performance.now() - startedAt < 2000)
})
