import { BitReader } from '../../bytes/index.ts'
import { MalformedInputError, UnsupportedInputError } from '../../errors.ts'
import type { CodecDescription, FrameDescription } from '../codec-description.ts'
import {
  readVpCodecConfiguration,
  type VpCodecConfiguration,
  writeVpCodecConfiguration,
} from './codec-configuration.ts'

/** The opening of uncompressed_header() of a key frame. VP9 Bitstream Specification, 6.2. */
export type Vp9KeyframeHeader = {
  readonly profile: number
  readonly bitDepth: number
  readonly colorSpace: number
  readonly colorRange: number
  readonly subsamplingX: number
  readonly subsamplingY: number
  readonly widthPx: number
  readonly heightPx: number
}

const FRAME_MARKER = 2
const SYNC_CODE = 0x498342
const CS_RGB = 7

/** Whether the frame (or the first of a superframe) is a key frame. Never throws. */
export function isVp9Keyframe(data: Uint8Array): boolean {
  const first = data[0] ?? 0
  if (first >> 6 !== FRAME_MARKER) return false
  // Profile 3 has a reserved bit before show_existing_frame and frame_type.
  const flags = ((first >> 4) & 3) === 3 ? first << 1 : first
  return (flags & 0x08) === 0 && (flags & 0x04) === 0
}

/** `data` must start with a key frame. */
export function readVp9KeyframeHeader(data: Uint8Array): Vp9KeyframeHeader {
  const r = new BitReader(data)
  if (r.bits(2, 'frame_marker') !== FRAME_MARKER) throw new MalformedInputError('frame_marker', 0, 'is not 2')
  const profile = r.bits(1, 'profile_low_bit') + 2 * r.bits(1, 'profile_high_bit')
  if (profile === 3) r.skip(1, 'reserved_zero')
  const shownBefore = r.flag('show_existing_frame')
  if (shownBefore || r.flag('frame_type')) throw new UnsupportedInputError('VP9 frame is not a key frame')
  r.skip(2, 'show_frame')
  if (r.bits(24, 'frame_sync_code') !== SYNC_CODE) throw new MalformedInputError('frame_sync_code', 1, 'is wrong')
  const color = readColorConfig(r, profile)
  const widthPx = r.bits(16, 'frame_width_minus_1') + 1
  const heightPx = r.bits(16, 'frame_height_minus_1') + 1
  return { profile, ...color, widthPx, heightPx }
}

/** color_config(). VP9 Bitstream Specification, 6.2.2. */
function readColorConfig(r: BitReader, profile: number) {
  const bitDepth = profile < 2 ? 8 : r.flag('ten_or_twelve_bit') ? 12 : 10
  const colorSpace = r.bits(3, 'color_space')
  const odd = profile === 1 || profile === 3
  if (colorSpace === CS_RGB) {
    if (odd) r.skip(1, 'reserved_zero')
    return { bitDepth, colorSpace, colorRange: 1, subsamplingX: 0, subsamplingY: 0 }
  }
  const colorRange = r.bits(1, 'color_range')
  if (!odd) return { bitDepth, colorSpace, colorRange, subsamplingX: 1, subsamplingY: 1 }
  const subsamplingX = r.bits(1, 'subsampling_x')
  const subsamplingY = r.bits(1, 'subsampling_y')
  r.skip(1, 'reserved_zero')
  return { bitDepth, colorSpace, colorRange, subsamplingX, subsamplingY }
}

/** Largest luma picture of each level. VP9 levels, table of the WebM project. */
const LEVELS: readonly (readonly [number, number])[] = [
  [36_864, 10],
  [73_728, 11],
  [122_880, 20],
  [245_760, 21],
  [552_960, 30],
  [983_040, 31],
  [2_228_224, 40],
  [8_912_896, 50],
  [35_651_584, 60],
]

/** color_space to primaries, transfer and matrix of ISO/IEC 23091-2; 2 is unspecified. */
const COLOURS: readonly (readonly [number, number, number])[] = [
  [2, 2, 2],
  [6, 6, 6],
  [1, 1, 1],
  [6, 6, 6],
  [7, 7, 7],
  [9, 14, 9],
  [2, 2, 2],
  [1, 13, 0],
]

/** The level is the lowest that the picture size allows; the frame rate is not known from a frame. */
export function describeVp9Frame(data: Uint8Array): FrameDescription {
  const header = readVp9KeyframeHeader(data)
  const area = header.widthPx * header.heightPx
  const [colourPrimaries, transferCharacteristics, matrixCoefficients] = COLOURS[header.colorSpace] ?? [2, 2, 2]
  const record: VpCodecConfiguration = {
    profile: header.profile,
    level: LEVELS.find(([largest]) => area <= largest)?.[1] ?? 62,
    bitDepth: header.bitDepth,
    chromaSubsampling: header.subsamplingX === 0 ? 3 : header.subsamplingY === 0 ? 2 : 1,
    videoFullRangeFlag: header.colorRange,
    colourPrimaries,
    transferCharacteristics,
    matrixCoefficients,
  }
  const { widthPx, heightPx } = header
  return {
    codecString: vp9CodecString(record),
    video: { widthPx, heightPx },
    config: writeVpCodecConfiguration(record),
  }
}

/** The record has no picture size. */
export function describeVp9Config(config: Uint8Array): CodecDescription {
  return { codecString: vp9CodecString(readVpCodecConfiguration(config)) }
}

/** `vp09.00.31.08`. VP Codec ISO Media File Format Binding, 4. */
function vp9CodecString(record: VpCodecConfiguration): string {
  const two = (value: number) => String(value).padStart(2, '0')
  return `vp09.${two(record.profile)}.${two(record.level)}.${two(record.bitDepth)}`
}
