import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { mutated, randomSource } from '../../codecs/testing/mutate.ts'
import { MillraceError } from '../../errors.ts'
import { FUZZ_TARGETS, type FuzzTarget } from './testing/fuzz-targets.ts'

function mayOnlyThrowMillraceErrors({ name, run }: FuzzTarget, bytes: Uint8Array): void {
  try {
    run(bytes)
  } catch (error) {
    if (error instanceof MillraceError) return
    assert.fail(`${name} threw ${(error as Error).stack} for ${Buffer.from(bytes).toString('hex')}`)
  }
}

test('changed files only ever give typed errors', () => {
  const random = randomSource(20_261_122)
  for (const target of FUZZ_TARGETS) {
    for (const seed of target.seeds) {
      for (let round = 0; round < 400; round++) mayOnlyThrowMillraceErrors(target, mutated(seed, random))
    }
  }
})

test('files cut anywhere only ever give typed errors', () => {
  for (const target of FUZZ_TARGETS) {
    for (const seed of target.seeds) {
      for (let length = 0; length < seed.length; length++) mayOnlyThrowMillraceErrors(target, seed.subarray(0, length))
    }
  }
})

test('any bytes only ever give typed errors', () => {
  for (const target of FUZZ_TARGETS) {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => mayOnlyThrowMillraceErrors(target, bytes)),
      { numRuns: 300 },
    )
  }
})
