import { MalformedInputError } from '../errors.ts'

/** Most significant bit first. Reads past the end are a MalformedInputError. */
export class BitReader {
  readonly #bytes: Uint8Array
  #bit: number
  readonly #endBit: number

  constructor(bytes: Uint8Array, firstByte = 0) {
    this.#bytes = bytes
    this.#bit = firstByte * 8
    this.#endBit = bytes.length * 8
  }

  get bitsLeft(): number {
    return this.#endBit - this.#bit
  }
  get bitPosition(): number {
    return this.#bit
  }
  /** u(n), n ≤ 32. */
  bits(count: number, field: string): number {
    if (count > this.bitsLeft) {
      throw new MalformedInputError(field, this.#bit >> 3, `needs ${count} bits, ${this.bitsLeft} are left`)
    }
    let value = 0
    for (let left = count; left > 0; ) {
      const offset = this.#bit & 7
      const taken = Math.min(8 - offset, left)
      const chunk = ((this.#bytes[this.#bit >> 3] ?? 0) >> (8 - offset - taken)) & ((1 << taken) - 1)
      value = value * 2 ** taken + chunk
      this.#bit += taken
      left -= taken
    }
    return value
  }
  flag(field: string): boolean {
    return this.bits(1, field) === 1
  }
  skip(count: number, field: string): void {
    if (count > this.bitsLeft) {
      throw new MalformedInputError(field, this.#bit >> 3, `needs ${count} bits, ${this.bitsLeft} are left`)
    }
    this.#bit += count
  }
  /** ue(v). ITU-T H.264, 9.1. */
  ue(field: string): number {
    let zeros = 0
    while (!this.flag(field)) {
      zeros++
      if (zeros > 32) throw new MalformedInputError(field, this.#bit >> 3, 'Exp-Golomb code is longer than 32 bits')
    }
    return zeros === 0 ? 0 : 2 ** zeros - 1 + this.bits(zeros, field)
  }
  /** se(v). ITU-T H.264, 9.1.1. */
  se(field: string): number {
    const code = this.ue(field)
    return code % 2 === 1 ? (code + 1) / 2 : -code / 2
  }
}
