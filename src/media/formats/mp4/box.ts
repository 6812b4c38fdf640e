import { ByteReader, type ByteWriter } from '../../bytes/index.ts'
import { MalformedInputError } from '../../errors.ts'

/** Box of `type` around what `body` writes; the size is filled in afterwards. ISO/IEC 14496-12, 4.2. */
export function box(w: ByteWriter, type: string, body: () => void): void {
  const start = w.length
  w.u32(0)
  w.ascii(type)
  body()
  w.patchU32(start, w.length - start)
}

/** Box with version and flags. ISO/IEC 14496-12, 4.2. */
export function fullBox(w: ByteWriter, type: string, versionAndFlags: VersionAndFlags, body: () => void): void {
  box(w, type, () => {
    w.u8(versionAndFlags.version)
    w.u24(versionAndFlags.flags)
    body()
  })
}

export type VersionAndFlags = { readonly version: number; readonly flags: number }
export const PLAIN: VersionAndFlags = { version: 0, flags: 0 }

/** A box as found in a file. */
export type Box = {
  readonly type: string
  /** Offset of the box in the bytes that the reader runs over. */
  readonly start: number
  readonly sizeBytes: number
  /** Stands on the first byte after the box header and ends with the box. */
  readonly body: ByteReader
}

/** Size and type fields of a box; `sizeBytes` undefined means that the box lasts until the end of the file. */
export type BoxHeader = {
  readonly type: string
  readonly headerBytes: number
  readonly sizeBytes: number | undefined
}

const LARGEST_SIZE = BigInt(Number.MAX_SAFE_INTEGER)

/** ISO/IEC 14496-12, 4.2: 8 bytes, or 16 with a largesize. */
export function readBoxHeader(reader: ByteReader): BoxHeader {
  const start = reader.offset
  const size = reader.u32('size')
  const type = readFourCc(reader, 'type')
  if (size === 0) return { type, headerBytes: 8, sizeBytes: undefined }
  if (size !== 1) return checkedHeader({ type, headerBytes: 8, sizeBytes: size }, start)
  const large = reader.u64('largesize')
  if (large > LARGEST_SIZE) throw new MalformedInputError(type, start, `a box of ${large} bytes`)
  return checkedHeader({ type, headerBytes: 16, sizeBytes: Number(large) }, start)
}

function checkedHeader(header: BoxHeader, start: number): BoxHeader {
  if ((header.sizeBytes ?? 0) < header.headerBytes) {
    throw new MalformedInputError(header.type, start, `size ${header.sizeBytes} is less than the box header`)
  }
  return header
}

export function readFourCc(reader: ByteReader, field: string): string {
  return String.fromCharCode(reader.u8(field), reader.u8(field), reader.u8(field), reader.u8(field))
}

/** The boxes from the reader's position to its end, in file order. A box that does not fit is malformed. */
export function* readBoxes(reader: ByteReader): Generator<Box, void, undefined> {
  while (reader.remaining > 0) {
    const start = reader.offset
    const header = readBoxHeader(reader)
    const sizeBytes = header.sizeBytes ?? reader.end - start
    yield { type: header.type, start, sizeBytes, body: reader.sub(sizeBytes - header.headerBytes, header.type) }
  }
}

/** The children of a box, the last of each type winning; enough where the standard allows one of each. */
export function readChildren(reader: ByteReader): Map<string, ByteReader> {
  const children = new Map<string, ByteReader>()
  for (const child of readBoxes(reader)) children.set(child.type, child.body)
  return children
}

/** The child that the standard makes mandatory. */
export function child(children: ReadonlyMap<string, ByteReader>, type: string, parent: ByteReader): ByteReader {
  const found = children.get(type)
  if (found === undefined) throw new MalformedInputError(type, parent.offset, 'mandatory box is missing')
  return found
}

export function readVersionAndFlags(reader: ByteReader): VersionAndFlags {
  return { version: reader.u8('version'), flags: reader.u24('flags') }
}

/** A 64-bit field whose value must be exact as a number. */
export function readSafeU64(reader: ByteReader, field: string): number {
  const offset = reader.offset
  const value = reader.u64(field)
  if (value > LARGEST_SIZE) throw new MalformedInputError(field, offset, `${value} is past 2^53`)
  return Number(value)
}

/** 32 bits in version 0, 64 bits in version 1: the times and durations of ISO/IEC 14496-12. */
export function readByVersion(reader: ByteReader, version: number, field: string): number {
  return version === 1 ? readSafeU64(reader, field) : reader.u32(field)
}

/** A reader over all of `bytes`. */
export function readerOf(bytes: Uint8Array): ByteReader {
  return new ByteReader(bytes)
}
