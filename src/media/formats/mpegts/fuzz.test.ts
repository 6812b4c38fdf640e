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
    if (!(error instanceof MillraceError)) {
      const stack = error instanceof Error ? error.stack : error
      assert.fail(`${name} threw ${stack} for ${Buffer.from(bytes).toString('base64')}`)
    }
  }
}

test('mutated transport streams only ever give typed errors', () => {
  const random = randomSource(13_818)
  for (const target of FUZZ_TARGETS) {
    for (const seed of target.seeds) {
      for (let round = 0; round < 400; round++) mayOnlyThrowMillraceErrors(target, mutated(seed, random))
    }
  }
})

test('any bytes only ever give typed errors', () => {
  for (const target of FUZZ_TARGETS) {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => mayOnlyThrowMillraceErrors(target, bytes)),
      { numRuns: 200 },
    )
  }
})
