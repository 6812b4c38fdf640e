import { peakBitRate } from '../../../media/formats/hls/index.ts'
import { type IndexedTrack, msOf } from '../../packaging/index.ts'

export type BitRates = { readonly peakBps: number; readonly meanBps: number }

/** Bit rates of the window as RFC 8216bis, 4.1 and 4.4.6.2 want them: the peak, and the mean. */
export function measureBitRates(track: IndexedTrack): BitRates {
  const sized = track.segments.map((segment) => ({
    seconds: msOf(track, segment, segment.durationTicks) / 1000,
    byteLength: segment.byteLength,
  }))
  let bits = 0
  let total = 0
  for (const { seconds, byteLength } of sized) {
    if (seconds <= 0 || byteLength === 0) continue
    bits += byteLength * 8
    total += seconds
  }
  const meanBps = Math.max(1, Math.round(bits / Math.max(total, 0.001)))
  // Short segments in a row are in the mean alone.
  return { peakBps: Math.max(meanBps, Math.ceil(peakBitRate(sized))), meanBps }
}
