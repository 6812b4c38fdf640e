import { BitReader } from '../../bytes/index.ts'
import { MalformedInputError, UnsupportedInputError } from '../../errors.ts'
import type { VideoRange } from '../../model/index.ts'
import { frameRateOf, readVuiRange, removeEmulationPrevention } from '../nal/index.ts'

/** What Millrace reads of seq_parameter_set_data(). ITU-T H.264, 7.3.2.1.1. */
export type H264Sps = {
  readonly profileIdc: number
  /** The six constraint_set flags and two reserved bits, as one byte. */
  readonly constraintFlags: number
  readonly levelIdc: number
  readonly id: number
  readonly chromaFormatIdc: number
  readonly bitDepthLuma: number
  readonly bitDepthChroma: number
  /** After cropping. */
  readonly widthPx: number
  readonly heightPx: number
  /** 0 where pictures may be fields. */
  readonly frameMbsOnlyFlag: number
  /** Frames per second by the VUI timing, at two ticks a frame. */
  readonly frameRate?: number
  readonly videoRange?: VideoRange
}
type Vui = Pick<H264Sps, 'frameRate' | 'videoRange'>

type PictureSize = Pick<H264Sps, 'widthPx' | 'heightPx' | 'frameMbsOnlyFlag'>
type ChromaFormat = Pick<H264Sps, 'chromaFormatIdc' | 'bitDepthLuma' | 'bitDepthChroma'>

/** Profiles whose parameter set holds chroma format, bit depths and scaling matrices. */
const HIGH_PROFILES = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135])
const MAX_DIMENSION_PX = 16_384

/** `unit` is the whole NAL unit with its header byte. */
export function readH264Sps(unit: Uint8Array): H264Sps {
  const r = new BitReader(removeEmulationPrevention(unit), 1)
  const profileIdc = r.bits(8, 'profile_idc')
  const constraintFlags = r.bits(8, 'constraint_set_flags')
  const levelIdc = r.bits(8, 'level_idc')
  const id = r.ue('seq_parameter_set_id')
  if (id > 31) throw new MalformedInputError('seq_parameter_set_id', 4, `${id} is more than 31`)
  const chroma = HIGH_PROFILES.has(profileIdc)
    ? readChromaFormat(r)
    : { chromaFormatIdc: 1, bitDepthLuma: 8, bitDepthChroma: 8 }
  r.ue('log2_max_frame_num_minus4')
  skipPicOrderCount(r)
  r.ue('max_num_ref_frames')
  r.skip(1, 'gaps_in_frame_num_value_allowed_flag')
  const size = readPictureSize(r, chroma.chromaFormatIdc)
  const vui = r.flag('vui_parameters_present_flag') ? readVui(r) : {}
  return {
    profileIdc,
    constraintFlags,
    levelIdc,
    id,
    ...chroma,
    ...size,
    ...vui,
  }
}

function readChromaFormat(r: BitReader): ChromaFormat {
  const chromaFormatIdc = r.ue('chroma_format_idc')
  if (chromaFormatIdc > 3) throw new MalformedInputError('chroma_format_idc', 0, `${chromaFormatIdc} is more than 3`)
  // separate_colour_plane_flag leaves ChromaArrayType 0, which only changes the cropping unit; 4:4:4 crops by 1 as well.
  if (chromaFormatIdc === 3) r.skip(1, 'separate_colour_plane_flag')
  const bitDepthLuma = r.ue('bit_depth_luma_minus8') + 8
  const bitDepthChroma = r.ue('bit_depth_chroma_minus8') + 8
  if (bitDepthLuma > 14 || bitDepthChroma > 14) throw new MalformedInputError('bit_depth', 0, 'is more than 14')
  r.skip(1, 'qpprime_y_zero_transform_bypass_flag')
  if (r.flag('seq_scaling_matrix_present_flag')) {
    const lists = chromaFormatIdc === 3 ? 12 : 8
    for (let i = 0; i < lists; i++) {
      if (r.flag('seq_scaling_list_present_flag')) skipScalingList(r, i < 6 ? 16 : 64)
    }
  }
  return { chromaFormatIdc, bitDepthLuma, bitDepthChroma }
}

/** scaling_list(). ITU-T H.264, 7.3.2.1.1.1. */
function skipScalingList(r: BitReader, size: number): void {
  let lastScale = 8
  let nextScale = 8
  for (let i = 0; i < size; i++) {
    if (nextScale !== 0) nextScale = (lastScale + r.se('delta_scale') + 256) & 255
    lastScale = nextScale === 0 ? lastScale : nextScale
  }
}

function skipPicOrderCount(r: BitReader): void {
  const type = r.ue('pic_order_cnt_type')
  if (type === 0) r.ue('log2_max_pic_order_cnt_lsb_minus4')
  if (type !== 1) return
  r.skip(1, 'delta_pic_order_always_zero_flag')
  r.se('offset_for_non_ref_pic')
  r.se('offset_for_top_to_bottom_field')
  const count = r.ue('num_ref_frames_in_pic_order_cnt_cycle')
  if (count > 255) throw new MalformedInputError('num_ref_frames_in_pic_order_cnt_cycle', 0, `${count} is over 255`)
  for (let i = 0; i < count; i++) r.se('offset_for_ref_frame')
}

function readPictureSize(r: BitReader, chromaFormatIdc: number): PictureSize {
  const widthMbs = r.ue('pic_width_in_mbs_minus1') + 1
  const heightMapUnits = r.ue('pic_height_in_map_units_minus1') + 1
  const fieldFactor = r.flag('frame_mbs_only_flag') ? 1 : 2
  if (fieldFactor === 2) r.skip(1, 'mb_adaptive_frame_field_flag')
  r.skip(1, 'direct_8x8_inference_flag')
  let cropX = 0
  let cropY = 0
  if (r.flag('frame_cropping_flag')) {
    cropX = r.ue('frame_crop_left_offset') + r.ue('frame_crop_right_offset')
    cropY = r.ue('frame_crop_top_offset') + r.ue('frame_crop_bottom_offset')
  }
  const unitX = chromaFormatIdc === 1 || chromaFormatIdc === 2 ? 2 : 1
  const unitY = (chromaFormatIdc === 1 ? 2 : 1) * fieldFactor
  const widthPx = widthMbs * 16 - cropX * unitX
  const heightPx = heightMapUnits * 16 * fieldFactor - cropY * unitY
  if (widthPx <= 0 || heightPx <= 0) throw new MalformedInputError('frame_crop', 0, 'leaves no picture')
  if (widthPx > MAX_DIMENSION_PX || heightPx > MAX_DIMENSION_PX) {
    throw new UnsupportedInputError(`H.264 picture of ${widthPx}x${heightPx} is larger than ${MAX_DIMENSION_PX}`)
  }
  return { widthPx, heightPx, frameMbsOnlyFlag: fieldFactor === 1 ? 1 : 0 }
}

/** vui_parameters() as far as its timing. ITU-T H.264, E.1.1. A damaged VUI costs what it says, not the stream. */
function readVui(r: BitReader): Vui {
  try {
    const videoRange = readVuiRange(r)
    const range = videoRange ? { videoRange } : {}
    if (!r.flag('timing_info_present_flag')) return range
    const unitsInTick = r.bits(32, 'num_units_in_tick')
    const frameRate = frameRateOf(r.bits(32, 'time_scale'), unitsInTick * 2)
    return { ...range, ...(frameRate === undefined ? {} : { frameRate }) }
  } catch (error) {
    if (error instanceof MalformedInputError) return {}
    throw error
  }
}
