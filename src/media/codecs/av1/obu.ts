import { MalformedInputError } from '../../errors.ts'

/** obu_type. AV1 Bitstream & Decoding Process Specification, 6.2.2. */
export const OBU = {
  sequenceHeader: 1,
  temporalDelimiter: 2,
  frameHeader: 3,
  tileGroup: 4,
  metadata: 5,
  frame: 6,
  redundantFrameHeader: 7,
  tileList: 8,
  padding: 15,
} as const

/** One open bitstream unit. AV1 specification, 5.3. Views on the input. */
export type Obu = {
  readonly type: number
  /** Header, size field and payload as they stand in the input. */
  readonly bytes: Uint8Array
  /** 1, or 2 with the extension. */
  readonly headerBytes: number
  readonly hasSizeField: boolean
  readonly payload: Uint8Array
}

/** The OBUs of low-overhead data; only the last may be without its size field. */
export function readObus(data: Uint8Array): Obu[] {
  const obus: Obu[] = []
  for (let at = 0; at < data.length; ) {
    const obu = readObu(data, at)
    obus.push(obu)
    at += obu.bytes.length
  }
  return obus
}

function readObu(data: Uint8Array, at: number): Obu {
  const head = data[at] ?? 0
  if ((head & 0x80) !== 0) throw new MalformedInputError('obu_forbidden_bit', at, 'is set')
  const headerBytes = (head & 4) === 0 ? 1 : 2
  const hasSizeField = (head & 2) !== 0
  const size = hasSizeField ? readLeb128(data, at + headerBytes) : { value: data.length - at - headerBytes, bytes: 0 }
  const start = at + headerBytes + size.bytes
  const end = start + size.value
  if (size.value < 0 || end > data.length) {
    throw new MalformedInputError('obu_size', at, `${size.value} bytes, ${data.length - start} are left`)
  }
  const type = (head >> 3) & 15
  return { type, bytes: data.subarray(at, end), headerBytes, hasSizeField, payload: data.subarray(start, end) }
}

/** leb128(). AV1 specification, 4.10.5. */
export function readLeb128(data: Uint8Array, at: number): { value: number; bytes: number } {
  let value = 0
  for (let i = 0; i < 8; i++) {
    const byte = data[at + i]
    if (byte === undefined) throw new MalformedInputError('leb128', at, 'is cut off')
    value += (byte & 127) * 2 ** (7 * i)
    if (byte < 128) {
      if (value > 0xffffffff) break
      return { value, bytes: i + 1 }
    }
  }
  throw new MalformedInputError('leb128', at, 'is larger than 32 bits')
}

/** The shortest form. */
export function writeLeb128(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = value
  do {
    const more = rest >= 128
    bytes.push((rest & 127) | (more ? 128 : 0))
    rest = Math.floor(rest / 128)
  } while (rest > 0)
  return Uint8Array.from(bytes)
}

/** The OBU with obu_has_size_field 1; its own bytes where it has the field already. */
export function withSizeField(obu: Obu): Uint8Array {
  if (obu.hasSizeField) return obu.bytes
  const size = writeLeb128(obu.payload.length)
  const out = new Uint8Array(obu.headerBytes + size.length + obu.payload.length)
  out.set(obu.bytes.subarray(0, obu.headerBytes))
  out[0] = (obu.bytes[0] ?? 0) | 2
  out.set(size, obu.headerBytes)
  out.set(obu.payload, obu.headerBytes + size.length)
  return out
}

/**
 * A temporal unit in canonical form: every OBU with its size field, temporal delimiters, tile lists and padding left
 * out (AV1 ISOBMFF binding, 2.4). The input itself where it is canonical already.
 */
export function toCanonicalTemporalUnit(data: Uint8Array): Uint8Array {
  return joinObus(readObus(data), data)
}

/** Canonical form of OBUs; `whole` is returned when they are all of it and need no change. */
export function joinObus(obus: readonly Obu[], whole?: Uint8Array): Uint8Array {
  const kept = obus.filter(
    (obu) => obu.type !== OBU.temporalDelimiter && obu.type !== OBU.tileList && obu.type !== OBU.padding,
  )
  if (whole !== undefined && kept.length === obus.length && kept.every((obu) => obu.hasSizeField)) return whole
  const parts = kept.map(withSizeField)
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

const KEY_FRAME = 0

/**
 * Whether the first frame of the temporal unit is a shown key frame (frame_type KEY_FRAME, show_frame 1).
 * AV1 specification, 5.9.2. Never throws: damaged data is no key frame.
 */
export function isAv1Keyframe(data: Uint8Array): boolean {
  try {
    for (const obu of readObus(data)) {
      const first = obu.payload[0] ?? 0
      // reduced_still_picture_header: such a sequence has nothing but key frames.
      if (obu.type === OBU.sequenceHeader && (first & 8) !== 0) return true
      if (obu.type !== OBU.frame && obu.type !== OBU.frameHeader) continue
      return first >> 7 === 0 && ((first >> 5) & 3) === KEY_FRAME && ((first >> 4) & 1) === 1
    }
    return false
  } catch (error) {
    if (error instanceof MalformedInputError) return false
    throw error
  }
}
