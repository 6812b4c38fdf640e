import type { Av } from '../av.ts'
import type { FilterStep } from '../filter-chain.ts'

/** The `abuffer` that takes samples like these, timed in samples. */
export function samplesSource({ sampleRate, format, channelLayout }: InstanceType<Av['Frame']>): FilterStep {
  const layout = channelLayout.mask > 0n ? `0x${channelLayout.mask.toString(16)}` : `${channelLayout.nbChannels}c`
  return [
    'abuffer',
    `time_base=1/${sampleRate}:sample_rate=${sampleRate}:sample_fmt=${format}:channel_layout=${layout}`,
  ]
}
