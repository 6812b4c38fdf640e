import { MalformedInputError } from '../../errors.ts'
import { PACKET_BYTES, SYNC_BYTE } from './packet.ts'

/** Plain packets, M2TS with a 4-byte time code in front, and packets with 16 bytes of error correction behind. */
const STRIDES = [188, 192, 204] as const
const LARGEST_STRIDE = 204
/** Sync bytes in a row that make a stride believable. */
const PROOF = 5
const WINDOW_BYTES = (PROOF - 1) * LARGEST_STRIDE + 1
const SNIFF_BYTES = 12
const MAX_SEARCH_BYTES = 65_536
const MAX_RESYNC_BYTES = 1_048_576

/** `at` is where the sync byte stands; the 188 bytes are valid only during the call. */
export type PacketHandler = (bytes: Uint8Array, at: number) => void

/**
 * Cuts bytes, however they are split, into transport packets. Finds the stride (188, 192 or 204) at the start and
 * after a lost sync. Input is read in place; only what a call leaves over is copied.
 */
export class PacketFramer {
  readonly #onPacket: PacketHandler
  readonly #onLost: () => void
  #stride = 0
  #rest = new Uint8Array(LARGEST_STRIDE)
  #restLength = 0
  #searchedBytes = 0
  #everSynced = false
  #sniffed = false

  constructor(onPacket: PacketHandler, onLost: () => void) {
    this.#onPacket = onPacket
    this.#onLost = onLost
  }

  push(bytes: Uint8Array): void {
    let input = bytes
    if (this.#restLength > 0) {
      const from = this.#stride > 0 ? this.#completeRest(bytes) : 0
      if (this.#restLength > 0) {
        this.#append(bytes.subarray(from))
        input = this.#rest.slice(0, this.#restLength)
        this.#restLength = 0
      } else input = bytes.subarray(from)
    }
    this.#keep(input, this.#consume(input, false))
  }

  /** The end: the last packets are taken with less proof. */
  flush(): void {
    const input = this.#rest.slice(0, this.#restLength)
    this.#restLength = 0
    this.#consume(input, true)
  }

  /** Fills the packet that is begun. Returns how much of `bytes` went into it. */
  #completeRest(bytes: Uint8Array): number {
    const wanted = this.#stride - this.#restLength
    if (wanted <= 0 || bytes.length < wanted || this.#rest[0] !== SYNC_BYTE) return 0
    this.#append(bytes.subarray(0, wanted))
    this.#restLength = 0
    this.#onPacket(this.#rest, 0)
    return wanted
  }

  #append(bytes: Uint8Array): void {
    const needed = this.#restLength + bytes.length
    if (needed > this.#rest.length) {
      const grown = new Uint8Array(Math.max(needed, this.#rest.length * 2))
      grown.set(this.#rest.subarray(0, this.#restLength))
      this.#rest = grown
    }
    this.#rest.set(bytes, this.#restLength)
    this.#restLength = needed
  }

  #keep(input: Uint8Array, from: number): void {
    if (from < input.length) this.#append(input.subarray(from))
  }

  /** Returns how much was used. */
  #consume(input: Uint8Array, atEnd: boolean): number {
    if (!this.#sniffed && (input.length >= SNIFF_BYTES || atEnd)) this.#sniff(input)
    let at = 0
    for (;;) {
      if (this.#stride === 0) {
        at = this.#search(input, at, atEnd)
        if (this.#stride === 0) return at
      }
      const stride = this.#stride
      // The last packet may be without what follows it.
      while (at + (atEnd ? PACKET_BYTES : stride) <= input.length && input[at] === SYNC_BYTE) {
        this.#onPacket(input, at)
        at += stride
      }
      if (at >= input.length || input[at] === SYNC_BYTE) return Math.min(at, input.length)
      this.#stride = 0
      this.#searchedBytes = 0
      this.#onLost()
    }
  }

  /** Moves to the first believable sync byte and sets the stride. Independent of how the input was split. */
  #search(input: Uint8Array, from: number, atEnd: boolean): number {
    const last = atEnd ? input.length - PACKET_BYTES : input.length - WINDOW_BYTES
    for (let at = from; at <= last; at++) {
      if (input[at] !== SYNC_BYTE) continue
      const stride = STRIDES.find((candidate) => isProven(input, at, candidate))
      if (stride === undefined) continue
      this.#stride = stride
      this.#everSynced = true
      this.#searchedBytes = 0
      return at
    }
    const next = Math.max(from, last + 1)
    this.#countSearched(next - from, atEnd)
    return next
  }

  #countSearched(count: number, atEnd: boolean): void {
    this.#searchedBytes += count
    const limit = this.#everSynced ? MAX_RESYNC_BYTES : MAX_SEARCH_BYTES
    if (this.#searchedBytes > limit || (atEnd && !this.#everSynced && this.#searchedBytes > 0)) {
      throw new MalformedInputError('sync_byte', this.#searchedBytes, 'no MPEG-TS packets found')
    }
  }

  #sniff(input: Uint8Array): void {
    this.#sniffed = true
    const other = input[4] === SYNC_BYTE ? undefined : foreignFormat(input)
    if (other !== undefined)
      throw new MalformedInputError('sync_byte', 0, `this is not MPEG-TS, it looks like ${other}`)
  }
}

function isProven(input: Uint8Array, at: number, stride: number): boolean {
  let seen = 0
  for (let i = 0; i < PROOF && at + i * stride < input.length; i++) {
    if (input[at + i * stride] !== SYNC_BYTE) return false
    seen++
  }
  return seen > 0
}

const SIGNATURES: readonly (readonly [string, number, string])[] = [
  ['FLV', 0, 'FLV'],
  ['ftyp', 4, 'MP4'],
  ['styp', 4, 'MP4'],
  ['moov', 4, 'MP4'],
  ['moof', 4, 'MP4'],
  ['\x1aE\xdf\xa3', 0, 'Matroska or WebM (EBML)'],
  ['OggS', 0, 'Ogg'],
  ['RIFF', 0, 'RIFF'],
  ['ID3', 0, 'an audio file with an ID3 tag'],
  ['#EXTM3U', 0, 'an HLS playlist'],
  ['<?xml', 0, 'XML'],
]

function foreignFormat(input: Uint8Array): string | undefined {
  return SIGNATURES.find(([text, at]) => {
    for (let i = 0; i < text.length; i++) if (input[at + i] !== text.charCodeAt(i)) return false
    return true
  })?.[2]
}
