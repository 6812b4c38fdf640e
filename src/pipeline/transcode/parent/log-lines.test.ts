import assert from 'node:assert/strict'
import { it } from 'node:test'
import { RecordedLog } from '../testing/recorded-log.ts'
import { BackOff } from './back-off.ts'
import { LogLines } from './log-lines.ts'

it('logs the lines of a child, however they are cut, at level debug', () => {
  const recorded = new RecordedLog()
  const lines = new LogLines(recorded.log, () => 0)
  for (const part of ['one\ntw', 'o\r\n\n', 'three']) lines.push(part)
  assert.deepEqual(
    recorded.lines.map(({ level, fields }) => [level, fields.line]),
    [
      ['debug', 'one'],
      ['debug', 'two'],
    ],
  )
})

it('logs no more than twenty lines a second, and how many it left out', () => {
  const recorded = new RecordedLog()
  let nowMs = 5000
  const lines = new LogLines(recorded.log, () => nowMs)
  lines.push('x\n'.repeat(50))
  assert.equal(recorded.lines.length, 20)
  nowMs += 1000
  lines.push('y\n')
  assert.deepEqual(recorded.lines[20]?.fields, { lines: 30 })
  assert.deepEqual(recorded.lines[21]?.fields, { line: 'y' })
})

it('keeps a line without an end within bounds', () => {
  const recorded = new RecordedLog()
  const lines = new LogLines(recorded.log, () => 0)
  for (let i = 0; i < 100; i++) lines.push('x'.repeat(1000))
  lines.push('\n')
  assert.equal(String(recorded.lines[0]?.fields.line).length, 400)
})

it('waits twice as long after each failure, half a minute at most, and anew after a success', () => {
  const backOff = new BackOff()
  const waits = Array.from({ length: 7 }, () => backOff.failed())
  assert.deepEqual(waits, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000])
  backOff.succeeded()
  assert.equal(backOff.failed(), 1000)
})
