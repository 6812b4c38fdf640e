import { MalformedInputError } from '../../errors.ts'

/** Every canonical NAL unit has a length field of this size. */
export const LENGTH_BYTES = 4

/**
 * Index of the next 00 00 01 at or after `from` and before `end`, or `end` where there is none.
 * ITU-T H.264, B.1.1.
 */
export function findStartCode(bytes: Uint8Array, from: number, end = bytes.length): number {
  let at = from + 2
  while (at < end) {
    const byte = bytes[at] ?? 0
    if (byte > 1) at += 3
    else if (byte === 0) at += 1
    else if (bytes[at - 1] === 0 && bytes[at - 2] === 0) return at - 2
    else at += 3
  }
  return end
}

/** NAL units of an Annex B byte stream, as views without start codes and trailing zero bytes; empty ones are left out. */
export function splitAnnexB(bytes: Uint8Array): Uint8Array[] {
  const units: Uint8Array[] = []
  let start = findStartCode(bytes, 0) + 3
  while (start < bytes.length) {
    const next = findStartCode(bytes, start)
    let end = next
    while (end > start && bytes[end - 1] === 0) end--
    if (end > start) units.push(bytes.subarray(start, end))
    start = next + 3
  }
  return units
}

/** NAL units of length-prefixed data, as views; empty ones are left out. ISO/IEC 14496-15, 5.3.4.2. */
export function splitLengthPrefixed(data: Uint8Array, lengthBytes = LENGTH_BYTES): Uint8Array[] {
  const units: Uint8Array[] = []
  let at = 0
  while (at < data.length) {
    if (at + lengthBytes > data.length) throw new MalformedInputError('NALUnitLength', at, 'is cut off')
    let length = 0
    for (let i = 0; i < lengthBytes; i++) length = length * 256 + (data[at + i] ?? 0)
    at += lengthBytes
    if (length > data.length - at) {
      throw new MalformedInputError('NALUnitLength', at - lengthBytes, `${length} bytes, ${data.length - at} are left`)
    }
    if (length > 0) units.push(data.subarray(at, at + length))
    at += length
  }
  return units
}

/** A new buffer with 4-byte lengths in front of every unit. */
export function joinLengthPrefixed(units: readonly Uint8Array[]): Uint8Array {
  let size = 0
  for (const unit of units) size += LENGTH_BYTES + unit.length
  const out = new Uint8Array(size)
  const view = new DataView(out.buffer)
  let at = 0
  for (const unit of units) {
    view.setUint32(at, unit.length)
    out.set(unit, at + LENGTH_BYTES)
    at += LENGTH_BYTES + unit.length
  }
  return out
}

/** A new buffer with the four-byte start code in front of every unit. */
export function joinAnnexB(units: readonly Uint8Array[]): Uint8Array {
  const out = joinLengthPrefixed(units)
  let at = 0
  for (const unit of units) {
    out.fill(0, at, at + 3)
    out[at + 3] = 1
    at += LENGTH_BYTES + unit.length
  }
  return out
}

/** Annex B to 4-byte lengths. */
export function annexBToLengthPrefixed(bytes: Uint8Array): Uint8Array {
  return joinLengthPrefixed(splitAnnexB(bytes))
}

/** 4-byte lengths to Annex B. */
export function lengthPrefixedToAnnexB(data: Uint8Array): Uint8Array {
  return joinAnnexB(splitLengthPrefixed(data))
}

/** Length fields of 1, 2 or 3 bytes to the canonical 4; the input itself where they are 4 already. */
export function toCanonicalLengths(data: Uint8Array, lengthBytes: number): Uint8Array {
  return lengthBytes === LENGTH_BYTES ? data : joinLengthPrefixed(splitLengthPrefixed(data, lengthBytes))
}

/** NAL unit payload without emulation_prevention_three_byte; a copy only where there is one. ITU-T H.264, 7.3.1. */
export function removeEmulationPrevention(unit: Uint8Array): Uint8Array {
  let first = 2
  while (first < unit.length && !(unit[first] === 3 && unit[first - 1] === 0 && unit[first - 2] === 0)) first++
  if (first >= unit.length) return unit
  const out = new Uint8Array(unit.length)
  out.set(unit.subarray(0, first))
  let length = first
  let zeros = 0
  for (let at = first + 1; at < unit.length; at++) {
    const byte = unit[at] ?? 0
    if (zeros >= 2 && byte === 3) {
      zeros = 0
      continue
    }
    out[length++] = byte
    zeros = byte === 0 ? zeros + 1 : 0
  }
  return out.subarray(0, length)
}

/** Same bytes. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
