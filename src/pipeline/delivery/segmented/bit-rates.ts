import type { IndexedTrack } from '../../packaging/index.ts'

export type BitRates = { readonly peakBps: number; readonly meanBps: number }

/** Bit rates of the window as RFC 8216bis, 4.4.6.2 wants them: the peak of a segment, and the mean. */
export function measureBitRates({ info, segments }: IndexedTrack): BitRates {
  let peakBps = 1
  let bits = 0
  let seconds = 0
  for (const { durationTicks, byteLength } of segments) {
    const segmentSeconds = durationTicks / info.clockRateHz
    if (segmentSeconds <= 0 || byteLength === 0) continue
    peakBps = Math.max(peakBps, (byteLength * 8) / segmentSeconds)
    bits += byteLength * 8
    seconds += segmentSeconds
  }
  return { peakBps: Math.ceil(peakBps), meanBps: Math.max(1, Math.round(bits / Math.max(seconds, 0.001))) }
}
