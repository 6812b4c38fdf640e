import { BitReader } from '../../bytes/index.ts'
import { frameRateOf, removeEmulationPrevention } from '../nal/index.ts'
import { readProfileTierLevel } from './profile-tier-level.ts'

const MAX_LAYER_SETS = 1024

/**
 * What Millrace reads of video_parameter_set_rbsp(): the frame rate, where its timing says one.
 * ITU-T H.265, 7.3.2.1. `unit` is the whole NAL unit.
 */
export function readH265VpsFrameRate(unit: Uint8Array): number | undefined {
  const r = new BitReader(removeEmulationPrevention(unit), 2)
  r.skip(12, 'vps_video_parameter_set_id')
  const maxSubLayersMinus1 = r.bits(3, 'vps_max_sub_layers_minus1')
  r.skip(17, 'vps_temporal_id_nesting_flag')
  readProfileTierLevel(r, maxSubLayersMinus1)
  const first = r.flag('vps_sub_layer_ordering_info_present_flag') ? 0 : maxSubLayersMinus1
  for (let i = first; i <= maxSubLayersMinus1; i++) {
    r.ue('vps_max_dec_pic_buffering_minus1')
    r.ue('vps_max_num_reorder_pics')
    r.ue('vps_max_latency_increase_plus1')
  }
  const maxLayerId = r.bits(6, 'vps_max_layer_id')
  const layerSets = r.ue('vps_num_layer_sets_minus1')
  if (layerSets >= MAX_LAYER_SETS) return undefined
  r.skip(layerSets * (maxLayerId + 1), 'layer_id_included_flag')
  if (!r.flag('vps_timing_info_present_flag')) return undefined
  const unitsInTick = r.bits(32, 'vps_num_units_in_tick')
  return frameRateOf(r.bits(32, 'vps_time_scale'), unitsInTick)
}
