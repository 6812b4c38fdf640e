import type { VideoCodecId } from '../../model/index.ts'
import { OBU, readLeb128, readObus } from '../av1/index.ts'
import { H264_NAL } from '../h264/index.ts'
import { H265_NAL } from '../h265/index.ts'
import { LENGTH_BYTES, readSeiMessages } from '../nal/index.ts'

/** user_data_registered_itu_t_t35. ITU-T H.274, 8.6; of H.264 and H.265 alike. */
const SEI_T35 = 4
/** metadata_type METADATA_TYPE_ITUT_T35. AV1 specification, 6.7.1. */
const AV1_METADATA_T35 = 4
const H265_HEADER_BYTES = 2

/**
 * User data registered by ITU-T T.35 in front of the picture of an access unit in canonical form. Damaged units give what
 * can be read; MalformedInputError is for AV1 alone.
 */
export function t35Payloads(codec: VideoCodecId, unit: Uint8Array): Uint8Array[] {
  if (codec === 'h264')
    return ofNalUnits(unit, { typeOf: (head) => head & 31, isPicture: isH264Picture, sei: H264_SEI })
  if (codec === 'h265')
    return ofNalUnits(unit, { typeOf: (head) => (head >> 1) & 63, isPicture: isH265Picture, sei: H265_SEI })
  return codec === 'av1' ? ofObus(unit) : []
}

type SeiUnits = { readonly type: number; readonly headerBytes: number }
type NalRules = {
  readonly typeOf: (head: number) => number
  readonly isPicture: (type: number) => boolean
  readonly sei: SeiUnits
}
const H264_SEI: SeiUnits = { type: H264_NAL.sei, headerBytes: 1 }
const H265_SEI: SeiUnits = { type: H265_NAL.prefixSei, headerBytes: H265_HEADER_BYTES }
const isH264Picture = (type: number) => type >= H264_NAL.slice && type <= H264_NAL.idrSlice
const isH265Picture = (type: number) => type <= H265_NAL.lastVcl

function ofNalUnits(data: Uint8Array, { typeOf, isPicture, sei }: NalRules): Uint8Array[] {
  const payloads: Uint8Array[] = []
  for (let at = 0; at + LENGTH_BYTES < data.length; ) {
    const [a = 0, b = 0, c = 0, d = 0] = [data[at], data[at + 1], data[at + 2], data[at + 3]]
    const length = a * 2 ** 24 + (b << 16) + (c << 8) + d
    at += LENGTH_BYTES
    const type = typeOf(data[at] ?? 0)
    if (isPicture(type)) break
    if (type === sei.type) payloads.push(...ofSei(data.subarray(at, at + length), sei.headerBytes))
    at += length
  }
  return payloads
}

function ofSei(unit: Uint8Array, headerBytes: number): Uint8Array[] {
  return readSeiMessages(unit, headerBytes).flatMap(({ type, payload }) => (type === SEI_T35 ? [payload] : []))
}

function ofObus(data: Uint8Array): Uint8Array[] {
  return readObus(data).flatMap(({ type, payload }) => {
    if (type !== OBU.metadata || payload.length === 0) return []
    const { value, bytes } = readLeb128(payload, 0)
    return value === AV1_METADATA_T35 ? [payload.subarray(bytes)] : []
  })
}
