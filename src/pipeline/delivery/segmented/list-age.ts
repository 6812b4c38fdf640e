import type { CmafIndex } from '../../packaging/index.ts'
import type { PlaylistDirectives } from './blocking-reload.ts'

/** What a blocking request was answered with can be kept by a cache for so many target durations. */
const BLOCKED_MAX_AGE_TARGETS = 6
const ENDED_MAX_AGE_SECONDS = 60

/** True once every track has something to play. */
export function hasSegments(index: CmafIndex): boolean {
  if (index.tracks.size === 0) return false
  for (const track of index.tracks.values()) if (track.segments.length === 0) return false
  return true
}

/** A list that waited says the same for ever; one that was there may be half a target duration old. */
export function maxAgeSeconds({ ended, targetSeconds }: CmafIndex, { msn }: PlaylistDirectives): number {
  if (ended) return ENDED_MAX_AGE_SECONDS
  return msn === undefined ? Math.floor(targetSeconds / 2) : BLOCKED_MAX_AGE_TARGETS * targetSeconds
}
