import { UnavailableError } from '../../../platform/errors.ts'
import type { CmafIndex } from '../../packaging/index.ts'
import { checkDirectives, hasCome, isFarAhead, type PlaylistDirectives } from './blocking-reload.ts'
import { findMedia, nowNamed } from './find-media.ts'
import type { Wait } from './gates.ts'
import type { MediaResource, TrackMedia } from './segment-address.ts'
import type { SegmentedView } from './segmented-view.ts'

/** RFC 8216bis, 6.2.5.2: a blocked request is given up after so many target durations. */
const BLOCKED_TARGETS = 3
/** Who asks for a list that is far ahead gets what there is after so many parts: hls.js waits no longer. */
const PARTS_FOR_FAR = 2

/** Until the playlist of a track has come as far as is asked. Undefined: it has. Throws MalformedInputError. */
export function playlistWait(view: SegmentedView, trackId: number, directives: PlaylistDirectives): Wait | undefined {
  const { index } = view
  const { msn, part } = directives
  const track = view.track(trackId)
  if (msn === undefined || !track || index.ended) return undefined
  checkDirectives(index, track, directives)
  const isOpen = () => hasCome(index, view.track(trackId) ?? track, directives)
  return isOpen() ? undefined : { key: `${trackId} ${msn}.${part}`, isOpen }
}

/** Until a part or segment is there, or will never be. Undefined: that is known. */
export function mediaWait({ index }: SegmentedView, resource: MediaResource): Wait | undefined {
  const isOpen = () => findMedia(index, resource).state !== 'awaited'
  return isOpen() ? undefined : { key: `media ${JSON.stringify(resource)}`, isOpen }
}

/** Until it is known what an address means that was made before the stream began. Undefined: that is known. */
export function namingWait({ index }: SegmentedView, resource: TrackMedia): Wait | undefined {
  const isOpen = () => nowNamed(index, resource) !== 'awaited'
  return isOpen() ? undefined : { key: `named ${JSON.stringify(resource)}`, isOpen }
}

/** Resolves when the playlist of the track has come as far as `directives` ask; with false, a little before that. */
export async function block(
  view: SegmentedView,
  trackId: number,
  directives: PlaylistDirectives,
  signal: AbortSignal,
): Promise<boolean> {
  const wait = playlistWait(view, trackId, directives)
  if (!wait) return true
  const track = view.track(trackId)
  const isFar = track !== undefined && isFarAhead(view.index, track, directives)
  const patienceMs = isFar ? PARTS_FOR_FAR * view.index.options.partTargetMs : blockedMs(view.index)
  const isThere = await view.wait(wait.key, wait.isOpen, patienceMs, signal)
  if (!isThere && !isFar && !view.ended) throw doesNotCome()
  return isThere
}
/** How long a request is held at most. */
export function blockedMs({ targetSeconds }: CmafIndex): number {
  return BLOCKED_TARGETS * Math.max(1000, targetSeconds * 1000)
}

/** A wait took too long. */
export function doesNotCome(): UnavailableError {
  return new UnavailableError('the stream', 'what comes next does not come')
}
