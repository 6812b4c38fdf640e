import { formatMediaPlaylist, type HlsSegment, parseMediaPlaylist } from '../../../../media/formats/hls/index.ts'

export type StandIn = {
  /** Media playlists of the member that has ended, and of its source. */
  readonly own: string
  readonly source: string
  /** From the folder of the member to that of the source. */
  readonly prefix: string
  readonly windowSegments: number
}

/**
 * The media playlist of a member that has left its ladder: its own segments, and behind a discontinuity those of its source
 * under the numbers that follow. Its players read no other list, and the end of it would be the end of the presentation to
 * them. Parts are left out. RFC 8216bis, 6.2.1: what is listed keeps its number and its address.
 */
export function standInPlaylist({ own, source, prefix, windowSegments }: StandIn): string {
  const [before, behind] = [parseMediaPlaylist(own), parseMediaPlaylist(source)]
  const next = before.mediaSequence + before.segments.length
  const following = behind.segments.slice(Math.max(0, next - behind.mediaSequence))
  const segments = [
    ...before.segments.map(withoutParts),
    ...following.map((segment, at) => ({ ...below(prefix, segment), ...(at === 0 ? { discontinuity: true } : {}) })),
  ]
  // Of the source the numbers behind its own may have slid out of the window too.
  const goneBetween = Math.max(0, behind.mediaSequence - next)
  const least = goneBetween > 0 ? before.segments.length + 1 : 0
  const gone = segments.slice(0, Math.max(least, segments.length - windowSegments))
  return formatMediaPlaylist({
    type: 'live',
    targetDurationSeconds: Math.max(before.targetDurationSeconds ?? 0, behind.targetDurationSeconds ?? 0),
    mediaSequence: before.mediaSequence + gone.length + goneBetween,
    discontinuitySequence:
      (before.discontinuitySequence ?? 0) + gone.filter(({ discontinuity }) => discontinuity).length,
    independentSegments: before.independentSegments && behind.independentSegments,
    isEnded: false,
    segments: segments.slice(gone.length),
  })
}

function withoutParts({ parts: _, ...segment }: HlsSegment): HlsSegment {
  return segment
}

function below(prefix: string, segment: HlsSegment): HlsSegment {
  const { uri, map, ...facts } = withoutParts(segment)
  return { ...facts, uri: prefix + uri, ...(map ? { map: { ...map, uri: prefix + map.uri } } : {}) }
}
