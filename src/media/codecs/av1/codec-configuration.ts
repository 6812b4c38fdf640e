import { BitReader } from '../../bytes/index.ts'
import { MalformedInputError, UnsupportedInputError } from '../../errors.ts'
import type { CodecDescription, FrameDescription } from '../codec-description.ts'
import { OBU, readObus, withSizeField } from './obu.ts'
import { type Av1SequenceHeader, readAv1SequenceHeader } from './sequence-header.ts'

/** AV1CodecConfigurationRecord. AV1 Codec ISO Media File Format Binding, 2.3.3. */
export type Av1CodecConfiguration = {
  readonly seqProfile: number
  readonly seqLevelIdx0: number
  readonly seqTier0: number
  readonly highBitdepth: number
  readonly twelveBit: number
  readonly monochrome: number
  readonly chromaSubsamplingX: number
  readonly chromaSubsamplingY: number
  readonly chromaSamplePosition: number
  /** initial_presentation_delay_minus_one, where present. */
  readonly initialPresentationDelayMinusOne?: number
  /** At most one sequence header, first, then metadata OBUs. A view on the input. */
  readonly configObus: Uint8Array
}

export function readAv1CodecConfiguration(config: Uint8Array): Av1CodecConfiguration {
  const r = new BitReader(config)
  if (r.bits(1, 'marker') !== 1) throw new MalformedInputError('marker', 0, 'is not 1')
  const version = r.bits(7, 'version')
  if (version !== 1) throw new UnsupportedInputError(`AV1CodecConfigurationRecord version ${version}`)
  const base = {
    seqProfile: r.bits(3, 'seq_profile'),
    seqLevelIdx0: r.bits(5, 'seq_level_idx_0'),
    seqTier0: r.bits(1, 'seq_tier_0'),
    highBitdepth: r.bits(1, 'high_bitdepth'),
    twelveBit: r.bits(1, 'twelve_bit'),
    monochrome: r.bits(1, 'monochrome'),
    chromaSubsamplingX: r.bits(1, 'chroma_subsampling_x'),
    chromaSubsamplingY: r.bits(1, 'chroma_subsampling_y'),
    chromaSamplePosition: r.bits(2, 'chroma_sample_position'),
    configObus: config.subarray(4),
  }
  r.skip(3, 'reserved')
  if (!r.flag('initial_presentation_delay_present')) return base
  return { ...base, initialPresentationDelayMinusOne: r.bits(4, 'initial_presentation_delay_minus_one') }
}

export function writeAv1CodecConfiguration(record: Av1CodecConfiguration): Uint8Array {
  const out = new Uint8Array(4 + record.configObus.length)
  const delay = record.initialPresentationDelayMinusOne
  out[0] = 0x81
  out[1] = (record.seqProfile << 5) | record.seqLevelIdx0
  out[2] =
    (record.seqTier0 << 7) |
    (record.highBitdepth << 6) |
    (record.twelveBit << 5) |
    (record.monochrome << 4) |
    (record.chromaSubsamplingX << 3) |
    (record.chromaSubsamplingY << 2) |
    record.chromaSamplePosition
  out[3] = delay === undefined ? 0 : 0x10 | delay
  out.set(record.configObus, 4)
  return out
}

/** The canonical record of a temporal unit that has a sequence header, or undefined where it has none. */
export function av1ConfigOf(temporalUnit: Uint8Array): Uint8Array | undefined {
  const obu = readObus(temporalUnit).find((candidate) => candidate.type === OBU.sequenceHeader)
  if (obu === undefined) return undefined
  const header = readAv1SequenceHeader(obu.payload)
  return writeAv1CodecConfiguration({
    seqProfile: header.seqProfile,
    seqLevelIdx0: header.seqLevelIdx0,
    seqTier0: header.seqTier0,
    highBitdepth: header.color.highBitdepth,
    twelveBit: header.color.twelveBit,
    monochrome: header.color.monochrome,
    chromaSubsamplingX: header.color.subsamplingX,
    chromaSubsamplingY: header.color.subsamplingY,
    chromaSamplePosition: header.color.chromaSamplePosition,
    configObus: withSizeField(obu),
  })
}

export function describeAv1Config(config: Uint8Array): CodecDescription {
  const record = readAv1CodecConfiguration(config)
  const codecString = av1CodecString(record)
  const obu = readObus(record.configObus).find((candidate) => candidate.type === OBU.sequenceHeader)
  if (obu === undefined) return { codecString }
  const { widthPx, heightPx, frameRate, color }: Av1SequenceHeader = readAv1SequenceHeader(obu.payload)
  const { videoRange } = color
  const rate = frameRate === undefined ? {} : { frameRate }
  return { codecString, video: { widthPx, heightPx, ...rate, ...(videoRange ? { videoRange } : {}) } }
}

export function describeAv1Frame(temporalUnit: Uint8Array): FrameDescription {
  const config = av1ConfigOf(temporalUnit)
  if (config === undefined) throw new UnsupportedInputError('AV1 temporal unit without a sequence header')
  return { ...describeAv1Config(config), config }
}

/** `av01.0.04M.08`. AV1 Codec ISO Media File Format Binding, 5. */
function av1CodecString(record: Av1CodecConfiguration): string {
  const level = String(record.seqLevelIdx0).padStart(2, '0')
  const depth = record.twelveBit === 1 ? 12 : record.highBitdepth === 1 ? 10 : 8
  return `av01.${record.seqProfile}.${level}${record.seqTier0 === 1 ? 'H' : 'M'}.${String(depth).padStart(2, '0')}`
}
