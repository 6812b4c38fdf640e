import { UnsupportedInputError } from '../../errors.ts'
import { ByteReader } from '../byte-reader.ts'
import type { ByteWriter } from '../byte-writer.ts'
import { encodeUtf8 } from '../utf8.ts'
import {
  AmfBudget,
  AmfDate,
  AmfEcmaArray,
  type AmfLimits,
  type AmfRecord,
  AmfTypedObject,
  type AmfValue,
  DEFAULT_AMF_LIMITS,
} from './amf-value.ts'
import { Amf3Context, readAmf3 } from './amf3.ts'

/** Type markers. Action Message Format AMF0, 2.1. */
const MARKER = {
  number: 0x00,
  boolean: 0x01,
  string: 0x02,
  object: 0x03,
  null: 0x05,
  undefined: 0x06,
  reference: 0x07,
  ecmaArray: 0x08,
  objectEnd: 0x09,
  strictArray: 0x0a,
  date: 0x0b,
  longString: 0x0c,
  unsupported: 0x0d,
  xmlDocument: 0x0f,
  typedObject: 0x10,
  avmplusObject: 0x11,
} as const

/** What the values of one message share: limits and the table that references point into. */
export class Amf0Context {
  readonly budget: AmfBudget
  /** Objects and arrays in the order that they begin; undefined while one is still being read. */
  readonly complex: AmfValue[] = []
  readonly limits: AmfLimits
  constructor(limits: AmfLimits = DEFAULT_AMF_LIMITS) {
    this.limits = limits
    this.budget = new AmfBudget(limits)
  }
}

/** One value. Give the same context for all values of one message. AMF0, 2. */
export function readAmf0(reader: ByteReader, context: Amf0Context = new Amf0Context()): AmfValue {
  const marker = reader.u8('marker')
  const read = READERS[marker]
  if (read === undefined) return reader.fail('marker', `AMF0 type ${marker} is not known`)
  context.budget.enter()
  const value = read(reader, context)
  context.budget.leave()
  return value
}

/** All values of a message body. */
export function readAmf0Values(bytes: Uint8Array, limits: AmfLimits = DEFAULT_AMF_LIMITS): AmfValue[] {
  const reader = new ByteReader(bytes)
  const context = new Amf0Context(limits)
  const values: AmfValue[] = []
  while (reader.remaining > 0) values.push(readAmf0(reader, context))
  return values
}

type ReadValue = (reader: ByteReader, context: Amf0Context) => AmfValue
const READERS: { readonly [marker: number]: ReadValue | undefined } = {
  [MARKER.number]: (reader) => reader.f64('number'),
  [MARKER.boolean]: (reader) => reader.u8('boolean') !== 0,
  [MARKER.string]: (reader) => reader.utf8(reader.u16('string length'), 'string'),
  [MARKER.object]: (reader, context) => complex(context, () => readFields(reader, context)),
  [MARKER.null]: () => null,
  [MARKER.undefined]: () => undefined,
  [MARKER.unsupported]: () => undefined,
  [MARKER.reference]: readReference,
  [MARKER.ecmaArray]: (reader, context) =>
    complex(context, () => {
      reader.skip(4, 'associative count')
      return new AmfEcmaArray(readFields(reader, context))
    }),
  [MARKER.strictArray]: (reader, context) => complex(context, () => readStrictArray(reader, context)),
  [MARKER.date]: (reader) => new AmfDate(reader.f64('date'), reader.i16('time zone')),
  [MARKER.longString]: (reader) => reader.utf8(reader.u32('long string length'), 'long string'),
  [MARKER.xmlDocument]: (reader) => reader.utf8(reader.u32('XML length'), 'XML'),
  [MARKER.typedObject]: (reader, context) =>
    complex(context, () => {
      const className = reader.utf8(reader.u16('class name length'), 'class name')
      return new AmfTypedObject(className, readFields(reader, context))
    }),
  [MARKER.avmplusObject]: (reader, context) => readAmf3(reader, new Amf3Context(context.budget)),
}

function complex(context: Amf0Context, read: () => AmfValue): AmfValue {
  const index = context.complex.push(undefined) - 1
  const value = read()
  context.complex[index] = value
  return value
}

