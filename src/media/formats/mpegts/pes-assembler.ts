import { LimitExceededError, MalformedInputError } from '../../errors.ts'
import { type PesHeader, readPesHeader } from './pes-header.ts'

/** What the payload after a packet begins with; unknown for a bounded packet, which is given before the next is seen. */
export type Following = 'start code' | 'other' | 'unknown'

/** One PES packet's payload with its raw times. `payload` is valid only during the call. */
export type PesPacket = { readonly header: PesHeader; readonly payload: Uint8Array; readonly following: Following }

const FIRST_CAPACITY = 16_384
const LENGTH_FIELD_END = 6
const FLAGS_AT = 7

/** Joins the payloads of one PID's packets into PES packets. ISO/IEC 13818-1, 2.4.3.6. */
export class PesAssembler {
  readonly #onPacket: (packet: PesPacket) => void
  readonly #onDropped: () => void
  readonly #maxBytes: number
  #buffer = new Uint8Array(FIRST_CAPACITY)
  #length = 0
  /** Bytes that the packet will have; 0 while that is unknown or unbounded. */
  #expected = 0
  #state: 'idle' | 'filling' | 'damaged' = 'idle'

  constructor(maxBytes: number, onPacket: (packet: PesPacket) => void, onDropped: () => void) {
    this.#maxBytes = maxBytes
    this.#onPacket = onPacket
    this.#onDropped = onDropped
  }

  /** A transport packet of this PID was lost: what is being filled has a hole. */
  damage(): void {
    if (this.#state === 'filling' && this.#length > 0) {
      this.#state = 'damaged'
      this.#length = 0
      this.#onDropped()
    }
  }

  /** A transport packet with payload_unit_start_indicator: bytes[from, to) begin a PES packet. */
  start(bytes: Uint8Array, from: number, to: number): void {
    if (this.#state === 'filling' && this.#expected === 0 && this.#continuesVideo(bytes, from, to)) {
      const skipped = from + FLAGS_AT + 2 + (bytes[from + FLAGS_AT + 1] ?? 0)
      return this.#append(bytes, Math.min(skipped, to), to)
    }
    this.#end(followingOf(bytes, from, to))
    this.#state = 'filling'
    this.#length = 0
    this.#expected = 0
    this.#append(bytes, from, to)
  }

  continue(bytes: Uint8Array, from: number, to: number): void {
    if (this.#state === 'filling') this.#append(bytes, from, to)
  }

  /** The stream ends. */
  end(): void {
    this.#end('start code')
  }

  /** The next packet starts, or the stream ends: an unbounded packet is whole, a bounded one is not. */
  #end(following: Following): void {
    if (this.#state !== 'filling') return
    if (this.#expected > 0) this.#drop()
    else if (this.#length > 0) this.#deliver(this.#length, following)
  }

  /** A video PES packet without PTS goes on with the access unit of an unbounded one before it. */
  #continuesVideo(bytes: Uint8Array, from: number, to: number): boolean {
    const isVideo = to - from > FLAGS_AT + 1 && ((bytes[from + 3] ?? 0) & 0xf0) === 0xe0 && this.#length > 0
    return isVideo && (bytes[from + FLAGS_AT] ?? 0) >> 6 === 0 && bytes[from + 2] === 1
  }

  #append(bytes: Uint8Array, from: number, to: number): void {
    const needed = this.#length + to - from
    if (needed > this.#maxBytes) {
      this.#drop()
      throw new LimitExceededError(`PES packet is larger than ${this.#maxBytes} bytes`)
    }
    if (needed > this.#buffer.length) this.#grow(needed)
    this.#buffer.set(bytes.subarray(from, to), this.#length)
    const knewLength = this.#length >= LENGTH_FIELD_END
    this.#length = needed
    if (!knewLength && needed >= LENGTH_FIELD_END) {
      const length = ((this.#buffer[4] ?? 0) << 8) | (this.#buffer[5] ?? 0)
      this.#expected = length === 0 ? 0 : LENGTH_FIELD_END + length
    }
    if (this.#expected > 0 && this.#length >= this.#expected) this.#deliver(this.#expected, 'unknown')
  }

  #deliver(length: number, following: Following): void {
    this.#state = 'idle'
    this.#length = 0
    this.#expected = 0
    const packet = this.#buffer.subarray(0, length)
    const header = readHeaderOrNothing(packet)
    if (header === undefined) this.#onDropped()
    else this.#onPacket({ header, payload: packet.subarray(header.headerBytes), following })
  }

  #drop(): void {
    this.#state = 'idle'
    this.#length = 0
    this.#expected = 0
    this.#onDropped()
  }

  #grow(needed: number): void {
    const grown = new Uint8Array(Math.max(needed, this.#buffer.length * 2))
    grown.set(this.#buffer.subarray(0, this.#length))
    this.#buffer = grown
  }
}

/** The start of a PES packet that is not whole yet; its header may be cut off. */
function followingOf(bytes: Uint8Array, from: number, to: number): Following {
  const at = from + FLAGS_AT + 2 + (bytes[from + FLAGS_AT + 1] ?? 0)
  if (at + 3 > to) return 'start code'
  const isStart = bytes[at] === 0 && bytes[at + 1] === 0 && (bytes[at + 2] ?? 0) <= 1
  return isStart ? 'start code' : 'other'
}

function readHeaderOrNothing(packet: Uint8Array): PesHeader | undefined {
  try {
    return readPesHeader(packet)
  } catch (error) {
    if (error instanceof MalformedInputError) return undefined
    throw error
  }
}
