import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { LimitExceededError, MalformedInputError } from '../../errors.ts'
import { ticks } from '../../model/index.ts'
import { readBoxes, readerOf } from './box.ts'
import { writeEmptyFragment } from './empty-fragment.ts'
import { type CmafSample, writeFragment } from './fragment.ts'
import { readMoof, type TrackFragment } from './read-fragment.ts'

function parse(bytes: Uint8Array): { fragments: TrackFragment[]; mdatStart: number } {
  const [moof, mdat] = [...readBoxes(readerOf(bytes))]
  assert.equal(moof?.type, 'moof')
  assert.equal(mdat?.type, 'mdat')
  return { fragments: readMoof(moof.body, new Map()), mdatStart: mdat.body.offset }
}

const SAMPLE: CmafSample = {
  dtsTicks: ticks(90_000),
  ptsTicks: ticks(90_000),
  durationTicks: ticks(3000),
  isKey: true,
  data: Uint8Array.of(1, 2, 3),
}

describe('a fragment', () => {
  it('without samples says for how long there are none', () => {
    const place = { trackId: 2, sequence: 9, startTicks: 48_000, durationTicks: 96_000 }
    const { fragments } = parse(writeEmptyFragment(place))
    assert.deepEqual(fragments, [{ trackId: 2, baseDecodeTimeTicks: 48_000, emptyTicks: 96_000, runs: [] }])
  })

  it('of one sample carries it in 108 bytes', () => {
    const [header, data] = writeFragment(1, [{ trackId: 1, samples: [SAMPLE] }])
    assert.equal(header?.length, 108)
    assert.equal(data, SAMPLE.data)
  })

  it('reads back with times, sizes, offsets and flags', () => {
    const sample = fc.record({
      step: fc.nat(100_000),
      composition: fc.integer({ min: -200_000, max: 200_000 }),
      isKey: fc.boolean(),
      length: fc.nat(20),
    })
    const run = fc.record({
      start: fc.nat(2 ** 40),
      samples: fc.array(sample, { minLength: 1, maxLength: 8 }),
    })
    fc.assert(
      fc.property(fc.array(run, { minLength: 1, maxLength: 3 }), (runs) => {
        const inputs = runs.map(({ start, samples }, index) => {
          let dts = start
          const list = samples.map(({ step, composition, isKey, length }): CmafSample => {
            const at = dts
            dts += step
            const times = { dtsTicks: ticks(at), ptsTicks: ticks(at + composition), durationTicks: ticks(step) }
            return { ...times, isKey, data: new Uint8Array(length).fill(index + 1) }
          })
          return { trackId: index + 1, samples: list }
        })
        const bytes = Buffer.concat(writeFragment(7, inputs))
        const { fragments, mdatStart } = parse(bytes)
        let offset = mdatStart
        for (const [index, input] of inputs.entries()) {
          const fragment = fragments[index]
          assert.equal(fragment?.trackId, input.trackId)
          assert.equal(fragment.baseDecodeTimeTicks, input.samples[0]?.dtsTicks)
          assert.equal(fragment.runs[0]?.dataOffset, offset)
          const expected = input.samples.map((each) => ({
            durationTicks: each.durationTicks,
            sizeBytes: each.data.length,
            isKey: each.isKey,
            compositionOffsetTicks: each.ptsTicks - each.dtsTicks,
          }))
          assert.deepEqual(fragment.runs[0]?.samples, expected)
          offset += input.samples.reduce((sum, each) => sum + each.data.length, 0)
        }
        assert.equal(offset, bytes.length)
      }),
      { numRuns: 300 },
    )
  })

  it('keeps presentation times where decode times are below zero', () => {
    const early = [
      { ...SAMPLE, dtsTicks: ticks(-3000), ptsTicks: ticks(0) },
      { ...SAMPLE, dtsTicks: ticks(0), ptsTicks: ticks(6000) },
    ]
    const { fragments } = parse(Buffer.concat(writeFragment(1, [{ trackId: 1, samples: early }])))
    assert.equal(fragments[0]?.baseDecodeTimeTicks, 0)
    const offsets = fragments[0]?.runs[0]?.samples.map((sample) => sample.compositionOffsetTicks)
    assert.deepEqual(offsets, [0, 6000])
  })

  it('that promises more samples than its bytes hold is malformed, one past the limit is refused', () => {
    const [header] = writeFragment(1, [{ trackId: 1, samples: [SAMPLE, { ...SAMPLE, data: new Uint8Array(9) }] }])
    assert.ok(header)
    const countAt = Buffer.from(header).indexOf('trun') + 8
    for (const [count, error] of [
      [200, MalformedInputError],
      [0xffff_ffff, LimitExceededError],
    ] as const) {
      const broken = header.slice()
      new DataView(broken.buffer).setUint32(countAt, count)
      const [moof] = readBoxes(readerOf(broken.subarray(0, -8)))
      assert.throws(() => readMoof(moof?.body ?? readerOf(broken), new Map()), error)
    }
  })
})
