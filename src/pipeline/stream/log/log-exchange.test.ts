import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LogImports, shareLog } from './log-exchange.ts'
import { LogWriter } from './log-writer.ts'
import { SegmentPool } from './segment-pool.ts'

test('a log that moved on while its handle travelled tells of it after its reader is there', async () => {
  const writer = new LogWriter(new SegmentPool({ segmentBytes: 64, maxSegments: 4 }), { maxBytes: 256 })
  writer.append([new Uint8Array(4)])
  writer.commit()
  const { shared, stop } = shareLog('0:1', writer, () => {})
  writer.append([new Uint8Array(4)])
  writer.commit()
  const imports = new LogImports(1)
  const heads: number[] = []
  const { promise: told, resolve } = Promise.withResolvers<void>()
  const reader = imports.open(shared, () => {
    heads.push(reader.head)
    resolve()
  })
  await told
  assert.deepEqual(heads, [8])
  imports.close('0:1')
  stop[Symbol.dispose]()
  writer.end()
})
