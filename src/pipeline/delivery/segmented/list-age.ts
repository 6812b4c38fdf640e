import { silentAfterMs } from '../../../media/formats/mp4/index.ts'
import { type CmafIndex, type IndexedTrack, msOf } from '../../packaging/index.ts'
import type { PlaylistDirectives } from './blocking-reload.ts'

/** What a blocking request was answered with can be kept by a cache for so many target durations. */
const BLOCKED_MAX_AGE_TARGETS = 6
const ENDED_MAX_AGE_SECONDS = 60

/** True once every track has something to play, but for those that are silent. */
export function hasSegments(index: CmafIndex): boolean {
  let hasSome = false
  for (const track of index.tracks.values()) {
    if (track.segments.length > 0) hasSome = true
    else if (!isSilent(index, track)) return false
  }
  return hasSome
}

/** Announced by the publisher, and nothing of it has come in a time after which the others do not wait for it. */
export function isSilent({ tracks, options }: CmafIndex, track: IndexedTrack): boolean {
  if (track.segments.length > 0 || track.open) return false
  const patienceMs = silentAfterMs(options.segmentMs)
  return [...tracks.values()].some((other) => lengthMs(other) > patienceMs)
}
function lengthMs(track: IndexedTrack): number {
  return track.segments.reduce((sum, segment) => sum + msOf(track, segment, segment.durationTicks), 0)
}

/** A list that waited says the same for ever; one that was there may be half a target duration old. */
export function maxAgeSeconds({ ended, targetSeconds }: CmafIndex, { msn }: PlaylistDirectives): number {
  if (ended) return ENDED_MAX_AGE_SECONDS
  return msn === undefined ? Math.floor(targetSeconds / 2) : BLOCKED_MAX_AGE_TARGETS * targetSeconds
}
