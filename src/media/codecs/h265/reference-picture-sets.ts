import type { BitReader } from '../../bytes/index.ts'
import { MalformedInputError } from '../../errors.ts'

const MAX_SETS = 64
const MAX_PICTURES = 16

/** All st_ref_pic_set() of a sequence parameter set, skipped. ITU-T H.265, 7.3.7. */
export function skipShortTermSets(r: BitReader): void {
  const count = r.ue('num_short_term_ref_pic_sets')
  if (count > MAX_SETS) throw new MalformedInputError('num_short_term_ref_pic_sets', 0, `${count} is over ${MAX_SETS}`)
  let pictures = 0
  for (let index = 0; index < count; index++) {
    const predicted = index > 0 && r.flag('inter_ref_pic_set_prediction_flag')
    pictures = predicted ? skipPredictedSet(r, pictures) : skipExplicitSet(r)
  }
}

/** Returns the picture count of this set, which the next one may be predicted from. */
function skipPredictedSet(r: BitReader, referencePictures: number): number {
  r.skip(1, 'delta_rps_sign')
  r.ue('abs_delta_rps_minus1')
  let pictures = 0
  for (let i = 0; i <= referencePictures; i++) {
    if (r.flag('used_by_curr_pic_flag') || r.flag('use_delta_flag')) pictures++
  }
  return pictures
}

function skipExplicitSet(r: BitReader): number {
  const pictures = r.ue('num_negative_pics') + r.ue('num_positive_pics')
  if (pictures > MAX_PICTURES * 2)
    throw new MalformedInputError('num_negative_pics', 0, `${pictures} pictures in a set`)
  for (let i = 0; i < pictures; i++) {
    r.ue('delta_poc_minus1')
    r.skip(1, 'used_by_curr_pic_flag')
  }
  return pictures
}

/** The long-term reference pictures of a sequence parameter set, skipped. ITU-T H.265, 7.3.2.2.1. */
export function skipLongTermPictures(r: BitReader, pocLsbBits: number): void {
  if (!r.flag('long_term_ref_pics_present_flag')) return
  const count = r.ue('num_long_term_ref_pics_sps')
  if (count > 32) throw new MalformedInputError('num_long_term_ref_pics_sps', 0, `${count} is over 32`)
  r.skip(count * (pocLsbBits + 1), 'lt_ref_pic_poc_lsb_sps')
}
