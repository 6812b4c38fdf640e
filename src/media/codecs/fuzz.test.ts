import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MillraceError } from '../errors.ts'
import { FUZZ_TARGETS, type FuzzTarget } from './testing/fuzz-targets.ts'
import { mutated, randomSource } from './testing/mutate.ts'

const ROUNDS = 150

function mayOnlyThrowMillraceErrors({ name, run }: FuzzTarget, bytes: Uint8Array): void {
  try {
    run(bytes)
  } catch (error) {
    if (!(error instanceof MillraceError))
      assert.fail(`${name} threw ${error} for ${Buffer.from(bytes).toString('hex')}`)
  }
}

test('mutated parameter sets and frames only ever give typed errors', () => {
  const random = randomSource(20_261_122)
  for (const target of FUZZ_TARGETS) {
    for (const seed of target.seeds) {
      for (let round = 0; round < ROUNDS / 10; round++) mayOnlyThrowMillraceErrors(target, mutated(seed, random))
    }
  }
})

test('any bytes only ever give typed errors', () => {
  for (const target of FUZZ_TARGETS) {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => mayOnlyThrowMillraceErrors(target, bytes)),
      { numRuns: ROUNDS },
    )
  }
})
