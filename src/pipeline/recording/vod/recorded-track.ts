import type { RecordingDetail, TrackFact } from '../../../platform/storage/index.ts'

type Recorded = Pick<RecordingDetail, 'inits' | 'tracks'>
type Described = { readonly trackId: number; readonly initId: number }
type Timed = Described & { readonly startTicks: number; readonly durationTicks: number }

/** By initialization segment: what `trackOf` has looked for once. */
const KNOWN = new WeakMap<RecordingDetail['inits'], Map<number, TrackFact | undefined>>()

/** What a track was when it made a segment: its clock, codec and size may be others by now. */
export function trackOf({ inits, tracks }: Recorded, { trackId, initId }: Described): TrackFact | undefined {
  const known = KNOWN.get(inits) ?? new Map<number, TrackFact | undefined>()
  KNOWN.set(inits, known)
  const key = trackId * 2 ** 32 + initId
  if (!known.has(key)) {
    const init = inits.find((each) => each.trackId === trackId && each.initId === initId)
    known.set(key, init?.track ?? tracks.find((each) => each.trackId === trackId))
  }
  return known.get(key)
}

/** Milliseconds of ticks of a segment. */
export function msOf(recording: Recorded, segment: Described, ticks: number): number {
  return (ticks * 1000) / (trackOf(recording, segment)?.clockRateHz ?? 1)
}
export function startMs(recording: Recorded, segment: Timed): number {
  return msOf(recording, segment, segment.startTicks)
}
export function durationMs(recording: Recorded, segment: Timed): number {
  return msOf(recording, segment, segment.durationTicks)
}

/** RFC 6381, of all that a track was recorded with, oldest first. */
export function codecStringsOf({ inits }: Recorded, { trackId, codecString }: TrackFact): readonly string[] {
  const recorded = inits.flatMap(({ track }) => (track?.trackId === trackId ? [track.codecString] : []))
  return [...new Set([...recorded, codecString])]
}
