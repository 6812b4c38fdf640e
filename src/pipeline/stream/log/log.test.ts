import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { UnavailableError } from '../../../platform/errors.ts'
import { openLocalLog } from './log-exchange.ts'
import type { LogReader } from './log-reader.ts'
import { LogWriter } from './log-writer.ts'
import { SegmentPool } from './segment-pool.ts'

const SEGMENT = 64
const POISON = 0xdb

function makeLog({ maxSegments = 100, maxBytes = 1_000_000 } = {}) {
  const pool = new SegmentPool({ segmentBytes: SEGMENT, maxSegments, poison: 'poison-freed' })
  const writer = new LogWriter(pool, { maxBytes })
  const { reader } = openLocalLog(writer, 0, () => {})
  return { pool, writer, reader }
}
function bytes(length: number, value: number): Uint8Array {
  return new Uint8Array(length).fill(value)
}
function read(reader: LogReader, from: number, to: number): number[] {
  return [...Buffer.concat(reader.views(from, to))]
}

test('bytes come out as they went in, over segment boundaries', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 200 }), { maxLength: 20 }), (parts) => {
      const { writer, reader } = makeLog()
      writer.markJoin()
      writer.append(parts)
      writer.commit()
      assert.deepEqual(read(reader, 0, reader.head), [...Buffer.concat(parts)])
    }),
  )
})

test('nothing is visible before commit', () => {
  const { writer, reader } = makeLog()
  writer.append([bytes(10, 1)])
  assert.equal(reader.head, 0)
  writer.commit()
  assert.equal(reader.head, 10)
})

test('a held range is never overwritten, and is freed when the hold moves on', () => {
  const { pool, writer, reader } = makeLog()
  writer.setPreamble(bytes(1, 9), bytes(0, 0))
  writer.markJoin()
  writer.append([bytes(SEGMENT, 1)])
  writer.commit()
  assert.ok(reader.hold(0))
  const view = reader.views(0, SEGMENT)[0]
  for (let i = 2; i < 8; i++) {
    writer.markJoin()
    writer.append([bytes(SEGMENT, i)])
    writer.commit()
  }
  assert.ok(view?.every((byte) => byte === 1))
  assert.equal(pool.usedCount, 7)
  reader.hold(reader.head)
  writer.markJoin()
  writer.append([bytes(SEGMENT, 8)])
  assert.equal(pool.usedCount, 1)
  assert.ok(
    view?.every((byte) => byte === POISON || byte === 8),
    'the freed segment was given back',
  )
})

test('a reader that asks for what is gone is told so', () => {
  const { writer, reader } = makeLog()
  writer.setPreamble(bytes(1, 9), bytes(0, 0))
  for (let i = 0; i < 5; i++) {
    writer.markJoin()
    writer.append([bytes(SEGMENT, i)])
  }
  writer.commit()
  assert.equal(reader.hold(0), false)
  const join = reader.join()
  assert.ok(join && reader.hold(join.position))
  assert.deepEqual(read(reader, join.position, reader.head), [...bytes(SEGMENT, 4)])
})

test('one cursor more is held although the writer has left behind what another cursor holds', () => {
  const { pool, writer, reader } = makeLog()
  writer.setPreamble(bytes(1, 9), bytes(0, 0))
  reader.hold(0)
  for (let i = 0; i < 5; i++) {
    writer.markJoin()
    writer.append([bytes(SEGMENT, i)])
  }
  writer.commit()
  const join = reader.join()
  assert.ok(join && join.position > 0)
  assert.equal(reader.holdAlso(join.position), true)
  assert.equal(reader.holdAlso(join.position - SEGMENT), false, 'the writer may let go of it at any time')
  assert.equal(pool.usedCount, 5, 'the first cursor still holds all of it')
})

test('a join point names the preamble that belongs to it', () => {
  const { writer, reader } = makeLog()
  assert.equal(reader.join(), undefined)
  writer.setPreamble(Uint8Array.of(1), bytes(0, 0))
  writer.markJoin()
  writer.append([bytes(10, 1)])
  writer.setPreamble(Uint8Array.of(2), bytes(0, 0))
  writer.append([bytes(10, 1)])
  writer.commit()
  assert.deepEqual([...(reader.join()?.preamble.opening ?? [])], [1])
  writer.markJoin()
  assert.deepEqual([...(reader.join()?.preamble.opening ?? [])], [2])
  assert.equal(reader.join()?.position, 20)
})

test('without a reader a log never holds more than its newest join point needs', () => {
  const { pool, writer } = makeLog()
  writer.setPreamble(bytes(1, 9), bytes(0, 0))
  for (let i = 0; i < 200; i++) {
    if (i % 4 === 0) writer.markJoin()
    writer.append([bytes(50, i)])
    writer.commit()
  }
  assert.ok(pool.madeCount <= 6, `${pool.madeCount} segments`)
})

