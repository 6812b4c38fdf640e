import type { PlayedForm, Stall, Watched } from './players.ts'

export type Played = Watched & {
  /** Answers of 400 and above, and what the page complains about. */
  readonly refusals: readonly string[]
}

/** Players work their way to the live edge first. */
const SETTLING_SAMPLES = 15
/** hls.js tells stalls beside the media element, whose word counts. */
const OF_STALLS = /^(bufferStalledError|bufferNudgeOnStall) /
const OF_GAPS = /^(fragGap|bufferSeekOverHole) /
const SEEN_MS = 250
/** Until a player has found that behind a hole there is more. */
const GAP_MS = 500
/** What decoders hold back. */
const DRY_SECONDS = 0.25

/** Errors of any severity, refusals, and what the page complained about. */
export function errorsOf({ errors, refusals }: Played, { gaps }: PlayedForm): string[] {
  const isExpected = (error: string) => OF_STALLS.test(error) || (gaps === 'listed' && OF_GAPS.test(error))
  return [...errors.filter((error) => !isExpected(error)), ...refusals]
}

/** That can be seen, for want of media: with media in the buffer it is the decoder that is late. */
export function seenStalls({ stalls }: Played, { gaps }: PlayedForm): Stall[] {
  const seenMs = gaps === 'listed' ? GAP_MS : SEEN_MS
  return stalls.filter(({ aheadSeconds, lastedMs }) => lastedMs > seenMs && aheadSeconds < DRY_SECONDS)
}

/** One line for people. */
export function told({ errors, stalls, latencies, frameCount, refusals }: Played): string {
  const settled = latencies.slice(SETTLING_SAMPLES)
  const latency =
    settled.length > 0 ? `, latency ${percentile(settled, 0.5)} s p50 ${percentile(settled, 0.95)} s p95` : ''
  const shown = stalls.map((stall) => `stall ${JSON.stringify(stall)}`)
  return `${frameCount} frames${latency} ${[...errors, ...refusals, ...shown].join('; ')}`
}

function percentile(values: readonly number[], share: number): string {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]?.toFixed(2) ?? '–'
}
