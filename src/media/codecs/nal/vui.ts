import type { BitReader } from '../../bytes/index.ts'
import { type VideoRange, videoRangeOf } from '../../model/index.ts'

const EXTENDED_SAR = 255

/**
 * The opening of vui_parameters() that H.264 and H.265 share, up to and with the chroma location.
 * ITU-T H.264, E.1.1; ITU-T H.265, E.2.1. Returns what transfer_characteristics says of the range, where that is not the
 * standard one.
 */
export function readVuiRange(r: BitReader): VideoRange | undefined {
  let range: VideoRange | undefined
  if (r.flag('aspect_ratio_info_present_flag') && r.bits(8, 'aspect_ratio_idc') === EXTENDED_SAR) r.skip(32, 'sar')
  if (r.flag('overscan_info_present_flag')) r.skip(1, 'overscan_appropriate_flag')
  if (r.flag('video_signal_type_present_flag')) {
    r.skip(4, 'video_format')
    if (r.flag('colour_description_present_flag')) {
      r.skip(8, 'colour_primaries')
      range = videoRangeOf(r.bits(8, 'transfer_characteristics'))
      r.skip(8, 'matrix_coefficients')
    }
  }
  if (r.flag('chroma_loc_info_present_flag')) {
    r.ue('chroma_sample_loc_type_top_field')
    r.ue('chroma_sample_loc_type_bottom_field')
  }
  return range
}

/** Frames per second, or undefined where the pair is not usable. */
export function frameRateOf(timeScale: number, unitsPerFrame: number): number | undefined {
  if (timeScale === 0 || unitsPerFrame === 0) return undefined
  const rate = timeScale / unitsPerFrame
  return rate <= 1000 ? rate : undefined
}
