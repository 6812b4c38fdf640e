import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MillraceError } from '../../errors.ts'
import { FUZZ_TARGETS } from './testing/fuzz-targets.ts'
import { mutate, randomSource } from './testing/mutate.ts'

for (const { name, seeds, run } of FUZZ_TARGETS) {
  test(`${name} answers mutated input with our own errors only`, () => {
    const random = randomSource(20_260_101)
    for (let i = 0; i < 3000; i++) {
      const input = mutate(seeds[i % seeds.length] ?? new Uint8Array(0), random)
      try {
        run(input)
      } catch (error) {
        assert.ok(error instanceof MillraceError, `${String(error)} for ${Buffer.from(input).toString('hex')}`)
      }
    }
  })
}
