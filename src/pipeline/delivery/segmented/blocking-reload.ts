import { MalformedInputError } from '../../../media/errors.ts'
import type { CmafIndex, IndexedTrack } from '../../packaging/index.ts'

/** Delivery directives of a playlist request. RFC 8216bis, 6.2.5. */
export type PlaylistDirectives = {
  /** `_HLS_msn` and `_HLS_part`: answer when the playlist has come so far. */
  readonly msn?: number
  readonly part?: number
  /** `_HLS_skip` */
  readonly skip: boolean
}

/** Segments, and parts of less than a second, that a request may be ahead of the playlist. RFC 8216bis, 6.2.5.2. */
const SEGMENTS_AHEAD = 2
const PARTS_AHEAD = 3

/** Of queries that many requests have in common. */
const KNOWN = new WeakMap<URLSearchParams, PlaylistDirectives>()

/** Throws MalformedInputError. `query` is not changed any more. */
export function readDirectives(query: URLSearchParams): PlaylistDirectives {
  const directives = KNOWN.get(query) ?? parseDirectives(query)
  KNOWN.set(query, directives)
  return directives
}
function parseDirectives(query: URLSearchParams): PlaylistDirectives {
  const msn = number(query, '_HLS_msn')
  const part = number(query, '_HLS_part')
  if (part !== undefined && msn === undefined) throw new MalformedInputError('_HLS_part', 0, 'goes with _HLS_msn')
  const skip = query.get('_HLS_skip')
  return {
    ...(msn === undefined ? {} : { msn }),
    ...(part === undefined ? {} : { part }),
    skip: skip === 'YES' || skip === 'v2',
  }
}

function number(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  if (!/^\d{1,15}$/.test(text)) throw new MalformedInputError(name, 0, 'expected a decimal integer')
  return Number(text)
}

/** Throws MalformedInputError where the request is so far ahead that it cannot come from this playlist. */
export function checkDirectives({ shift }: CmafIndex, { segments }: IndexedTrack, { msn }: PlaylistDirectives): void {
  const newest = segments.at(-1)?.sequence
  if (msn === undefined || newest === undefined) return
  const last = newest + shift.numbers
  if (msn <= last + SEGMENTS_AHEAD) return
  throw new MalformedInputError('_HLS_msn', 0, `the playlist stands at ${last}, and is asked for ${msn}`)
}

/**
 * Whether a request is more parts ahead than it should be. The standard would have it refused with 400; hls.js 1.6 asks
 * so where it does not play with low latency, as it takes the age of its list for that of the stream, and counts a
 * refusal as a failure.
 */
export function isFarAhead(index: CmafIndex, track: IndexedTrack, directives: PlaylistDirectives): boolean {
  const { segments, open } = track
  const { part = 0 } = directives
  const sequence = wantedOf(index, directives)
  const last = segments.at(-1)?.sequence
  if (sequence === undefined || last === undefined || sequence <= last) return false
  return part > (open?.sequence === sequence ? open.parts.length : 0) + PARTS_AHEAD
}

/** Whether the playlist holds what a request asks for. */
export function hasCome(index: CmafIndex, track: IndexedTrack, directives: PlaylistDirectives): boolean {
  const { part } = directives
  const sequence = wantedOf(index, directives)
  const last = track.segments.at(-1)
  if (sequence === undefined || index.ended) return true
  if (!last) return false
  if (part === undefined || !index.isLowLatency) return last.sequence >= sequence
  if (last.sequence > sequence) return true
  if (last.sequence < sequence) return track.open?.sequence === sequence && track.open.regularCount > part
  // Past the last part of a whole segment the first part of the next one is meant. RFC 8216bis, 6.2.5.2.
  return part < last.parts.length || (track.open?.regularCount ?? 0) > 0
}

/** The number that the segment has in the log. */
function wantedOf({ shift }: CmafIndex, { msn }: PlaylistDirectives): number | undefined {
  return msn === undefined ? undefined : msn - shift.numbers
}
