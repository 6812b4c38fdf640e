import assert from 'node:assert/strict'
import { test } from 'node:test'
import { progressBar } from './progress-bar.ts'

function drawn(isTTY: boolean, shares: readonly number[]): string[] {
  const lines: string[] = []
  const show = progressBar('720p', { isTTY, write: (text) => lines.push(text) })
  for (const share of shares) show(share)
  return lines
}

test('a terminal sees one line that fills, drawn when it changes', () => {
  assert.deepEqual(drawn(true, [0, 0.001, 0.5, 1]), [
    `\r720p [${' '.repeat(30)}] 0 %`,
    `\r720p [${'='.repeat(15)}${' '.repeat(15)}] 50 %`,
    `\r720p [${'='.repeat(30)}] 100 %`,
  ])
})

test('a file or a pipe sees nothing', () => {
  assert.deepEqual(drawn(false, [0, 1]), [])
})
