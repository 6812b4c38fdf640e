import { BitReader } from '../../../bytes/index.ts'
import { buildAvcDecoderConfiguration, H264_NAL, h264NalType, readH264Sps } from '../../../codecs/h264/index.ts'
import { buildHevcDecoderConfiguration, H265_NAL, h265NalType, readH265Sps } from '../../../codecs/h265/index.ts'
import { removeEmulationPrevention } from '../../../codecs/nal/index.ts'

/** What a NAL unit is to the one who sorts an elementary stream into access units. */
export type NalRole =
  | 'delimiter'
  | 'parameter set'
  /** The first slice of a picture. */
  | 'first slice'
  | 'slice'
  /** May only stand before the first slice of an access unit. */
  | 'prefix'
  | 'other'

/** The parts of H.264 and H.265 in which they differ for an elementary stream. */
export type NalRules = {
  readonly codec: 'h264' | 'h265'
  role(unit: Uint8Array): NalRole
  /** Type and id of a parameter set: a later one with the same key takes its place. Throws where it is damaged. */
  parameterSetKey(unit: Uint8Array): string
  /** Undefined while a kind of parameter set is missing. */
  buildConfig(units: readonly Uint8Array[]): Uint8Array | undefined
  /** Whether one picture may be two fields, which stay together. */
  mayHaveFields(units: readonly Uint8Array[]): boolean
}

/** ITU-T H.264, 7.4.1.2.3: the order of NAL units and the first of an access unit. */
export const H264_RULES: NalRules = {
  codec: 'h264',
  role(unit) {
    const type = h264NalType(unit)
    if (type === H264_NAL.slice || type === H264_NAL.idrSlice || type === H264_NAL.partitionA) {
      // first_mb_in_slice is ue(v): 0 is a single 1 bit.
      return ((unit[1] ?? 0) & 0x80) !== 0 ? 'first slice' : 'slice'
    }
    if (type === H264_NAL.accessUnitDelimiter) return 'delimiter'
    if (type === H264_NAL.sps || type === H264_NAL.pps) return 'parameter set'
    // Type 14 stands in front of every slice of a scalable stream, so it opens nothing.
    return type === H264_NAL.sei || (type >= 15 && type <= 18) ? 'prefix' : 'other'
  },
  parameterSetKey(unit) {
    const type = h264NalType(unit)
    const id = type === H264_NAL.sps ? readH264Sps(unit).id : readPpsId(unit, 1)
    return `${type}/${id}`
  },
  buildConfig(units) {
    const sps = units.filter((unit) => h264NalType(unit) === H264_NAL.sps)
    const pps = units.filter((unit) => h264NalType(unit) === H264_NAL.pps)
    return sps.length === 0 || pps.length === 0 ? undefined : buildAvcDecoderConfiguration(sps, pps)
  },
  mayHaveFields(units) {
    return units.some((unit) => h264NalType(unit) === H264_NAL.sps && readH264Sps(unit).frameMbsOnlyFlag === 0)
  },
}

/** ITU-T H.265, 7.4.2.4.4. */
export const H265_RULES: NalRules = {
  codec: 'h265',
  role(unit) {
    const type = h265NalType(unit)
    // first_slice_segment_in_pic_flag
    if (type <= H265_NAL.lastVcl) return ((unit[2] ?? 0) & 0x80) !== 0 ? 'first slice' : 'slice'
    if (type === H265_NAL.accessUnitDelimiter) return 'delimiter'
    if (type >= H265_NAL.vps && type <= H265_NAL.pps) return 'parameter set'
    const isPrefix = type === H265_NAL.prefixSei || (type >= 41 && type <= 44) || (type >= 48 && type <= 55)
    return isPrefix ? 'prefix' : 'other'
  },
  parameterSetKey(unit) {
    const type = h265NalType(unit)
    if (type === H265_NAL.vps) return `${type}/${(unit[2] ?? 0) >> 4}`
    return `${type}/${type === H265_NAL.sps ? readH265Sps(unit).id : readPpsId(unit, 2)}`
  },
  buildConfig(units) {
    const types = new Set(units.map(h265NalType))
    const whole = types.has(H265_NAL.vps) && types.has(H265_NAL.sps) && types.has(H265_NAL.pps)
    return whole ? buildHevcDecoderConfiguration(units) : undefined
  },
  mayHaveFields: () => false,
}

function readPpsId(unit: Uint8Array, headerBytes: number): number {
  return new BitReader(removeEmulationPrevention(unit.subarray(0, headerBytes + 8)), headerBytes).ue('pps_id')
}
