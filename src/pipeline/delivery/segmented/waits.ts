import { UnavailableError } from '../../../platform/errors.ts'
import { checkDirectives, hasCome, type PlaylistDirectives } from './blocking-reload.ts'
import { findMedia, nowNamed } from './find-media.ts'
import type { Wait } from './gates.ts'
import type { MediaResource, TrackMedia } from './segment-address.ts'
import type { SegmentedView } from './segmented-view.ts'

/** Until the playlist of a track has come as far as is asked. Undefined: it has. Throws MalformedInputError. */
export function playlistWait(view: SegmentedView, trackId: number, directives: PlaylistDirectives): Wait | undefined {
  const { index } = view
  const { msn, part } = directives
  const track = view.track(trackId)
  if (msn === undefined || !track || index.ended) return undefined
  checkDirectives(track, directives)
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

/** A wait took too long. */
export function doesNotCome(): UnavailableError {
  return new UnavailableError('the stream', 'what comes next does not come')
}
