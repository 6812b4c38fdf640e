import type { ByteWriter } from '../../../bytes/index.ts'
import { box } from '../box.ts'

/** Major brand first; it is repeated among the compatible ones. */
export type Brands = readonly [string, ...string[]]

/** File Type. ISO/IEC 14496-12, 4.3. */
export function ftyp(w: ByteWriter, brands: Brands): void {
  box(w, 'ftyp', () => {
    w.ascii(brands[0])
    w.u32(0) // minor_version
    for (const brand of brands) w.ascii(brand)
  })
}

/** Most bytes that a 32-bit box size can hold beside its 8-byte header. */
const LARGEST_COMPACT_PAYLOAD_BYTES = 0xffff_ffff - 8

/** Bytes of the Media Data box's header for this much payload. */
export function mdatHeaderBytes(payloadBytes: number): number {
  return payloadBytes > LARGEST_COMPACT_PAYLOAD_BYTES ? 16 : 8
}

/** Header of a Media Data box whose payload is written by someone else. ISO/IEC 14496-12, 8.1.1. */
export function mdatHeader(w: ByteWriter, payloadBytes: number): void {
  const headerBytes = mdatHeaderBytes(payloadBytes)
  w.u32(headerBytes === 16 ? 1 : payloadBytes + 8)
  w.ascii('mdat')
  if (headerBytes === 16) w.u64(BigInt(payloadBytes + 16))
}
