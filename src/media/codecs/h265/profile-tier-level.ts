import type { BitReader } from '../../bytes/index.ts'

/** The general part of profile_tier_level(). ITU-T H.265, 7.3.3. */
export type ProfileTierLevel = {
  readonly profileSpace: number
  readonly tierFlag: number
  readonly profileIdc: number
  readonly profileCompatibilityFlags: number
  /** general_progressive_source_flag and the 47 bits that follow. */
  readonly constraintFlags: Uint8Array
  readonly levelIdc: number
}

/** profile_tier_level(1, maxSubLayersMinus1); the sub-layers are skipped. */
export function readProfileTierLevel(r: BitReader, maxSubLayersMinus1: number): ProfileTierLevel {
  const profileSpace = r.bits(2, 'general_profile_space')
  const tierFlag = r.bits(1, 'general_tier_flag')
  const profileIdc = r.bits(5, 'general_profile_idc')
  const profileCompatibilityFlags = r.bits(32, 'general_profile_compatibility_flags')
  const constraintFlags = new Uint8Array(6)
  for (let i = 0; i < 6; i++) constraintFlags[i] = r.bits(8, 'general_constraint_indicator_flags')
  const levelIdc = r.bits(8, 'general_level_idc')
  skipSubLayers(r, maxSubLayersMinus1)
  return { profileSpace, tierFlag, profileIdc, profileCompatibilityFlags, constraintFlags, levelIdc }
}

function skipSubLayers(r: BitReader, maxSubLayersMinus1: number): void {
  let bits = 0
  for (let i = 0; i < maxSubLayersMinus1; i++) {
    if (r.flag('sub_layer_profile_present_flag')) bits += 88
    if (r.flag('sub_layer_level_present_flag')) bits += 8
  }
  if (maxSubLayersMinus1 > 0) bits += (8 - maxSubLayersMinus1) * 2
  r.skip(bits, 'sub_layers')
}
