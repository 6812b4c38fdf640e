import type { Retimer, StreamHead, TimeShift } from '../../../media/model/index.ts'

/** The times inside unmasked binary messages. RFC 6455, 5.2. */
export class EnvelopeRetimer implements Retimer {
  readonly rangeMs: number
  readonly #inner: Retimer

  constructor(inner: Retimer) {
    this.#inner = inner
    this.rangeMs = inner.rangeMs
  }

  head(bytes: Uint8Array): StreamHead {
    return this.#inner.head(withoutEnvelopes(bytes))
  }
  shift(bytes: Uint8Array, shift: TimeShift): void {
    for (const payload of payloads(bytes)) this.#inner.shift(payload, shift)
  }
}

/** What the messages carry, one behind the other; new memory. */
export function withoutEnvelopes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(Buffer.concat([...payloads(bytes)]))
}

/** Views on the payloads; the last may be cut off. */
function* payloads(bytes: Uint8Array): Generator<Uint8Array, void, undefined> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = 0; at + 10 <= bytes.length; ) {
    const short = view.getUint8(at + 1) & 127
    const headerBytes = short < 126 ? 2 : short === 126 ? 4 : 10
    const length = short < 126 ? short : short === 126 ? view.getUint16(at + 2) : Number(view.getBigUint64(at + 2))
    yield bytes.subarray(at + headerBytes, at + headerBytes + length)
    at += headerBytes + length
  }
}
