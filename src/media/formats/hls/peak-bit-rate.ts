/** A segment that follows the one before it in `segments`. */
export type SizedSegment = { readonly seconds: number; readonly byteLength: number }

/**
 * The largest bit rate, in bits a second, of consecutive segments that last between half and one and a half target
 * durations together: a short segment counts with its neighbours only. The longest segment stands for the target
 * duration. 0 without segments. RFC 8216bis, 4.1.
 */
export function peakBitRate(segments: readonly SizedSegment[]): number {
  const timed = segments.filter(({ seconds, byteLength }) => seconds > 0 && byteLength > 0)
  // Days of a recording are more than a call takes as arguments.
  const targetSeconds = timed.reduce((longest, { seconds }) => Math.max(longest, seconds), 0)
  let peakBps = 0
  for (let from = 0; from < timed.length; from++) {
    let [seconds, bytes] = [0, 0]
    for (let at = from; at < timed.length; at++) {
      seconds += timed[at]?.seconds ?? 0
      bytes += timed[at]?.byteLength ?? 0
      if (seconds > 1.5 * targetSeconds) break
      if (seconds >= 0.5 * targetSeconds) peakBps = Math.max(peakBps, (bytes * 8) / seconds)
    }
  }
  return peakBps
}