test('a group of pictures longer than maxBytes gives up its join point, not the memory', () => {
  const { pool, writer, reader } = makeLog({ maxBytes: 4 * SEGMENT })
  writer.setPreamble(bytes(1, 9), bytes(0, 0))
  writer.markJoin()
  for (let i = 0; i < 50; i++) writer.append([bytes(SEGMENT, i)])
  writer.commit()
  assert.equal(reader.join(), undefined)
  assert.ok(pool.usedCount <= 6)
})

test('an exhausted pool is an UnavailableError for the writer, and other bytes stay whole', () => {
  const { writer, reader } = makeLog({ maxSegments: 3 })
  writer.markJoin()
  reader.hold(0)
  assert.throws(() => writer.append([bytes(SEGMENT * 4, 7)]), UnavailableError)
})

test('an ended log gives its segments back when its readers let go', () => {
  const { pool, writer, reader } = makeLog()
  writer.append([bytes(SEGMENT * 3, 7)])
  reader.hold(0)
  writer.end()
  assert.equal(writer.release(), false)
  assert.equal(pool.usedCount, 3)
  reader.letGo()
  assert.equal(writer.release(), true)
  assert.equal(pool.usedCount, 0)
})

test('positions keep counting past 2^32', () => {
  const pool = new SegmentPool({ segmentBytes: 1 << 20, maxSegments: 8 })
  const writer = new LogWriter(pool, { maxBytes: 1 << 22 })
  const { reader } = openLocalLog(writer, 0, () => {})
  writer.setPreamble(bytes(1, 9), bytes(0, 0))
  const chunk = bytes(1 << 20, 1)
  for (let i = 0; i < 4200; i++) {
    writer.markJoin()
    writer.append([chunk])
    writer.commit()
    assert.equal(reader.head, (i + 1) * chunk.length)
    reader.hold(reader.head)
  }
  writer.markJoin()
  writer.append([Uint8Array.of(5)])
  writer.commit()
  assert.deepEqual(read(reader, reader.head - 1, reader.head), [5])
})

test('random writers and readers: what is read is what was written, whatever is freed meanwhile', () => {
  const action = fc.oneof(
    fc.record({ type: fc.constant('write' as const), length: fc.integer({ min: 1, max: 150 }), isJoin: fc.boolean() }),
    fc.record({ type: fc.constant('read' as const), reader: fc.nat(2) }),
    fc.record({ type: fc.constant('rejoin' as const), reader: fc.nat(2) }),
  )
  fc.assert(
    fc.property(fc.array(action, { maxLength: 120 }), (actions) => {
      const { writer } = makeLog({ maxSegments: 1000 })
      writer.setPreamble(bytes(1, 9), bytes(0, 0))
      const readers = [0, 1, 2].map((slot) => ({ reader: openLocalLog(writer, slot, () => {}).reader, position: -1 }))
      for (const each of actions) {
        if (each.type === 'write') {
          if (each.isJoin) writer.markJoin()
          writer.append([Uint8Array.from({ length: each.length }, (_, i) => (writer.head + i) % 199)])
          writer.commit()
          continue
        }
        const cursor = readers[each.reader]
        if (!cursor) continue
        if (each.type === 'rejoin' || cursor.position < 0) {
          const join = cursor.reader.join()
          cursor.position = join && cursor.reader.hold(join.position) ? join.position : -1
          continue
        }
        const head = cursor.reader.head
        const expected = Array.from({ length: head - cursor.position }, (_, i) => (cursor.position + i) % 199)
        assert.deepEqual(read(cursor.reader, cursor.position, head), expected)
        cursor.position = head
        cursor.reader.hold(head)
      }
    }),
    { numRuns: 300 },
  )
})

test('while the pool is nearly used up, readers are told how much they may hold back', () => {
  const { writer, reader } = makeLog({ maxSegments: 8 })
  writer.setPreamble(bytes(1, 9), bytes(0, 0))
  const write = () => {
    writer.markJoin()
    writer.append([bytes(SEGMENT, 1)])
    writer.commit()
  }
  write()
  assert.ok(reader.hold(0))
  for (let i = 0; i < 5; i++) write()
  assert.equal(reader.lagLimitBytes, Number.POSITIVE_INFINITY)
  write()
  assert.equal(reader.lagLimitBytes, 2 * SEGMENT)
  reader.hold(reader.head)
  write()
  assert.equal(reader.lagLimitBytes, Number.POSITIVE_INFINITY)
})
