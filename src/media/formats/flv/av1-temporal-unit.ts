import { ByteReader, ByteWriter } from '../../bytes/index.ts'

const TEMPORAL_DELIMITER = 2
const HAS_SIZE = 0x02
const HAS_EXTENSION = 0x04

type Obu = { readonly header: number; readonly extension: number | undefined; readonly payload: Uint8Array }

/**
 * A temporal unit in canonical form: every OBU with its size, no temporal delimiter. The input itself where it has
 * that form already, which is all that well-behaved encoders send; else new memory. AV1, 5.3 and 5.6.
 */
export function toCanonicalTemporalUnit(data: Uint8Array): Uint8Array {
  const reader = new ByteReader(data)
  const kept: Obu[] = []
  let isCanonical = true
  while (reader.remaining > 0) {
    const obu = readObu(reader)
    if (((obu.header >> 3) & 15) === TEMPORAL_DELIMITER) isCanonical = false
    else {
      if ((obu.header & HAS_SIZE) === 0) isCanonical = false
      kept.push(obu)
    }
  }
  return isCanonical ? data : writeObus(kept, data.length + 16)
}

function readObu(reader: ByteReader): Obu {
  const header = reader.u8('obu_header')
  const extension = (header & HAS_EXTENSION) === 0 ? undefined : reader.u8('obu_extension_header')
  const bytes = (header & HAS_SIZE) === 0 ? reader.remaining : readLeb128(reader)
  return { header, extension, payload: reader.take(bytes, 'OBU') }
}

function writeObus(obus: readonly Obu[], capacity: number): Uint8Array {
  const writer = new ByteWriter(capacity)
  for (const obu of obus) {
    writer.u8(obu.header | HAS_SIZE)
    if (obu.extension !== undefined) writer.u8(obu.extension)
    writeLeb128(writer, obu.payload.length)
    writer.bytes(obu.payload)
  }
  return writer.view()
}

/** AV1, 4.10.5. */
function readLeb128(reader: ByteReader): number {
  let value = 0
  for (let i = 0; i < 8; i++) {
    const byte = reader.u8('obu_size')
    value += (byte & 0x7f) * 2 ** (7 * i)
    if ((byte & 0x80) === 0) return value
  }
  return reader.fail('obu_size', 'leb128 is longer than 8 bytes')
}
function writeLeb128(writer: ByteWriter, value: number): void {
  let left = value
  for (; left > 0x7f; left = Math.floor(left / 128)) writer.u8((left & 0x7f) | 0x80)
  writer.u8(left)
}
