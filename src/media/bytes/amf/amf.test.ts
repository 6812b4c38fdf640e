import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { LimitExceededError, MalformedInputError, MillraceError } from '../../errors.ts'
import { ByteReader } from '../byte-reader.ts'
import { ByteWriter } from '../byte-writer.ts'
import {
  AmfDate,
  AmfEcmaArray,
  AmfTypedObject,
  type AmfValue,
  amfField,
  readAmf0,
  readAmf0Values,
  readAmf3,
  writeAmf0,
} from './index.ts'

const hex = (text: string): Uint8Array =>
  Uint8Array.from(text.match(/[0-9a-f]{2}/g) ?? [], (b) => Number.parseInt(b, 16))

/** Read and written; the notations are those of the AMF0 document, clause by clause. */
const CASES: readonly { name: string; bytes: string; value: AmfValue }[] = [
  { name: 'number', bytes: '00 3ff8000000000000', value: 1.5 },
  { name: 'boolean', bytes: '01 01', value: true },
  { name: 'string', bytes: '02 0003 61c3a9', value: 'aé' },
  { name: 'object', bytes: '03 0001 61 05 000009', value: { a: null } },
  { name: 'undefined', bytes: '06', value: undefined },
  { name: 'ECMA array', bytes: '08 00000001 0001 61 0100 000009', value: new AmfEcmaArray({ a: false }) },
  { name: 'strict array', bytes: '0a 00000002 05 06', value: [null, undefined] },
  { name: 'date', bytes: '0b 408f400000000000 0000', value: new AmfDate(1000) },
  { name: 'typed object', bytes: '10 0001 43 0001 61 05 000009', value: new AmfTypedObject('C', { a: null }) },
]
for (const { name, bytes, value } of CASES) {
  test(`AMF0 ${name} is read and written`, () => {
    assert.deepEqual(readAmf0(new ByteReader(hex(bytes))), value)
    const writer = new ByteWriter(4096)
    writeAmf0(writer, value)
    assert.deepEqual(writer.copy(), hex(bytes))
  })
}

/** Only read: nobody needs them written. */
const READ_ONLY: readonly { name: string; bytes: string; value: AmfValue }[] = [
  { name: 'long string', bytes: '0c 00000002 6162', value: 'ab' },
  { name: 'reference', bytes: '0a 00000002 0a00000000 070001', value: [[], []] },
  { name: 'AMF3 object inside', bytes: '11 0a0b01 0378 0407 01', value: { x: 7 } },
  { name: 'object that misses its end', bytes: '03 0001 61 05', value: { a: null } },
  {
    name: 'a field called __proto__',
    bytes: '03 0009 5f5f70726f746f5f5f 05 000009',
    value: JSON.parse('{"__proto__":null}'),
  },
]
for (const { name, bytes, value } of READ_ONLY) {
  test(`AMF0 ${name} is read`, () => assert.deepEqual(readAmf0(new ByteReader(hex(bytes))), value))
}

const AMF3: readonly { name: string; bytes: string; value: AmfValue }[] = [
  { name: 'negative integer', bytes: '04 ffffffff', value: -1 },
  { name: 'string reference', bytes: '09 05 01 06 0361 06 00', value: ['a', 'a'] },
  {
    name: 'typed object with traits',
    bytes: '0a 13 0343 0361 05 3ff8000000000000',
    value: new AmfTypedObject('C', { a: 1.5 }),
  },
  { name: 'mixed array', bytes: '09 03 0361 03 01 02', value: new AmfEcmaArray({ a: true, 0: false }) },
  { name: 'byte array', bytes: '0c 05 0102', value: Uint8Array.of(1, 2) },
  { name: 'int vector', bytes: '0d 03 00 fffffffe', value: [-2] },
]
for (const { name, bytes, value } of AMF3) {
  test(`AMF3 ${name} is read`, () => assert.deepEqual(readAmf3(new ByteReader(hex(bytes))), value))
}

test('any plain value comes back from AMF0', () => {
  const { value } = fc.letrec<{ value: AmfValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.double(),
      fc.boolean(),
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.constantFrom(null, undefined),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(fc.string({ minLength: 1, maxLength: 5 }), tie('value'), { maxKeys: 4, noNullPrototype: true }),
    ),
  }))
  fc.assert(
    fc.property(value, (input) => {
      const writer = new ByteWriter(100_000)
      writeAmf0(writer, input)
      assert.deepEqual(readAmf0(new ByteReader(writer.view())), input)
    }),
  )
})

test('depth and number of values are bounded', () => {
  const deep = Uint8Array.from(Array.from({ length: 40 }, () => [0x0a, 0, 0, 0, 1]).flat())
  assert.throws(() => readAmf0Values(deep), LimitExceededError)
  assert.throws(() => readAmf0Values(new Uint8Array(70_000).fill(5)), LimitExceededError)
  assert.throws(() => readAmf0Values(hex('0a ffffffff')), MalformedInputError)
  assert.throws(() => readAmf0Values(hex('0a 00000001 070000')), MalformedInputError)
})

test('inherited names are no fields', () => {
  assert.equal(amfField({}, 'constructor'), undefined)
})

test('random bytes give values or our own errors', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.integer({ min: 0, max: 17 }), (bytes, marker) => {
      for (const read of [
        () => readAmf0Values(Uint8Array.of(marker, ...bytes)),
        () => readAmf3(new ByteReader(bytes)),
      ]) {
        try {
          read()
        } catch (error) {
          assert.ok(error instanceof MillraceError)
        }
      }
    }),
    { numRuns: 3000 },
  )
})
