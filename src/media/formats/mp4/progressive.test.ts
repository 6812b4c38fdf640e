import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { InvariantError } from '../../errors.ts'
import type { Track } from '../../model/index.ts'
import { readBoxes, readerOf } from './box.ts'
import { layoutProgressive } from './progressive.ts'
import type { ProgressiveChunk, ProgressiveTrack, SampleTable } from './sample-table.ts'
import { TRACK_OF } from './testing/tracks.ts'

function table(dts: readonly number[], sizeBytes: number, composition = 0): SampleTable {
  return {
    dtsTicks: Float64Array.from(dts),
    compositionOffsetTicks: new Int32Array(dts.length).fill(composition),
    sizeBytes: new Uint32Array(dts.length).fill(sizeBytes),
    durationTicks: new Uint32Array(dts.length).fill(3000),
    isKey: Uint8Array.from(dts, (_, index) => (index === 0 ? 1 : 0)),
  }
}

function track(version: Track, samples: SampleTable): ProgressiveTrack {
  return { versions: [version], samples }
}

function chunk(trackIndex: number, sampleCount: number, byteLength: number, sourceOffset = 0): ProgressiveChunk {
  return { trackIndex, sampleCount, versionIndex: 0, byteLength, sourceIndex: trackIndex, sourceOffset }
}

/** Every box of the file by its path, `moov/trak/edts/elst`, containers opened. */
function boxesOf(head: Uint8Array): Map<string, Buffer> {
  const CONTAINERS = new Set(['moov', 'trak', 'edts', 'mdia', 'minf', 'stbl'])
  const found = new Map<string, Buffer>()
  const walk = (bytes: Uint8Array, parent: string): void => {
    for (const { type, body } of readBoxes(readerOf(bytes))) {
      const payload = body.rest()
      found.set(parent + type, Buffer.from(payload))
      if (CONTAINERS.has(type)) walk(payload, `${parent}${type}/`)
    }
  }
  walk(head, '')
  return found
}

describe('layoutProgressive', () => {
  it('puts the tables in front and says where every byte comes from', () => {
    const tracks = [track(TRACK_OF.h264, table([0, 3000, 6000, 9000], 10)), track(TRACK_OF.opus, table([0, 960], 5))]
    const chunks = [chunk(0, 2, 20, 100), chunk(1, 2, 10, 7), chunk(0, 2, 20, 300)]
    const { head, totalBytes, extents } = layoutProgressive(tracks, chunks)
    assert.equal(totalBytes, head.length + 50)
    assert.deepEqual(extents, [
      { outputOffset: head.length, byteLength: 20, sourceIndex: 0, sourceOffset: 100 },
      { outputOffset: head.length + 20, byteLength: 10, sourceIndex: 1, sourceOffset: 7 },
      { outputOffset: head.length + 30, byteLength: 20, sourceIndex: 0, sourceOffset: 300 },
    ])
    assert.equal(Buffer.from(head).readUInt32BE(head.length - 8), 58)
    const boxes = boxesOf(head.subarray(0, -8))
    assert.deepEqual(boxes.get('moov/trak/mdia/minf/stbl/stco')?.readUInt32BE(8), head.length + 20, 'of the last track')
    assert.ok(!boxes.has('moov/trak/edts'), 'nothing to edit')
  })

  it('changes to 64-bit offsets and a large mdat past 4 GiB', () => {
    const size = 0x7000_0000
    const tracks = [track(TRACK_OF.h264, table([0, 3000, 6000], size))]
    const chunks = [chunk(0, 1, size), chunk(0, 1, size), chunk(0, 1, size)]
    const { head, totalBytes } = layoutProgressive(tracks, chunks)
    assert.equal(totalBytes, head.length + 3 * size)
    const boxes = boxesOf(head.subarray(0, -16))
    const offsets = boxes.get('moov/trak/mdia/minf/stbl/co64')
    assert.equal(Number(offsets?.readBigUInt64BE(8 + 16)), head.length + 2 * size)
    assert.equal(Number(Buffer.from(head).readBigUInt64BE(head.length - 8)), 3 * size + 16)
  })

  it('edits away the first composition offset and waits for a track that starts later', () => {
    const tracks = [
      track(TRACK_OF.h264, table([90_000, 93_000], 1, 6000)),
      track(TRACK_OF.opus, table([48_000 * 2], 1)),
    ]
    const { head } = layoutProgressive(tracks, [chunk(0, 2, 2), chunk(1, 1, 1)])
    const text = Buffer.from(head)
    const first = text.indexOf('elst')
    assert.equal(text.readUInt32BE(first + 8), 1)
    assert.equal(Number(text.readBigInt64BE(first + 20)), 6000, 'media_time')
    const second = text.indexOf('elst', first + 4)
    assert.equal(text.readUInt32BE(second + 8), 2)
    const timescale = 720_000
    assert.equal(Number(text.readBigUInt64BE(second + 12)), (2 - 96_000 / 90_000) * timescale, 'empty edit')
    assert.equal(Number(text.readBigInt64BE(second + 20)), -1)
    assert.equal(text.readUInt32BE(text.indexOf('mvhd') + 16), timescale)
  })

  it('insists that the chunks hold every sample', () => {
    const tracks = [track(TRACK_OF.h264, table([0, 3000], 1))]
    assert.throws(() => layoutProgressive(tracks, [chunk(0, 1, 1)]), InvariantError)
    assert.throws(() => layoutProgressive([], []), InvariantError)
  })
})
