import { BitReader } from '../../bytes/index.ts'
import { MalformedInputError, UnsupportedInputError } from '../../errors.ts'
import type { VideoRange } from '../../model/index.ts'
import { frameRateOf, readVuiRange, removeEmulationPrevention } from '../nal/index.ts'
import { type ProfileTierLevel, readProfileTierLevel } from './profile-tier-level.ts'
import { skipLongTermPictures, skipShortTermSets } from './reference-picture-sets.ts'

/** What Millrace reads of seq_parameter_set_rbsp(). ITU-T H.265, 7.3.2.2. */
export type H265Sps = {
  readonly maxSubLayersMinus1: number
  readonly temporalIdNesting: number
  readonly profileTierLevel: ProfileTierLevel
  readonly id: number
  readonly chromaFormatIdc: number
  readonly bitDepthLuma: number
  readonly bitDepthChroma: number
  /** Inside the conformance window. */
  readonly widthPx: number
  readonly heightPx: number
  readonly frameRate?: number
  readonly videoRange?: VideoRange
}
type Vui = Pick<H265Sps, 'frameRate' | 'videoRange'>

const MAX_DIMENSION_PX = 16_384

/** `unit` is the whole NAL unit with its two header bytes. */
export function readH265Sps(unit: Uint8Array): H265Sps {
  const r = new BitReader(removeEmulationPrevention(unit), 2)
  r.skip(4, 'sps_video_parameter_set_id')
  const maxSubLayersMinus1 = r.bits(3, 'sps_max_sub_layers_minus1')
  const temporalIdNesting = r.bits(1, 'sps_temporal_id_nesting_flag')
  const profileTierLevel = readProfileTierLevel(r, maxSubLayersMinus1)
  const id = r.ue('sps_seq_parameter_set_id')
  if (id > 15) throw new MalformedInputError('sps_seq_parameter_set_id', 0, `${id} is more than 15`)
  const chromaFormatIdc = r.ue('chroma_format_idc')
  if (chromaFormatIdc > 3) throw new MalformedInputError('chroma_format_idc', 0, `${chromaFormatIdc} is more than 3`)
  if (chromaFormatIdc === 3) r.skip(1, 'separate_colour_plane_flag')
  const size = readPictureSize(r, chromaFormatIdc)
  const bitDepthLuma = r.ue('bit_depth_luma_minus8') + 8
  const bitDepthChroma = r.ue('bit_depth_chroma_minus8') + 8
  if (bitDepthLuma > 15 || bitDepthChroma > 15) throw new MalformedInputError('bit_depth', 0, 'is more than 15')
  const base = { maxSubLayersMinus1, temporalIdNesting, profileTierLevel, id, chromaFormatIdc, ...size }
  return { ...base, bitDepthLuma, bitDepthChroma, ...readToVui(r, maxSubLayersMinus1) }
}

function readPictureSize(r: BitReader, chromaFormatIdc: number): { widthPx: number; heightPx: number } {
  let widthPx = r.ue('pic_width_in_luma_samples')
  let heightPx = r.ue('pic_height_in_luma_samples')
  if (r.flag('conformance_window_flag')) {
    const unitX = chromaFormatIdc === 1 || chromaFormatIdc === 2 ? 2 : 1
    const unitY = chromaFormatIdc === 1 ? 2 : 1
    widthPx -= unitX * (r.ue('conf_win_left_offset') + r.ue('conf_win_right_offset'))
    heightPx -= unitY * (r.ue('conf_win_top_offset') + r.ue('conf_win_bottom_offset'))
  }
  if (widthPx <= 0 || heightPx <= 0) throw new MalformedInputError('pic_width_in_luma_samples', 0, 'leaves no picture')
  if (widthPx > MAX_DIMENSION_PX || heightPx > MAX_DIMENSION_PX) {
    throw new UnsupportedInputError(`H.265 picture of ${widthPx}x${heightPx} is larger than ${MAX_DIMENSION_PX}`)
  }
  return { widthPx, heightPx }
}

/** Everything between the bit depths and the VUI timing. Damage here costs what the VUI says, not the stream. */
function readToVui(r: BitReader, maxSubLayersMinus1: number): Vui {
  try {
    skipCodingTools(r, maxSubLayersMinus1)
    return r.flag('vui_parameters_present_flag') ? readVui(r) : {}
  } catch (error) {
    if (error instanceof MalformedInputError) return {}
    throw error
  }
}

function skipCodingTools(r: BitReader, maxSubLayersMinus1: number): void {
  const pocLsbBits = r.ue('log2_max_pic_order_cnt_lsb_minus4') + 4
  const first = r.flag('sps_sub_layer_ordering_info_present_flag') ? 0 : maxSubLayersMinus1
  for (let i = first; i <= maxSubLayersMinus1; i++) {
    r.ue('sps_max_dec_pic_buffering_minus1')
    r.ue('sps_max_num_reorder_pics')
    r.ue('sps_max_latency_increase_plus1')
  }
  for (let i = 0; i < 6; i++) r.ue('log2_block_sizes')
  if (r.flag('scaling_list_enabled_flag') && r.flag('sps_scaling_list_data_present_flag')) skipScalingLists(r)
  r.skip(2, 'amp_enabled_flag')
  if (r.flag('pcm_enabled_flag')) {
    r.skip(8, 'pcm_sample_bit_depth')
    r.ue('log2_min_pcm_luma_coding_block_size_minus3')
    r.ue('log2_diff_max_min_pcm_luma_coding_block_size')
    r.skip(1, 'pcm_loop_filter_disabled_flag')
  }
  skipShortTermSets(r)
  skipLongTermPictures(r, pocLsbBits)
  r.skip(2, 'sps_temporal_mvp_enabled_flag')
}

/** scaling_list_data(). ITU-T H.265, 7.3.4. */
function skipScalingLists(r: BitReader): void {
  for (let sizeId = 0; sizeId < 4; sizeId++) {
    const coefficients = Math.min(64, 1 << (4 + sizeId * 2))
    for (let matrixId = 0; matrixId < 6; matrixId += sizeId === 3 ? 3 : 1) {
      if (!r.flag('scaling_list_pred_mode_flag')) {
        r.ue('scaling_list_pred_matrix_id_delta')
        continue
      }
      if (sizeId > 1) r.se('scaling_list_dc_coef_minus8')
      for (let i = 0; i < coefficients; i++) r.se('scaling_list_delta_coef')
    }
  }
}

/** vui_parameters() as far as its timing. ITU-T H.265, E.2.1. */
function readVui(r: BitReader): Vui {
  const videoRange = readVuiRange(r)
  const range = videoRange ? { videoRange } : {}
  r.skip(3, 'neutral_chroma_indication_flag')
  if (r.flag('default_display_window_flag')) for (let i = 0; i < 4; i++) r.ue('def_disp_win_offset')
  if (!r.flag('vui_timing_info_present_flag')) return range
  const unitsInTick = r.bits(32, 'vui_num_units_in_tick')
  const frameRate = frameRateOf(r.bits(32, 'vui_time_scale'), unitsInTick)
  return { ...range, ...(frameRate === undefined ? {} : { frameRate }) }
}
