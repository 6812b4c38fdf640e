import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ByteReader } from './byte-reader.ts'
import { ByteWriter } from './byte-writer.ts'

test('every kind of write is kept when it is the one that makes the buffer grow', () => {
  const writes: readonly ((w: ByteWriter) => void)[] = [
    (w) => w.u8(0xff),
    (w) => w.u16(0xffff),
    (w) => w.u24(0xffffff),
    (w) => w.u32(0xffffffff),
    (w) => w.i32(-1),
    (w) => w.u32le(0xffffffff),
    (w) => w.u16le(0xffff),
    (w) => w.u64(0xffffffffffffffffn),
    (w) => w.i64(-1n),
    (w) => w.bytes(Uint8Array.of(255, 255, 255)),
  ]
  for (const write of writes) {
    const w = new ByteWriter(1)
    w.u8(0xff)
    write(w)
    assert.ok(w.view().every((byte) => byte === 0xff))
  }
})

test('a reader names the field that is cut off', () => {
  const reader = new ByteReader(Uint8Array.of(1, 2, 3))
  assert.equal(reader.u16('first'), 0x0102)
  assert.throws(() => reader.u32('second'), { code: 'malformed-input', field: 'second', offset: 2 })
  assert.equal(reader.u8('third'), 3)
})
