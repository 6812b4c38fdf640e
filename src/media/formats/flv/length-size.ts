import { ByteReader, ByteWriter } from '../../bytes/index.ts'

/** Where the low two bits of a byte say lengthSizeMinusOne. ISO/IEC 14496-15, 5.3.3.1 and 8.3.3.1. */
const LENGTH_SIZE_AT = { h264: 4, h265: 21 } as const

/** Bytes of a NAL unit's length in the frames that go with this record. */
export function nalLengthSize(codec: 'h264' | 'h265', config: Uint8Array): number {
  return ((config[LENGTH_SIZE_AT[codec]] ?? 3) & 3) + 1
}

/** The record with lengthSizeMinusOne 3; always a copy of its own. */
export function withLengthSize4(codec: 'h264' | 'h265', config: Uint8Array): Uint8Array {
  const copy = config.slice()
  const at = LENGTH_SIZE_AT[codec]
  if (at < copy.length) copy[at] = (copy[at] ?? 0) | 3
  return copy
}

/** The same NAL units with 4-byte lengths, in new memory. */
export function toLengthSize4(data: Uint8Array, lengthSize: number): Uint8Array {
  const reader = new ByteReader(data)
  // The most that empty NAL units can grow to.
  const writer = new ByteWriter(Math.ceil((data.length * 4) / lengthSize))
  while (reader.remaining > 0) {
    let length = 0
    for (let i = 0; i < lengthSize; i++) length = length * 256 + reader.u8('NALUnitLength')
    writer.u32(length)
    writer.bytes(reader.take(length, 'NAL unit'))
  }
  return writer.view()
}
