import { LENGTH_BYTES } from '../nal/index.ts'

/** nal_unit_type. ITU-T H.265, table 7-1. */
export const H265_NAL = {
  firstIrap: 16,
  lastIrap: 23,
  lastVcl: 31,
  vps: 32,
  sps: 33,
  pps: 34,
  accessUnitDelimiter: 35,
  endOfSequence: 36,
  endOfBitstream: 37,
  filler: 38,
  prefixSei: 39,
  suffixSei: 40,
} as const

export function h265NalType(unit: Uint8Array): number {
  return ((unit[0] ?? 0) >> 1) & 63
}

/**
 * Whether the access unit (4-byte lengths) is an IRAP picture: IDR, CRA or BLA. Never throws: damaged lengths end
 * the search.
 */
export function isH265Keyframe(data: Uint8Array): boolean {
  let at = 0
  while (at + LENGTH_BYTES < data.length) {
    const length =
      ((data[at] ?? 0) << 24) | ((data[at + 1] ?? 0) << 16) | ((data[at + 2] ?? 0) << 8) | (data[at + 3] ?? 0)
    at += LENGTH_BYTES
    if (length < 0) return false
    const type = ((data[at] ?? 0) >> 1) & 63
    if (length > 0 && type <= H265_NAL.lastVcl) return type >= H265_NAL.firstIrap && type <= H265_NAL.lastIrap
    at += length
  }
  return false
}
