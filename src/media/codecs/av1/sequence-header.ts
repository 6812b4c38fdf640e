import { BitReader } from '../../bytes/index.ts'
import { type Av1ColorConfig, readColorConfig } from './color-config.ts'

/** What Millrace reads of sequence_header_obu(). AV1 specification, 5.5.1. */
export type Av1SequenceHeader = {
  readonly seqProfile: number
  readonly seqLevelIdx0: number
  readonly seqTier0: number
  readonly color: Av1ColorConfig
  readonly widthPx: number
  readonly heightPx: number
  readonly frameRate?: number
}

type OperatingPoint = { seqLevelIdx0: number; seqTier0: number; frameRate?: number }

/** `payload` is the OBU's payload, without its header. */
export function readAv1SequenceHeader(payload: Uint8Array): Av1SequenceHeader {
  const r = new BitReader(payload)
  const seqProfile = r.bits(3, 'seq_profile')
  r.skip(1, 'still_picture')
  const reduced = r.flag('reduced_still_picture_header')
  const point = reduced ? { seqLevelIdx0: r.bits(5, 'seq_level_idx[0]'), seqTier0: 0 } : readOperatingPoints(r)
  const widthBits = r.bits(4, 'frame_width_bits_minus_1') + 1
  const heightBits = r.bits(4, 'frame_height_bits_minus_1') + 1
  const widthPx = r.bits(widthBits, 'max_frame_width_minus_1') + 1
  const heightPx = r.bits(heightBits, 'max_frame_height_minus_1') + 1
  if (!reduced && r.flag('frame_id_numbers_present_flag')) r.skip(7, 'frame_id_length')
  r.skip(3, 'use_128x128_superblock')
  if (!reduced) skipInterTools(r)
  r.skip(3, 'enable_superres')
  return { seqProfile, ...point, widthPx, heightPx, color: readColorConfig(r, seqProfile) }
}

function readOperatingPoints(r: BitReader): OperatingPoint {
  let frameRate: number | undefined
  let delayBits = 0
  if (r.flag('timing_info_present_flag')) {
    frameRate = readTimingInfo(r)
    if (r.flag('decoder_model_info_present_flag')) {
      delayBits = r.bits(5, 'buffer_delay_length_minus_1') + 1
      r.skip(42, 'decoder_model_info')
    }
  }
  const displayDelay = r.flag('initial_display_delay_present_flag')
  const first = { seqLevelIdx0: 0, seqTier0: 0 }
  const count = r.bits(5, 'operating_points_cnt_minus_1') + 1
  for (let i = 0; i < count; i++) {
    r.skip(12, 'operating_point_idc')
    const level = r.bits(5, 'seq_level_idx')
    const tier = level > 7 ? r.bits(1, 'seq_tier') : 0
    if (delayBits > 0 && r.flag('decoder_model_present_for_this_op')) r.skip(delayBits * 2 + 1, 'operating_parameters')
    if (displayDelay && r.flag('initial_display_delay_present_for_this_op')) r.skip(4, 'initial_display_delay')
    if (i === 0) Object.assign(first, { seqLevelIdx0: level, seqTier0: tier })
  }
  return { ...first, ...(frameRate === undefined ? {} : { frameRate }) }
}

/** timing_info(). AV1 specification, 5.5.3. */
function readTimingInfo(r: BitReader): number | undefined {
  const unitsInTick = r.bits(32, 'num_units_in_display_tick')
  const timeScale = r.bits(32, 'time_scale')
  if (!r.flag('equal_picture_interval')) return undefined
  const ticksPerPicture = r.ue('num_ticks_per_picture_minus_1') + 1
  return unitsInTick === 0 || timeScale === 0 ? undefined : timeScale / (unitsInTick * ticksPerPicture)
}

function skipInterTools(r: BitReader): void {
  r.skip(4, 'enable_interintra_compound')
  const orderHint = r.flag('enable_order_hint')
  if (orderHint) r.skip(2, 'enable_jnt_comp')
  const screenContent = r.flag('seq_choose_screen_content_tools') || r.flag('seq_force_screen_content_tools')
  if (screenContent && !r.flag('seq_choose_integer_mv')) r.skip(1, 'seq_force_integer_mv')
  if (orderHint) r.skip(3, 'order_hint_bits_minus_1')
}
