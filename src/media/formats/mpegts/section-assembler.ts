import { crc32 } from './crc32.ts'

const HEADER_BYTES = 3
const MAX_SECTION_BYTES = 1024
const STUFFING_TABLE_ID = 0xff

/**
 * Joins PSI sections that are spread over packets and checks their CRC. ISO/IEC 13818-1, 2.4.4.
 * Sections that are damaged, too long or not current are left out: they are repeated soon.
 */
export class SectionAssembler {
  readonly #onSection: (section: Uint8Array) => void
  readonly #buffer = new Uint8Array(MAX_SECTION_BYTES + 188)
  #length = 0
  #active = false

  constructor(onSection: (section: Uint8Array) => void) {
    this.#onSection = onSection
  }

  /** After a lost packet. */
  reset(): void {
    this.#length = 0
    this.#active = false
  }

  /** `payload` is a packet's payload; `starts` its payload_unit_start_indicator. */
  push(payload: Uint8Array, starts: 'unit start' | 'continuation'): void {
    if (starts === 'continuation') {
      if (this.#active) this.#add(payload)
      return
    }
    const pointer = payload[0] ?? 0
    if (1 + pointer > payload.length) return this.reset()
    if (this.#active) this.#add(payload.subarray(1, 1 + pointer))
    this.#length = 0
    this.#active = true
    this.#add(payload.subarray(1 + pointer))
  }

  #add(bytes: Uint8Array): void {
    if (this.#length + bytes.length > this.#buffer.length) return this.reset()
    this.#buffer.set(bytes, this.#length)
    this.#length += bytes.length
    this.#takeSections()
  }

  #takeSections(): void {
    let at = 0
    while (this.#length - at >= HEADER_BYTES) {
      if (this.#buffer[at] === STUFFING_TABLE_ID) return this.reset()
      const size = HEADER_BYTES + ((((this.#buffer[at + 1] ?? 0) & 15) << 8) | (this.#buffer[at + 2] ?? 0))
      if (size > MAX_SECTION_BYTES) return this.reset()
      if (this.#length - at < size) break
      this.#take(this.#buffer.subarray(at, at + size))
      at += size
    }
    this.#buffer.copyWithin(0, at, this.#length)
    this.#length -= at
  }

  #take(section: Uint8Array): void {
    const hasSyntax = ((section[1] ?? 0) & 0x80) !== 0
    const isCurrent = ((section[5] ?? 0) & 1) === 1
    if (section.length >= 12 && hasSyntax && isCurrent && crc32(section) === 0) this.#onSection(section)
  }
}
