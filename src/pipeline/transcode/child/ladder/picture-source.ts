import type { Av } from '../av.ts'
import type { FilterStep } from '../filter-chain.ts'

/** The `buffer` that takes pictures like this one, timed in 90 kHz ticks. */
export function pictureSource(picture: InstanceType<Av['Frame']>): FilterStep {
  const { width, height, format, colorSpace, colorRange, sampleAspectRatio: sample } = picture
  const aspect = sample.num > 0 && sample.den > 0 ? `${sample.num}/${sample.den}` : '1/1'
  return [
    'buffer',
    `video_size=${width}x${height}:pix_fmt=${format}:time_base=1/90000:pixel_aspect=${aspect}:colorspace=${colorSpace}:range=${colorRange}`,
  ]
}
