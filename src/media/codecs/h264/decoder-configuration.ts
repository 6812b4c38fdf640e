import { ByteReader, ByteWriter } from '../../bytes/index.ts'
import { MalformedInputError, UnsupportedInputError } from '../../errors.ts'
import { type CodecDescription, hexByte } from '../codec-description.ts'
import { readH264Sps } from './sps.ts'

/** AVCDecoderConfigurationRecord. ISO/IEC 14496-15, 5.3.3.1. Parameter sets are views on the input. */
export type AvcDecoderConfiguration = {
  readonly profileIndication: number
  readonly profileCompatibility: number
  readonly levelIndication: number
  /** Bytes of each NAL unit's length field: 1, 2 or 4. Canonical records say 4. */
  readonly lengthBytes: number
  readonly sequenceParameterSets: readonly Uint8Array[]
  readonly pictureParameterSets: readonly Uint8Array[]
  /** Present for profiles other than Baseline, Main and Extended where the record carries them. */
  readonly highProfile?: {
    readonly chromaFormat: number
    readonly bitDepthLuma: number
    readonly bitDepthChroma: number
    readonly sequenceParameterSetExtensions: readonly Uint8Array[]
  }
}

/** The record without its parameter sets. */
const FIXED_BYTES = 11
const PROFILES_WITHOUT_EXTENSION = new Set([66, 77, 88])

export function readAvcDecoderConfiguration(config: Uint8Array): AvcDecoderConfiguration {
  const r = new ByteReader(config)
  const version = r.u8('configurationVersion')
  if (version !== 1) throw new UnsupportedInputError(`AVCDecoderConfigurationRecord version ${version}`)
  const profileIndication = r.u8('AVCProfileIndication')
  const profileCompatibility = r.u8('profile_compatibility')
  const levelIndication = r.u8('AVCLevelIndication')
  const lengthBytes = (r.u8('lengthSizeMinusOne') & 3) + 1
  const sequenceParameterSets = readParameterSets(r, r.u8('numOfSequenceParameterSets') & 31)
  const pictureParameterSets = readParameterSets(r, r.u8('numOfPictureParameterSets'))
  const base = {
    profileIndication,
    profileCompatibility,
    levelIndication,
    lengthBytes,
    sequenceParameterSets,
    pictureParameterSets,
  }
  // Many writers leave the extension out, and some records end in the middle of it.
  if (PROFILES_WITHOUT_EXTENSION.has(profileIndication) || r.remaining < 4) return base
  const chromaFormat = r.u8('chroma_format') & 3
  const bitDepthLuma = (r.u8('bit_depth_luma_minus8') & 7) + 8
  const bitDepthChroma = (r.u8('bit_depth_chroma_minus8') & 7) + 8
  const sequenceParameterSetExtensions = readParameterSets(r, r.u8('numOfSequenceParameterSetExt'))
  return { ...base, highProfile: { chromaFormat, bitDepthLuma, bitDepthChroma, sequenceParameterSetExtensions } }
}

function readParameterSets(r: ByteReader, count: number): Uint8Array[] {
  const sets: Uint8Array[] = []
  for (let i = 0; i < count; i++) sets.push(r.take(r.u16('parameterSetLength'), 'parameterSetNALUnit'))
  return sets
}

export function writeAvcDecoderConfiguration(record: AvcDecoderConfiguration): Uint8Array {
  const sets = [...record.sequenceParameterSets, ...record.pictureParameterSets]
  const extensions = record.highProfile?.sequenceParameterSetExtensions ?? []
  const w = new ByteWriter([...sets, ...extensions].reduce((sum, set) => sum + 2 + set.length, FIXED_BYTES))
  w.u8(1)
  w.u8(record.profileIndication)
  w.u8(record.profileCompatibility)
  w.u8(record.levelIndication)
  w.u8(0xfc | (record.lengthBytes - 1))
  w.u8(0xe0 | record.sequenceParameterSets.length)
  writeParameterSets(w, record.sequenceParameterSets)
  w.u8(record.pictureParameterSets.length)
  writeParameterSets(w, record.pictureParameterSets)
  if (record.highProfile !== undefined) {
    w.u8(0xfc | record.highProfile.chromaFormat)
    w.u8(0xf8 | (record.highProfile.bitDepthLuma - 8))
    w.u8(0xf8 | (record.highProfile.bitDepthChroma - 8))
    w.u8(record.highProfile.sequenceParameterSetExtensions.length)
    writeParameterSets(w, record.highProfile.sequenceParameterSetExtensions)
  }
  return w.copy()
}

function writeParameterSets(w: ByteWriter, sets: readonly Uint8Array[]): void {
  for (const set of sets) {
    w.u16(set.length)
    w.bytes(set)
  }
}

/** The canonical record for parameter sets found in a stream (whole NAL units, at least one of each kind). */
export function buildAvcDecoderConfiguration(
  sequenceParameterSets: readonly Uint8Array[],
  pictureParameterSets: readonly Uint8Array[],
): Uint8Array {
  const first = sequenceParameterSets[0]
  if (first === undefined) throw new MalformedInputError('sequenceParameterSets', 0, 'there is none')
  if (sequenceParameterSets.length > 31) throw new MalformedInputError('sequenceParameterSets', 0, 'are more than 31')
  if (pictureParameterSets.length > 255) throw new MalformedInputError('pictureParameterSets', 0, 'are more than 255')
  for (const set of [...sequenceParameterSets, ...pictureParameterSets]) {
    if (set.length > 0xffff) throw new MalformedInputError('parameterSetLength', 0, `${set.length} is over 65535`)
  }
  const sps = readH264Sps(first)
  const record = {
    profileIndication: sps.profileIdc,
    profileCompatibility: sps.constraintFlags,
    levelIndication: sps.levelIdc,
    lengthBytes: 4,
    sequenceParameterSets,
    pictureParameterSets,
  }
  if (PROFILES_WITHOUT_EXTENSION.has(sps.profileIdc)) return writeAvcDecoderConfiguration(record)
  const highProfile = {
    chromaFormat: sps.chromaFormatIdc,
    bitDepthLuma: Math.min(sps.bitDepthLuma, 15),
    bitDepthChroma: Math.min(sps.bitDepthChroma, 15),
    sequenceParameterSetExtensions: [],
  }
  return writeAvcDecoderConfiguration({ ...record, highProfile })
}

/** Codec string by RFC 6381, 3.3, with the picture size of the first sequence parameter set where there is one. */
export function describeH264Config(config: Uint8Array): CodecDescription {
  const record = readAvcDecoderConfiguration(config)
  const codecString = `avc1.${hexByte(record.profileIndication)}${hexByte(record.profileCompatibility)}${hexByte(record.levelIndication)}`
  const first = record.sequenceParameterSets[0]
  if (first === undefined) return { codecString }
  const { widthPx, heightPx, frameRate, videoRange } = readH264Sps(first)
  const rate = frameRate === undefined ? {} : { frameRate }
  return { codecString, video: { widthPx, heightPx, ...rate, ...(videoRange ? { videoRange } : {}) } }
}
