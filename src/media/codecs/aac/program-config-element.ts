import type { BitReader } from '../../bytes/index.ts'
import type { BitWriter } from '../bit-writer.ts'

/** program_config_element() as a list of fields, kept for writing. ISO/IEC 14496-3, 4.4.1.1. */
export type ProgramConfigElement = {
  readonly channelCount: number
  /** Bit count and value of every field before the byte alignment. */
  readonly fields: readonly (readonly [number, number])[]
  readonly comment: readonly number[]
}

/** `firstBit` is the position that byte_alignment() counts from: the start of the AudioSpecificConfig or raw data block. */
export function readProgramConfigElement(r: BitReader, firstBit: number): ProgramConfigElement {
  const fields: [number, number][] = []
  const take = (bits: number, name: string) => {
    const value = r.bits(bits, name)
    fields.push([bits, value])
    return value
  }
  take(4, 'element_instance_tag')
  take(2, 'object_type')
  take(4, 'sampling_frequency_index')
  const speakers = take(4, 'num_front_channel_elements') + take(4, 'num_side') + take(4, 'num_back')
  const lfe = take(2, 'num_lfe_channel_elements')
  const data = take(3, 'num_assoc_data_elements')
  const coupling = take(4, 'num_valid_cc_elements')
  if (take(1, 'mono_mixdown_present') === 1) take(4, 'mono_mixdown_element_number')
  if (take(1, 'stereo_mixdown_present') === 1) take(4, 'stereo_mixdown_element_number')
  if (take(1, 'matrix_mixdown_idx_present') === 1) take(3, 'matrix_mixdown_idx')
  let channelCount = lfe
  for (let i = 0; i < speakers; i++) {
    channelCount += take(1, 'element_is_cpe') === 1 ? 2 : 1
    take(4, 'element_tag_select')
  }
  for (let i = 0; i < lfe + data; i++) take(4, 'lfe_or_data_element_tag_select')
  for (let i = 0; i < coupling; i++) take(5, 'cc_element')
  r.skip((8 - ((r.bitPosition - firstBit) & 7)) & 7, 'byte_alignment')
  const comment: number[] = []
  for (let left = r.bits(8, 'comment_field_bytes'); left > 0; left--) comment.push(r.bits(8, 'comment_field_data'))
  return { channelCount, fields, comment }
}

/** The writer's first bit is what byte_alignment() counts from. */
export function writeProgramConfigElement(w: BitWriter, element: ProgramConfigElement): void {
  for (const [bits, value] of element.fields) w.bits(bits, value)
  w.align()
  w.bits(8, element.comment.length)
  for (const byte of element.comment) w.bits(8, byte)
}
