import { createHash } from 'node:crypto'
import {
  adtsConfig,
  rawDataBlocks,
  readAdtsHeader,
  readAudioSpecificConfig,
} from '../../../src/media/codecs/aac/index.ts'
import { OBU, readObus, toCanonicalTemporalUnit } from '../../../src/media/codecs/av1/index.ts'
import { H264_NAL, h264NalType, readAvcDecoderConfiguration } from '../../../src/media/codecs/h264/index.ts'
import { H265_NAL, h265NalType, readHevcDecoderConfiguration } from '../../../src/media/codecs/h265/index.ts'
import { joinLengthPrefixed, splitAnnexB, splitLengthPrefixed } from '../../../src/media/codecs/nal/index.ts'
import { readOpusHead } from '../../../src/media/codecs/opus/index.ts'

/*
 * The packets are FFmpeg's; only what the containers write differently is brought to one form here, with the server's
 * own codec functions: length fields and start codes, parameter sets and delimiters inside or beside the stream, ADTS
 * headers, temporal delimiters. The codec functions have their own tests, against FFmpeg and against the standards;
 * slices, SEI messages, OBUs and audio frames go into the hash byte for byte.
 */

export type CodecParameters = {
  /** FFmpeg's name. */
  readonly codec: string
  readonly extradata: Uint8Array
  readonly sampleRateHz: number
  readonly channelCount: number
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 32)
}

/** The access unit in the form of docs/codec-registry.md. */
export function canonicalUnit({ codec, extradata }: CodecParameters, data: Uint8Array): Uint8Array {
  if (codec === 'h264') return joinLengthPrefixed(h264Units(extradata, data).filter((unit) => !isH264Extra(unit)))
  if (codec === 'hevc') return joinLengthPrefixed(h265Units(extradata, data).filter((unit) => !isH265Extra(unit)))
  if (codec === 'av1') return toCanonicalTemporalUnit(data)
  if (codec === 'aac' && isAdts(data)) return rawDataBlocks(data, readAdtsHeader(data))[0] ?? data
  return data
}

/**
 * What a decoder learns from the configuration, the same from every container. AV1 has it in its first temporal unit:
 * the sequence header that SVT-AV1 puts into the record is not quite the one that it puts into the stream.
 */
export function canonicalConfig(
  parameters: CodecParameters,
  first: { readonly unit: Uint8Array; readonly data: Uint8Array },
): string {
  const { codec, extradata, sampleRateHz, channelCount } = parameters
  const audio = `${sampleRateHz} Hz, ${channelCount} channels`
  if (codec === 'h264') return parameterSets(h264ParameterSets(extradata))
  if (codec === 'hevc') return parameterSets(h265ParameterSets(extradata))
  if (codec === 'av1') return sequenceHeader(first.unit)
  // FFmpeg tells what it decoded, which for HE-AAC is not what an ADTS header says.
  const isInHeader = extradata.length === 0 && isAdts(first.data)
  if (codec === 'aac' && (extradata.length > 0 || isInHeader)) {
    const asc = isInHeader ? adtsConfig(readAdtsHeader(first.data), first.unit) : readAudioSpecificConfig(extradata)
    return `object type ${asc.audioObjectType}, ${asc.samplingFrequencyHz} Hz, ${asc.channelCount} channels`
  }
  if (codec === 'aac') return `object type 2, ${audio}`
  if (codec === 'opus' && extradata.length > 0) return `${readOpusHead(extradata).channelCount} channels`
  return sampleRateHz > 0 ? audio : ''
}

function h264Units(extradata: Uint8Array, data: Uint8Array): Uint8Array[] {
  if (extradata[0] !== 1) return splitAnnexB(data)
  return splitLengthPrefixed(data, readAvcDecoderConfiguration(extradata).lengthBytes)
}
function h265Units(extradata: Uint8Array, data: Uint8Array): Uint8Array[] {
  if (isAnnexB(extradata)) return splitAnnexB(data)
  return splitLengthPrefixed(data, readHevcDecoderConfiguration(extradata).lengthBytes)
}
function isAnnexB(bytes: Uint8Array): boolean {
  return (
    bytes.length < 4 || (bytes[0] === 0 && bytes[1] === 0 && (bytes[2] === 1 || (bytes[2] === 0 && bytes[3] === 1)))
  )
}
function isH264Extra(unit: Uint8Array): boolean {
  const type = h264NalType(unit)
  return type === H264_NAL.sps || type === H264_NAL.pps || type === H264_NAL.accessUnitDelimiter
}
function isH265Extra(unit: Uint8Array): boolean {
  const type = h265NalType(unit)
  return type >= H265_NAL.vps && type <= H265_NAL.accessUnitDelimiter
}

function h264ParameterSets(extradata: Uint8Array): Uint8Array[] {
  if (extradata[0] !== 1) return splitAnnexB(extradata).filter(isH264Extra)
  const record = readAvcDecoderConfiguration(extradata)
  return [...record.sequenceParameterSets, ...record.pictureParameterSets]
}
function h265ParameterSets(extradata: Uint8Array): Uint8Array[] {
  if (isAnnexB(extradata)) return splitAnnexB(extradata).filter(isH265Extra)
  const units = readHevcDecoderConfiguration(extradata).arrays.flatMap((array) => array.units)
  return units.filter(isH265Extra)
}
function parameterSets(units: readonly Uint8Array[]): string {
  return [...new Set(units.map((unit) => sha256(unit).slice(0, 12)))].sort().join(' ')
}

function sequenceHeader(temporalUnit: Uint8Array): string {
  const header = readObus(temporalUnit).find((obu) => obu.type === OBU.sequenceHeader)
  return header ? sha256(header.payload).slice(0, 12) : ''
}

function isAdts(data: Uint8Array): boolean {
  return data[0] === 0xff && ((data[1] ?? 0) & 0xf6) === 0xf0
}
