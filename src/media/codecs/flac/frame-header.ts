import { ByteReader } from '../../bytes/index.ts'
import { MalformedInputError } from '../../errors.ts'

/** The part of a frame header that gives the block size. RFC 9639, 9.1. */
export function flacSampleCount(frame: Uint8Array): number {
  const r = new ByteReader(frame)
  if ((r.u16('sync code') & 0xfffe) !== 0xfff8) throw new MalformedInputError('sync code', 0, 'is wrong')
  const code = r.u8('block size') >> 4
  if (code === 0) throw new MalformedInputError('block size', 2, 'is reserved')
  if (code === 1) return 192
  if (code < 6) return 576 << (code - 2)
  if (code >= 8) return 256 << (code - 8)
  r.skip(1, 'channel assignment')
  const coded = r.u8('coded number')
  r.skip(Math.max(0, Math.clz32(~(coded << 24)) - 1), 'coded number')
  return (code === 6 ? r.u8('uncommon block size') : r.u16('uncommon block size')) + 1
}
