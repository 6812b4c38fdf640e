import type { BitReader } from '../../bytes/index.ts'
import { type VideoRange, videoRangeOf } from '../../model/index.ts'

/** color_config(). AV1 specification, 5.5.2. */
export type Av1ColorConfig = {
  readonly highBitdepth: number
  readonly twelveBit: number
  readonly bitDepth: number
  readonly monochrome: number
  readonly subsamplingX: number
  readonly subsamplingY: number
  readonly chromaSamplePosition: number
  readonly videoRange?: VideoRange
}

export function readColorConfig(r: BitReader, seqProfile: number): Av1ColorConfig {
  const highBitdepth = r.bits(1, 'high_bitdepth')
  const twelveBit = seqProfile === 2 && highBitdepth === 1 ? r.bits(1, 'twelve_bit') : 0
  const bitDepth = twelveBit === 1 ? 12 : highBitdepth === 1 ? 10 : 8
  const monochrome = seqProfile === 1 ? 0 : r.bits(1, 'mono_chrome')
  const description = r.flag('color_description_present_flag') ? r.bits(24, 'color_description') : 0x020202
  const videoRange = videoRangeOf((description >> 8) & 255)
  const base = { highBitdepth, twelveBit, bitDepth, monochrome, ...(videoRange ? { videoRange } : {}) }
  if (monochrome === 1) {
    r.skip(1, 'color_range')
    return { ...base, subsamplingX: 1, subsamplingY: 1, chromaSamplePosition: 0 }
  }
  // BT.709 primaries, sRGB transfer and identity matrix mean 4:4:4 without further fields.
  if (description === 0x010d00) return { ...base, subsamplingX: 0, subsamplingY: 0, chromaSamplePosition: 0 }
  r.skip(1, 'color_range')
  const { subsamplingX, subsamplingY } = readSubsampling(r, seqProfile, bitDepth)
  const both = subsamplingX === 1 && subsamplingY === 1
  return { ...base, subsamplingX, subsamplingY, chromaSamplePosition: both ? r.bits(2, 'chroma_sample_position') : 0 }
}

function readSubsampling(r: BitReader, seqProfile: number, bitDepth: number) {
  if (seqProfile === 0) return { subsamplingX: 1, subsamplingY: 1 }
  if (seqProfile === 1) return { subsamplingX: 0, subsamplingY: 0 }
  if (bitDepth < 12) return { subsamplingX: 1, subsamplingY: 0 }
  const subsamplingX = r.bits(1, 'subsampling_x')
  return { subsamplingX, subsamplingY: subsamplingX === 1 ? r.bits(1, 'subsampling_y') : 0 }
}
