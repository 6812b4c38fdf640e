import { ByteReader, ByteWriter } from '../../bytes/index.ts'
import { MalformedInputError, UnsupportedInputError } from '../../errors.ts'
import { type CodecDescription, hexByte } from '../codec-description.ts'
import { H265_NAL, h265NalType } from './nal-type.ts'
import type { ProfileTierLevel } from './profile-tier-level.ts'
import { readH265Sps } from './sps.ts'
import { readH265VpsFrameRate } from './vps.ts'

/** One array of the record. `units` are views on the input. */
export type HevcNalArray = {
  readonly arrayCompleteness: number
  readonly nalUnitType: number
  readonly units: readonly Uint8Array[]
}

/** HEVCDecoderConfigurationRecord. ISO/IEC 14496-15, 8.3.3.1. */
export type HevcDecoderConfiguration = {
  readonly profileTierLevel: ProfileTierLevel
  readonly minSpatialSegmentationIdc: number
  readonly parallelismType: number
  readonly chromaFormatIdc: number
  readonly bitDepthLuma: number
  readonly bitDepthChroma: number
  /** Frames per 256 seconds; 0 where unknown. */
  readonly avgFrameRate: number
  readonly constantFrameRate: number
  readonly numTemporalLayers: number
  readonly temporalIdNested: number
  readonly lengthBytes: number
  readonly arrays: readonly HevcNalArray[]
}

/** The record without its arrays. */
const FIXED_BYTES = 23

export function readHevcDecoderConfiguration(config: Uint8Array): HevcDecoderConfiguration {
  const r = new ByteReader(config)
  const version = r.u8('configurationVersion')
  // Version 0 was written by encoders that predate the standard; the layout is the same.
  if (version > 1) throw new UnsupportedInputError(`HEVCDecoderConfigurationRecord version ${version}`)
  const profileTierLevel = readGeneralProfile(r)
  const minSpatialSegmentationIdc = r.u16('min_spatial_segmentation_idc') & 0xfff
  const parallelismType = r.u8('parallelismType') & 3
  const chromaFormatIdc = r.u8('chroma_format_idc') & 3
  const bitDepthLuma = (r.u8('bit_depth_luma_minus8') & 7) + 8
  const bitDepthChroma = (r.u8('bit_depth_chroma_minus8') & 7) + 8
  const avgFrameRate = r.u16('avgFrameRate')
  const layers = r.u8('numTemporalLayers')
  return {
    profileTierLevel,
    minSpatialSegmentationIdc,
    parallelismType,
    chromaFormatIdc,
    bitDepthLuma,
    bitDepthChroma,
    avgFrameRate,
    constantFrameRate: layers >> 6,
    numTemporalLayers: (layers >> 3) & 7,
    temporalIdNested: (layers >> 2) & 1,
    lengthBytes: (layers & 3) + 1,
    arrays: readArrays(r),
  }
}

function readGeneralProfile(r: ByteReader): ProfileTierLevel {
  const profile = r.u8('general_profile_idc')
  return {
    profileSpace: profile >> 6,
    tierFlag: (profile >> 5) & 1,
    profileIdc: profile & 31,
    profileCompatibilityFlags: r.u32('general_profile_compatibility_flags'),
    constraintFlags: r.take(6, 'general_constraint_indicator_flags'),
    levelIdc: r.u8('general_level_idc'),
  }
}

function readArrays(r: ByteReader): HevcNalArray[] {
  const arrays: HevcNalArray[] = []
  for (let left = r.u8('numOfArrays'); left > 0; left--) {
    const head = r.u8('NAL_unit_type')
    const units: Uint8Array[] = []
    for (let count = r.u16('numNalus'); count > 0; count--) units.push(r.take(r.u16('nalUnitLength'), 'nalUnit'))
    arrays.push({ arrayCompleteness: head >> 7, nalUnitType: head & 63, units })
  }
  return arrays
}

export function writeHevcDecoderConfiguration(record: HevcDecoderConfiguration): Uint8Array {
  const units = record.arrays.flatMap((array) => array.units)
  const w = new ByteWriter(units.reduce((sum, unit) => sum + 2 + unit.length, FIXED_BYTES + record.arrays.length * 3))
  const general = record.profileTierLevel
  w.u8(1)
  w.u8((general.profileSpace << 6) | (general.tierFlag << 5) | general.profileIdc)
  w.u32(general.profileCompatibilityFlags)
  w.bytes(general.constraintFlags)
  w.u8(general.levelIdc)
  w.u16(0xf000 | record.minSpatialSegmentationIdc)
  w.u8(0xfc | record.parallelismType)
  w.u8(0xfc | record.chromaFormatIdc)
  w.u8(0xf8 | (record.bitDepthLuma - 8))
  w.u8(0xf8 | (record.bitDepthChroma - 8))
  w.u16(record.avgFrameRate)
  w.u8(
    (record.constantFrameRate << 6) |
      (record.numTemporalLayers << 3) |
      (record.temporalIdNested << 2) |
      (record.lengthBytes - 1),
  )
  w.u8(record.arrays.length)
  for (const array of record.arrays) writeArray(w, array)
  return w.copy()
}