/** A reference to an object that is not finished would make a ring, which no reader expects: refused. AMF0, 2.9. */
function readReference(reader: ByteReader, context: Amf0Context): AmfValue {
  const index = reader.u16('reference')
  const value = context.complex[index]
  return value === undefined ? reader.fail('reference', `${index} is not a finished object`) : value
}

function readFields(reader: ByteReader, context: Amf0Context): AmfRecord {
  const entries: [string, AmfValue][] = []
  while (reader.remaining > 0) {
    const name = reader.utf8(reader.u16('field name length'), 'field name')
    if (name === '' && reader.remaining > 0 && reader.bytes[reader.offset] === MARKER.objectEnd) {
      reader.skip(1, 'object end')
      return Object.fromEntries(entries)
    }
    entries.push([name, readAmf0(reader, context)])
  }
  // Some encoders leave the end marker of the last object out; a message that ends here is whole enough.
  return Object.fromEntries(entries)
}

function readStrictArray(reader: ByteReader, context: Amf0Context): AmfValue[] {
  const count = reader.u32('array count')
  if (count > reader.remaining) return reader.fail('array count', `${count} values do not fit into the message`)
  const values: AmfValue[] = []
  for (let i = 0; i < count; i++) values.push(readAmf0(reader, context))
  return values
}

const MAX_WRITE_DEPTH = 32

/** One value. Strings above 65,535 bytes become long strings. AMF0, 2. */
export function writeAmf0(writer: ByteWriter, value: AmfValue, depth = 0): void {
  if (depth > MAX_WRITE_DEPTH) throw new UnsupportedInputError(`AMF0 value is nested more than ${MAX_WRITE_DEPTH} deep`)
  if (typeof value === 'number') {
    writer.u8(MARKER.number)
    writer.f64(value)
  } else if (typeof value === 'boolean') {
    writer.u8(MARKER.boolean)
    writer.u8(value ? 1 : 0)
  } else if (typeof value === 'string') writeString(writer, value)
  else if (value === null) writer.u8(MARKER.null)
  else if (value === undefined) writer.u8(MARKER.undefined)
  else writeComplex(writer, value, depth)
}

/** Several values one after the other, as messages and script tags hold them. */
export function writeAmf0Values(writer: ByteWriter, values: readonly AmfValue[]): void {
  for (const value of values) writeAmf0(writer, value)
}

function writeComplex(writer: ByteWriter, value: NonNullable<AmfValue> & object, depth: number): void {
  if (value instanceof AmfDate) {
    writer.u8(MARKER.date)
    writer.f64(value.epochMs)
    writer.u16(value.zoneMinutes & 0xffff)
  } else if (value instanceof AmfEcmaArray) {
    writer.u8(MARKER.ecmaArray)
    writer.u32(Object.keys(value.record).length)
    writeFields(writer, value.record, depth)
  } else if (value instanceof AmfTypedObject) {
    writer.u8(MARKER.typedObject)
    writeName(writer, value.className)
    writeFields(writer, value.record, depth)
  } else if (Array.isArray(value)) {
    writer.u8(MARKER.strictArray)
    writer.u32(value.length)
    for (const item of value as readonly AmfValue[]) writeAmf0(writer, item, depth + 1)
  } else if (value instanceof Uint8Array) {
    throw new UnsupportedInputError('AMF0 has no byte arrays')
  } else {
    writer.u8(MARKER.object)
    writeFields(writer, value as AmfRecord, depth)
  }
}

function writeFields(writer: ByteWriter, record: AmfRecord, depth: number): void {
  for (const [name, field] of Object.entries(record)) {
    writeName(writer, name)
    writeAmf0(writer, field, depth + 1)
  }
  writer.u16(0)
  writer.u8(MARKER.objectEnd)
}

function writeName(writer: ByteWriter, name: string): void {
  const bytes = encodeUtf8(name)
  if (bytes.length > 0xffff) throw new UnsupportedInputError('AMF0 names hold at most 65,535 bytes')
  writer.u16(bytes.length)
  writer.bytes(bytes)
}

function writeString(writer: ByteWriter, value: string): void {
  const bytes = encodeUtf8(value)
  if (bytes.length > 0xffff) {
    writer.u8(MARKER.longString)
    writer.u32(bytes.length)
  } else {
    writer.u8(MARKER.string)
    writer.u16(bytes.length)
  }
  writer.bytes(bytes)
}
