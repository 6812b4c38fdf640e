import { MalformedInputError } from '../errors.ts'
import { decodeUtf8 } from './utf8.ts'

/**
 * Reads big-endian fields by name. Truncation is a MalformedInputError that names the field and the offset.
 * `take` returns views on the input, never copies.
 */
export class ByteReader {
  readonly bytes: Uint8Array
  readonly #view: DataView
  offset: number
  readonly end: number

  constructor(bytes: Uint8Array, offset = 0, end = bytes.length) {
    this.bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.offset = offset
    this.end = end
  }

  get remaining(): number {
    return this.end - this.offset
  }

  u8(field: string): number {
    return this.#view.getUint8(this.#advance(1, field))
  }
  i8(field: string): number {
    return this.#view.getInt8(this.#advance(1, field))
  }
  u16(field: string): number {
    return this.#view.getUint16(this.#advance(2, field))
  }
  i16(field: string): number {
    return this.#view.getInt16(this.#advance(2, field))
  }
  u24(field: string): number {
    const at = this.#advance(3, field)
    return (this.#view.getUint16(at) << 8) | this.#view.getUint8(at + 2)
  }
  i24(field: string): number {
    return (this.u24(field) << 8) >> 8
  }
  u32(field: string): number {
    return this.#view.getUint32(this.#advance(4, field))
  }
  i32(field: string): number {
    return this.#view.getInt32(this.#advance(4, field))
  }
  u32le(field: string): number {
    return this.#view.getUint32(this.#advance(4, field), true)
  }
  u16le(field: string): number {
    return this.#view.getUint16(this.#advance(2, field), true)
  }
  u64(field: string): bigint {
    return this.#view.getBigUint64(this.#advance(8, field))
  }
  i64(field: string): bigint {
    return this.#view.getBigInt64(this.#advance(8, field))
  }
  f64(field: string): number {
    return this.#view.getFloat64(this.#advance(8, field))
  }
  /** A view of `length` bytes; valid as long as the input is. */
  take(length: number, field: string): Uint8Array {
    const at = this.#advance(length, field)
    return this.bytes.subarray(at, at + length)
  }
  rest(): Uint8Array {
    return this.take(this.remaining, 'rest')
  }
  skip(length: number, field: string): void {
    this.#advance(length, field)
  }
  utf8(length: number, field: string): string {
    return decodeUtf8(this.take(length, field))
  }
  /** A reader over the next `length` bytes, which this reader skips. */
  sub(length: number, field: string): ByteReader {
    const at = this.#advance(length, field)
    return new ByteReader(this.bytes, at, at + length)
  }
  fail(field: string, problem: string): never {
    throw new MalformedInputError(field, this.offset, problem)
  }

  #advance(length: number, field: string): number {
    const at = this.offset
    if (length < 0 || length > this.end - at) {
      throw new MalformedInputError(field, at, `needs ${length} bytes, ${this.end - at} are left`)
    }
    this.offset = at + length
    return at
  }
}
