import { BitReader } from '../../bytes/index.ts'
import { MalformedInputError } from '../../errors.ts'
import { LENGTH_BYTES, readSeiMessages } from '../nal/index.ts'

/** nal_unit_type. ITU-T H.264, table 7-1. */
export const H264_NAL = {
  slice: 1,
  partitionA: 2,
  idrSlice: 5,
  sei: 6,
  sps: 7,
  pps: 8,
  accessUnitDelimiter: 9,
  endOfSequence: 10,
  endOfStream: 11,
  filler: 12,
  spsExtension: 13,
} as const

const SEI_RECOVERY_POINT = 6

export function h264NalType(unit: Uint8Array): number {
  return (unit[0] ?? 0) & 31
}

/**
 * Whether a decoder can start at this access unit (4-byte lengths): an IDR picture, or a recovery point SEI message
 * with recovery_frame_cnt 0 (ITU-T H.264, D.2.8), as broadcast and camera streams with open groups of pictures
 * have it in place of IDR pictures. Never throws: damaged lengths end the search.
 */
export function isH264Keyframe(data: Uint8Array): boolean {
  let at = 0
  while (at + LENGTH_BYTES < data.length) {
    const length =
      ((data[at] ?? 0) << 24) | ((data[at + 1] ?? 0) << 16) | ((data[at + 2] ?? 0) << 8) | (data[at + 3] ?? 0)
    at += LENGTH_BYTES
    const type = (data[at] ?? 0) & 31
    if (length > 0 && type === H264_NAL.idrSlice) return true
    if (type === H264_NAL.slice || type === H264_NAL.partitionA || length < 0) return false
    if (type === H264_NAL.sei && hasRecoveryPoint(data.subarray(at, at + length))) return true
    at += length
  }
  return false
}

function hasRecoveryPoint(unit: Uint8Array): boolean {
  const point = readSeiMessages(unit, 1).find(({ type }) => type === SEI_RECOVERY_POINT)
  return point !== undefined && recoveryFrameCount(point.payload) === 0
}

function recoveryFrameCount(payload: Uint8Array): number {
  try {
    return new BitReader(payload).ue('recovery_frame_cnt')
  } catch (error) {
    if (error instanceof MalformedInputError) return -1
    throw error
  }
}
