import type { PlayedForm, Stall, Watched } from './players.ts'

export type Played = Watched & {
  /** Answers of 400 and above, and what the page complains about. */
  readonly refusals: readonly string[]
}

/** Players work their way to the live edge first. */
const SETTLING_SAMPLES = 15
/** hls.js tells stalls beside the media element, whose word counts. */
const OF_STALLS = /^(bufferStalledError|bufferNudgeOnStall) /
/** What was not there before a member came back has no media in it. */
const OF_GAPS = /^(fragGap|bufferSeekOverHole|levelLoadTimeOut|audioTrackLoadTimeOut|fragParsingError Found no media) /
/** shaka-player 5.2 now and then tells an exception of its own code, without a number, and goes on. */
const OF_BREAKS = /^shaka {2}Cannot read properties of null/
/** What is shown first is shown some pictures behind the time that its decoding starts at. */
const OF_START = /^bufferSeekOverHole .* seeking from 0 to 0\.[0-2]/
/** hls.js gives a playlist that waits for its next part a second, and passes over what it has got too late. */
const OF_DELAYS = /^(levelLoadTimeOut|audioTrackLoadTimeOut|bufferSeekOverHole) /
const SEEN_MS = 250
/** Until a player has found that behind a hole there is more. */
const GAP_MS = 500
/** What decoders hold back. */
const DRY_SECONDS = 0.25

/** Errors of any severity, refusals, and what the page complained about. */
export function errorsOf({ errors, refusals }: Played, { gaps }: PlayedForm): string[] {
  const isExpected = (error: string) =>
    OF_STALLS.test(error) ||
    OF_START.test(error) ||
    (gaps === 'expected' && (OF_GAPS.test(error) || OF_BREAKS.test(error)))
  return [...errors.filter((error) => !isExpected(error)), ...refusals]
}

/** That can be seen, for want of media: with media in the buffer it is the decoder that is late. */
export function seenStalls({ stalls }: Played, { gaps }: PlayedForm): Stall[] {
  const seenMs = gaps === 'expected' ? GAP_MS : SEEN_MS
  return stalls.filter(({ aheadSeconds, lastedMs }) => lastedMs > seenMs && aheadSeconds < DRY_SECONDS)
}

/** Nothing went wrong but that something came late: the machine may have been busy. */
export function isLate(played: Played, form: PlayedForm): boolean {
  const errors = errorsOf(played, form)
  const isOfDelays = errors.length > 0 && errors.every((error) => OF_DELAYS.test(error))
  return isOfDelays || (errors.length === 0 && seenStalls(played, form).length > 0)
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
