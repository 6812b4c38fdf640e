import { encodeUtf8 } from './utf8.ts'

/** Grows as needed; big-endian. `view()` is a view on the inner buffer, valid until the next write or `reset`. */
export class ByteWriter {
  #bytes: Uint8Array<ArrayBuffer>
  #view: DataView
  #length = 0

  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity)
    this.#view = new DataView(this.#bytes.buffer)
  }

  get length(): number {
    return this.#length
  }
  reset(): void {
    this.#length = 0
  }
  /** View on what was written since the last reset. */
  view(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length)
  }
  /** A copy that stays valid. */
  copy(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length)
  }

  u8(value: number): void {
    const at = this.#reserve(1)
    this.#view.setUint8(at, value)
  }
  u16(value: number): void {
    const at = this.#reserve(2)
    this.#view.setUint16(at, value)
  }
  u24(value: number): void {
    const at = this.#reserve(3)
    this.#view.setUint8(at, value >>> 16)
    this.#view.setUint16(at + 1, value & 0xffff)
  }
  u32(value: number): void {
    const at = this.#reserve(4)
    this.#view.setUint32(at, value)
  }
  i32(value: number): void {
    const at = this.#reserve(4)
    this.#view.setInt32(at, value)
  }
  u32le(value: number): void {
    const at = this.#reserve(4)
    this.#view.setUint32(at, value, true)
  }
  u16le(value: number): void {
    const at = this.#reserve(2)
    this.#view.setUint16(at, value, true)
  }
  u64(value: bigint): void {
    const at = this.#reserve(8)
    this.#view.setBigUint64(at, value)
  }
  i64(value: bigint): void {
    const at = this.#reserve(8)
    this.#view.setBigInt64(at, value)
  }
  f64(value: number): void {
    const at = this.#reserve(8)
    this.#view.setFloat64(at, value)
  }
  bytes(value: Uint8Array): void {
    const at = this.#reserve(value.length)
    this.#bytes.set(value, at)
  }
  zeros(count: number): void {
    const at = this.#reserve(count)
    this.#bytes.fill(0, at, at + count)
  }
  ascii(text: string): void {
    const at = this.#reserve(text.length)
    for (let i = 0; i < text.length; i++) this.#bytes[at + i] = text.charCodeAt(i)
  }
  utf8(text: string): void {
    this.bytes(encodeUtf8(text))
  }
  /** Overwrites four bytes written before (box sizes, offsets known late). */
  patchU32(at: number, value: number): void {
    this.#view.setUint32(at, value)
  }
  patchU24(at: number, value: number): void {
    this.#view.setUint8(at, value >>> 16)
    this.#view.setUint16(at + 1, value & 0xffff)
  }

  #reserve(count: number): number {
    const at = this.#length
    const needed = at + count
    if (needed > this.#bytes.length) this.#grow(needed)
    this.#length = needed
    return at
  }
  #grow(needed: number): void {
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
    grown.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = grown
    this.#view = new DataView(grown.buffer)
  }
}
