import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { CopySlabs } from './copy-slabs.ts'

it('a copy keeps what was copied until it is given back, whatever is copied meanwhile', () => {
  const step = fc.record({ length: fc.oneof(fc.nat(20_000), fc.nat(300_000)), back: fc.option(fc.nat(50)) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const slabs = new CopySlabs()
      const kept: { readonly copy: Uint8Array; readonly byte: number; readonly length: number }[] = []
      for (const [at, { length, back }] of steps.entries()) {
        const byte = at & 255
        kept.push({ copy: slabs.copy(new Uint8Array(length).fill(byte)), byte, length })
        const [gone] = back === null ? [] : kept.splice(back % kept.length, 1)
        if (gone) slabs.giveBack(gone.copy)
      }
      for (const { copy, byte, length } of kept) {
        assert.equal(copy.length, length)
        assert.ok(copy.every((each) => each === byte))
      }
    }),
    { numRuns: 40 },
  )
})

it('memory that was given back is used again', () => {
  const slabs = new CopySlabs()
  const buffers = new Set<ArrayBufferLike>()
  const waiting: Uint8Array[] = []
  for (let at = 0; at < 2000; at++) {
    const copy = slabs.copy(new Uint8Array(10_000))
    buffers.add(copy.buffer)
    waiting.push(copy)
    const done = waiting.length > 30 ? waiting.shift() : undefined
    if (done) slabs.giveBack(done)
  }
  assert.ok(buffers.size <= 4, `${buffers.size} slabs for 300 kB`)
})