function writeArray(w: ByteWriter, array: HevcNalArray): void {
  w.u8((array.arrayCompleteness << 7) | array.nalUnitType)
  w.u16(array.units.length)
  for (const unit of array.units) {
    w.u16(unit.length)
    w.bytes(unit)
  }
}

/** All NAL units of one type. */
export function hevcParameterSets(record: HevcDecoderConfiguration, nalUnitType: number): Uint8Array[] {
  return record.arrays.filter((array) => array.nalUnitType === nalUnitType).flatMap((array) => array.units)
}

/** The canonical record for parameter sets found in a stream: whole NAL units of types 32, 33 and 34, in any order. */
export function buildHevcDecoderConfiguration(units: readonly Uint8Array[]): Uint8Array {
  const first = units.find((unit) => h265NalType(unit) === H265_NAL.sps)
  if (first === undefined) throw new MalformedInputError('sps', 0, 'there is none')
  if (units.some((unit) => unit.length > 0xffff)) throw new MalformedInputError('nalUnitLength', 0, 'is over 65535')
  const sps = readH265Sps(first)
  const arrays = [H265_NAL.vps, H265_NAL.sps, H265_NAL.pps]
    .map((type) => ({ arrayCompleteness: 1, nalUnitType: type, units: units.filter((u) => h265NalType(u) === type) }))
    .filter((array) => array.units.length > 0)
  return writeHevcDecoderConfiguration({
    profileTierLevel: sps.profileTierLevel,
    minSpatialSegmentationIdc: 0,
    parallelismType: 0,
    chromaFormatIdc: sps.chromaFormatIdc,
    bitDepthLuma: sps.bitDepthLuma,
    bitDepthChroma: sps.bitDepthChroma,
    avgFrameRate: 0,
    constantFrameRate: 0,
    numTemporalLayers: sps.maxSubLayersMinus1 + 1,
    temporalIdNested: sps.temporalIdNesting,
    lengthBytes: 4,
    arrays,
  })
}

export function describeH265Config(config: Uint8Array): CodecDescription {
  const record = readHevcDecoderConfiguration(config)
  const codecString = hevcCodecString(record.profileTierLevel)
  const first = hevcParameterSets(record, H265_NAL.sps)[0]
  if (first === undefined) return { codecString }
  const { widthPx, heightPx, frameRate: spsRate, videoRange } = readH265Sps(first)
  const frameRate = spsRate ?? vpsFrameRate(hevcParameterSets(record, H265_NAL.vps)[0])
  const rate = frameRate === undefined ? {} : { frameRate }
  return { codecString, video: { widthPx, heightPx, ...rate, ...(videoRange ? { videoRange } : {}) } }
}

function vpsFrameRate(unit: Uint8Array | undefined): number | undefined {
  try {
    return unit === undefined ? undefined : readH265VpsFrameRate(unit)
  } catch (error) {
    if (error instanceof MalformedInputError) return undefined
    throw error
  }
}

/** `hvc1.1.6.L93.B0`. ISO/IEC 14496-15, E.3. */
export function hevcCodecString(general: ProfileTierLevel): string {
  const space = ['', 'A', 'B', 'C'][general.profileSpace] ?? ''
  let constraints = [...general.constraintFlags]
  while (constraints.length > 0 && constraints.at(-1) === 0) constraints = constraints.slice(0, -1)
  const flags = constraints.map((byte) => `.${hexByte(byte).toUpperCase()}`).join('')
  const compatibility = reverse32(general.profileCompatibilityFlags).toString(16).toUpperCase()
  const tier = general.tierFlag === 0 ? 'L' : 'H'
  return `hvc1.${space}${general.profileIdc}.${compatibility}.${tier}${general.levelIdc}${flags}`
}

function reverse32(value: number): number {
  let reversed = 0
  for (let bit = 0; bit < 32; bit++) reversed = (reversed * 2 + ((value >>> bit) & 1)) >>> 0
  return reversed
}
