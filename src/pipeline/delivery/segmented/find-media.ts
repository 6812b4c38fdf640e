import { type CmafIndex, type IndexedPart, type IndexedSegment, startMsOf } from '../../packaging/index.ts'
import type { MediaResource, TrackMedia } from './segment-address.ts'

export type FoundMedia =
  | { readonly state: 'init'; readonly bytes: Uint8Array }
  /** All of it is there. */
  | { readonly state: 'whole'; readonly parts: readonly IndexedPart[] }
  /** Of that segment. */
  | { readonly state: 'key'; readonly segment: IndexedSegment }
  /** The track had nothing to say there. */
  | { readonly state: 'gap'; readonly segment: IndexedSegment }
  /** All of it is in the recording. */
  | { readonly state: 'recorded'; readonly recordingId: string }
  /** The first chunks of a segment that goes on. */
  | { readonly state: 'growing'; readonly parts: readonly IndexedPart[] }
  /** Shortly before the stream began. */
  | { readonly state: 'early'; readonly startMs: number }
  /** About to exist. */
  | { readonly state: 'awaited' }
  /** Does not exist any more, or never will. */
  | { readonly state: 'never' }

const NEVER: FoundMedia = { state: 'never' }
const AWAITED: FoundMedia = { state: 'awaited' }
/**
 * A player that counts segments by the clock asks for those that a late encoder still owes: so many behind the one that
 * is being written. As many as a playlist request may be ahead of its playlist.
 */
const SEGMENTS_AHEAD = 2
/** Segments that pass from the list of a source to the start of its rung. */
const START_SEGMENTS = 4

/** Where the bytes of a segment, a part or an initialization segment are. */
export function findMedia(index: CmafIndex, resource: MediaResource): FoundMedia {
  const track = index.tracks.get(resource.trackId)
  if (!track || resource.life !== index.life) return NEVER
  if (resource.kind === 'init') {
    const init = track.inits.get(resource.initId)
    return init ? { state: 'init', bytes: init.bytes } : NEVER
  }
  const { sequence } = resource
  const { open } = track
  if (open?.sequence === sequence) return index.ended ? NEVER : inOpen(open.parts, resource)
  const last = track.segments.at(-1)
  if (last && sequence > last.sequence) {
    if (index.ended) return NEVER
    const next = open ? open.sequence + 1 : last.sequence + 1
    if (resource.kind !== 'part') return sequence < next + SEGMENTS_AHEAD ? AWAITED : NEVER
    return !open && sequence === next && resource.index === 0 ? AWAITED : NEVER
  }
  const [first] = track.segments
  if (resource.kind === 'segment' && first && sequence < first.sequence && isBeginning(index, first)) {
    const startMs = startMsOf(track, first) - (first.sequence - sequence) * index.options.segmentMs
    return isShortlyBefore(index, startMs - startMsOf(track, first)) ? { state: 'early', startMs } : NEVER
  }
  const segment = track.segments.findLast((each) => each.sequence === sequence)
  const { recordingId } = index.options
  const isRecorded = segment?.place === 'recording' && resource.kind !== 'part'
  if (isRecorded && recordingId !== undefined) return { state: 'recorded', recordingId }
  if (segment?.place === 'gap' && resource.kind !== 'part') return { state: 'gap', segment }
  if (segment?.place !== 'log') return NEVER
  if (resource.kind === 'key') return segment.isIndependent ? { state: 'key', segment } : NEVER
  if (resource.kind === 'segment') return { state: 'whole', parts: segment.parts }
  const part = segment.parts[resource.index]
  return part ? { state: 'whole', parts: [part] } : NEVER
}

function inOpen(parts: readonly IndexedPart[], resource: MediaResource): FoundMedia {
  if (resource.kind === 'segment') return { state: 'growing', parts }
  // How long its keyframe lasts, its end tells.
  if (resource.kind === 'key') return AWAITED
  if (resource.kind !== 'part') return NEVER
  const part = parts[resource.index]
  if (part) return { state: 'whole', parts: [part] }
  return resource.index === parts.length ? AWAITED : NEVER
}

/**
 * What is meant by an address that was made before its stream began: the life, the number of the initialization segment,
 * and of the segment that starts nearest to a time, were not known.
 */
export function nowNamed(index: CmafIndex, resource: TrackMedia): MediaResource | NotNamed {
  const { life, tracks } = index
  const { trackId } = resource
  if (resource.kind === 'init')
    return { ...resource, life, initId: Math.max(0, ...(tracks.get(trackId)?.inits.keys() ?? [])) }
  if (resource.kind !== 'timed') return { ...resource, life }
  const sequence = numberOf(index, trackId, resource.startMs)
  return typeof sequence === 'string' ? sequence : { kind: 'segment', trackId, life, sequence }
}

/** `early`: shortly before the stream began. */
export type NotNamed = 'awaited' | 'early' | 'never'

/** Streams that belong together have their keyframes in common, not always their numbers. */
function numberOf(index: CmafIndex, trackId: number, startMs: number): number | NotNamed {
  const track = index.tracks.get(trackId)
  if (!track) return 'never'
  const { segmentMs } = index.options
  const segments = [...track.segments, ...(track.open ? [track.open] : [])]
  const behindMs = (segment: (typeof segments)[number]) => startMs - startMsOf(track, segment)
  const found = segments.findLast((segment) => behindMs(segment) >= -segmentMs / 2)
  const [first] = segments
  if (!first) return index.ended ? 'never' : 'awaited'
  if (!found) return isBeginning(index, first) && isShortlyBefore(index, behindMs(first)) ? 'early' : 'never'
  const isPast = found !== segments.at(-1) || behindMs(found) < segmentMs / 2
  if (isPast) return found.sequence
  return index.ended || behindMs(found) > (1 + SEGMENTS_AHEAD) * index.targetSeconds * 1000 ? 'never' : 'awaited'
}

/** Nothing has slid out of the window. Tracks begin with another number where there is more of one. */
export function isBeginning({ runs, forgotten }: CmafIndex, { sequence }: { readonly sequence: number }): boolean {
  return forgotten.runs === 0 && sequence <= (runs[0]?.sequence ?? Number.POSITIVE_INFINITY) + 1
}
/** No further than a rung is listed that does not run: who goes back more shall learn that there is nothing. */
function isShortlyBefore({ options, targetSeconds }: CmafIndex, behindMs: number): boolean {
  const longestMs = Math.max(options.segmentMs, targetSeconds * 1000)
  return -behindMs <= (options.windowSegments + START_SEGMENTS) * longestMs
}
