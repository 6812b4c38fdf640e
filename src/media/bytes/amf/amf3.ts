import { UnsupportedInputError } from '../../errors.ts'
import type { ByteReader } from '../byte-reader.ts'
import { AmfBudget, AmfDate, AmfEcmaArray, AmfTypedObject, type AmfValue } from './amf-value.ts'

type Traits = { readonly className: string; readonly names: readonly string[]; readonly isDynamic: boolean }

/** The reference tables of one AMF3 value sequence. AMF3, 2.2. */
export class Amf3Context {
  readonly budget: AmfBudget
  readonly strings: string[] = []
  readonly objects: AmfValue[] = []
  readonly traits: Traits[] = []
  constructor(budget: AmfBudget = new AmfBudget()) {
    this.budget = budget
  }
}

/** One value. Dictionaries and externalizable classes are UnsupportedInputError. AMF3, 3. */
export function readAmf3(reader: ByteReader, context: Amf3Context = new Amf3Context()): AmfValue {
  const marker = reader.u8('AMF3 marker')
  const read = READERS[marker]
  if (read === undefined) return reader.fail('AMF3 marker', `type ${marker} is not known`)
  context.budget.enter()
  const value = read(reader, context)
  context.budget.leave()
  return value
}

type ReadValue = (reader: ByteReader, context: Amf3Context) => AmfValue
const READERS: { readonly [marker: number]: ReadValue | undefined } = {
  0: () => undefined,
  1: () => null,
  2: () => false,
  3: () => true,
  4: (reader) => (readU29(reader) << 3) >> 3,
  5: (reader) => reader.f64('double'),
  6: readString,
  7: readXml,
  8: (reader, context) => referable(reader, context, () => new AmfDate(reader.f64('date'))),
  9: (reader, context) => referable(reader, context, (count) => readArray(reader, context, count)),
  10: (reader, context) => referable(reader, context, (header) => readObject(reader, context, header)),
  11: readXml,
  12: (reader, context) => referable(reader, context, (length) => reader.take(length, 'byte array').slice()),
  13: (reader, context) => readVector(reader, context, () => reader.i32('vector item')),
  14: (reader, context) => readVector(reader, context, () => reader.u32('vector item')),
  15: (reader, context) => readVector(reader, context, () => reader.f64('vector item')),
  16: (reader, context) =>
    referable(reader, context, (count) => {
      reader.skip(1, 'fixed vector')
      readString(reader, context)
      return readItems(reader, count, () => readAmf3(reader, context))
    }),
  17: () => {
    throw new UnsupportedInputError('AMF3 dictionaries are not read')
  },
}

/** Variable length unsigned 29-bit integer. AMF3, 1.3.1. */
function readU29(reader: ByteReader): number {
  let value = 0
  for (let i = 0; i < 3; i++) {
    const byte = reader.u8('U29')
    value = (value << 7) | (byte & 0x7f)
    if ((byte & 0x80) === 0) return value
  }
  return (value << 8) | reader.u8('U29')
}

function readString(reader: ByteReader, context: Amf3Context): string {
  const header = readU29(reader)
  if ((header & 1) === 0) {
    const known = context.strings[header >> 1]
    return known === undefined ? reader.fail('string reference', `${header >> 1} is not known`) : known
  }
  const text = reader.utf8(header >> 1, 'AMF3 string')
  if (text !== '') context.strings.push(text)
  return text
}

function readXml(reader: ByteReader, context: Amf3Context): AmfValue {
  return referable(reader, context, (length) => reader.utf8(length, 'XML'))
}

/** `read` gets the header without its lowest bit. References to unfinished objects are refused, as in AMF0. */
function referable(reader: ByteReader, context: Amf3Context, read: (header: number) => AmfValue): AmfValue {
  const header = readU29(reader)
  if ((header & 1) === 0) {
    const known = context.objects[header >> 1]
    return known === undefined ? reader.fail('object reference', `${header >> 1} is not a finished object`) : known
  }
  const index = context.objects.push(undefined) - 1
  const value = read(header >> 1)
  context.objects[index] = value
  return value
}

function readItems(reader: ByteReader, count: number, read: () => AmfValue): AmfValue[] {
  if (count > reader.remaining) return reader.fail('count', `${count} values do not fit into the message`)
  const values: AmfValue[] = []
  for (let i = 0; i < count; i++) values.push(read())
  return values
}

function readVector(reader: ByteReader, context: Amf3Context, item: () => number): AmfValue {
  return referable(reader, context, (count) => {
    reader.skip(1, 'fixed vector')
    return readItems(reader, count, item)
  })
}

/** Dense items only give an array, with associative ones an ECMA array. AMF3, 3.11. */
function readArray(reader: ByteReader, context: Amf3Context, count: number): AmfValue {
  const named: [string, AmfValue][] = []
  for (let name = readString(reader, context); name !== ''; name = readString(reader, context)) {
    named.push([name, readAmf3(reader, context)])
  }
  const dense = readItems(reader, count, () => readAmf3(reader, context))
  if (named.length === 0) return dense
  return new AmfEcmaArray(Object.fromEntries([...named, ...dense.map((value, i) => [`${i}`, value] as const)]))
}

function readTraits(reader: ByteReader, context: Amf3Context, header: number): Traits {
  if ((header & 1) === 0) {
    const known = context.traits[header >> 1]
    return known === undefined ? reader.fail('traits reference', `${header >> 1} is not known`) : known
  }
  if ((header & 2) !== 0) throw new UnsupportedInputError('AMF3 externalizable classes are not read')
  const className = readString(reader, context)
  const count = header >> 3
  if (count > reader.remaining) return reader.fail('traits', `${count} names do not fit into the message`)
  const names: string[] = []
  for (let i = 0; i < count; i++) names.push(readString(reader, context))
  const traits = { className, names, isDynamic: (header & 4) !== 0 }
  context.traits.push(traits)
  return traits
}

/** AMF3, 3.12. */
function readObject(reader: ByteReader, context: Amf3Context, header: number): AmfValue {
  const traits = readTraits(reader, context, header)
  const entries: [string, AmfValue][] = []
  for (const name of traits.names) entries.push([name, readAmf3(reader, context)])
  if (traits.isDynamic) {
    for (let name = readString(reader, context); name !== ''; name = readString(reader, context)) {
      entries.push([name, readAmf3(reader, context)])
    }
  }
  const record = Object.fromEntries(entries)
  return traits.className === '' ? record : new AmfTypedObject(traits.className, record)
}
