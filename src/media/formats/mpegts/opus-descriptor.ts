import { type OpusHead, readOpusHead } from '../../codecs/opus/index.ts'
import { UnsupportedInputError } from '../../errors.ts'
import type { Descriptor } from './program-tables.ts'
import { DESCRIPTOR } from './stream-kind.ts'

/** descriptor_tag_extension of the Opus audio descriptor. Opus in MPEG-2 TS, 4.2. */
const OPUS_EXTENSION = 0x80
const DUAL_MONO = 0
const DUAL_MONO_FAMILY = 255

/** Streams, coupled streams and mapping of 3 to 8 channels in the Vorbis order. RFC 7845, 5.1.1.2. */
const SURROUND: ReadonlyMap<number, readonly [number, number, readonly number[]]> = new Map([
  [3, [2, 1, [0, 2, 1]]],
  [4, [2, 2, [0, 1, 2, 3]]],
  [5, [3, 2, [0, 4, 1, 2, 3]]],
  [6, [4, 2, [0, 4, 1, 2, 3, 5]]],
  [7, [5, 2, [0, 4, 1, 2, 3, 5, 6]]],
  [8, [5, 3, [0, 6, 1, 2, 3, 4, 5, 7]]],
])

/** The identification header that a stream's descriptors stand for. */
export function opusHeadOf(descriptors: readonly Descriptor[], preSkip: number): OpusHead {
  const data = descriptors.find(({ tag, data }) => tag === DESCRIPTOR.extension && data[0] === OPUS_EXTENSION)?.data
  const code = data?.[1]
  if (code === undefined) throw new UnsupportedInputError('Opus without its channel configuration')
  const base = { preSkip, inputSampleRateHz: 48_000, outputGain: 0 }
  if (code === 1 || code === 2) return { ...base, channelCount: code, channelMappingFamily: 0 }
  if (code === DUAL_MONO) {
    const mapping = { streamCount: 2, coupledCount: 0, table: Uint8Array.of(0, 1) }
    return { ...base, channelCount: 2, channelMappingFamily: DUAL_MONO_FAMILY, mapping }
  }
  const layout = SURROUND.get(code)
  if (layout === undefined) throw new UnsupportedInputError(`Opus channel configuration ${code}`)
  const mapping = { streamCount: layout[0], coupledCount: layout[1], table: Uint8Array.from(layout[2]) }
  return { ...base, channelCount: code, channelMappingFamily: 1, mapping }
}

/** The extension descriptor for an identification header, or undefined where no channel configuration says it. */
export function opusDescriptor(config: Uint8Array): Descriptor | undefined {
  const code = channelConfigurationCode(readOpusHead(config))
  return code === undefined ? undefined : { tag: DESCRIPTOR.extension, data: Uint8Array.of(OPUS_EXTENSION, code) }
}

function channelConfigurationCode(head: OpusHead): number | undefined {
  if (head.mapping === undefined) return head.channelCount
  const { streamCount, coupledCount, table } = head.mapping
  if (head.channelMappingFamily === DUAL_MONO_FAMILY) {
    return head.channelCount === 2 && streamCount === 2 && coupledCount === 0 ? DUAL_MONO : undefined
  }
  if (head.channelMappingFamily === 1 && head.channelCount < 3) return head.channelCount
  const layout = head.channelMappingFamily === 1 ? SURROUND.get(head.channelCount) : undefined
  const matches = layout !== undefined && layout[0] === streamCount && layout[1] === coupledCount
  return matches && layout[2].every((index, channel) => index === table[channel]) ? head.channelCount : undefined
}
