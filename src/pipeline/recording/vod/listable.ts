import { UnsupportedInputError } from '../../../media/errors.ts'
import type { CodecId, Track } from '../../../media/model/index.ts'
import type { RecordingDetail, TrackFact } from '../../../platform/storage/index.ts'
import { CMAF_FORMAT, misfit } from '../../packaging/index.ts'
import { trackOf } from './recorded-track.ts'

/**
 * What lists of HLS and DASH can name of a recording, which holds what came, bit by bit: not the segments whose codec no
 * player of theirs knows. Undefined where nothing is left.
 */
export function listable(detail: RecordingDetail): RecordingDetail | undefined {
  const segments = detail.segments.filter((segment) => !problemOf(trackOf(detail, segment)))
  if (segments.length === detail.segments.length) return detail
  if (segments.length === 0) return undefined
  const inits = detail.inits.filter((init) => !problemOf(trackOf(detail, init)))
  // A track is listed as it is now, or was when a player could have it last.
  const tracks = detail.tracks.flatMap((track) => {
    const before = inits.findLast((init) => init.trackId === track.trackId)
    const known = problemOf(track) ? before?.track : track
    return known && segments.some(({ trackId }) => trackId === track.trackId) ? [known] : []
  })
  return { ...detail, inits, segments, tracks }
}

/** Why there is no list of it. */
export function notListable(detail: RecordingDetail): UnsupportedInputError {
  const [problem = 'HLS and DASH cannot carry this recording'] = detail.tracks.flatMap((each) => problemOf(each) ?? [])
  return new UnsupportedInputError(`${problem}; /vod/${detail.id}.mp4 has it`)
}

function problemOf(track: TrackFact | undefined): string | undefined {
  if (!track) return undefined
  const { kind, codec } = track
  return misfit(CMAF_FORMAT, [{ kind, codec: codec as CodecId } as Track])?.problem
}
