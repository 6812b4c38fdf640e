import type { HlsByteRange, HlsMap, HlsMediaPlaylist, HlsSegment } from './playlist.ts'

/** Media playlist as text. RFC 8216bis, 4.4.2 to 4.4.4. */
export function formatMediaPlaylist(playlist: HlsMediaPlaylist): string {
  const lines = ['#EXTM3U', `#EXT-X-VERSION:${versionOf(playlist)}`]
  if (playlist.independentSegments) lines.push('#EXT-X-INDEPENDENT-SEGMENTS')
  lines.push(`#EXT-X-TARGETDURATION:${targetDurationOf(playlist)}`)
  lines.push(`#EXT-X-MEDIA-SEQUENCE:${playlist.mediaSequence}`)
  if (playlist.discontinuitySequence) lines.push(`#EXT-X-DISCONTINUITY-SEQUENCE:${playlist.discontinuitySequence}`)
  if (playlist.type !== 'live') lines.push(`#EXT-X-PLAYLIST-TYPE:${playlist.type.toUpperCase()}`)
  let map: HlsMap | undefined
  for (const segment of playlist.segments) {
    lines.push(...segmentLines(segment, map))
    map = segment.map ?? map
  }
  if (playlist.isEnded || playlist.type === 'vod') lines.push('#EXT-X-ENDLIST')
  return `${lines.join('\n')}\n`
}

/** RFC 8216bis, section 8: 3 for decimal durations, 4 for byte ranges, 6 for EXT-X-MAP. */
function versionOf({ segments }: HlsMediaPlaylist): number {
  if (segments.some((segment) => segment.map !== undefined)) return 6
  return segments.some((segment) => segment.byteRange !== undefined) ? 4 : 3
}

/** Every EXTINF, rounded to the nearest second, is at most this. RFC 8216bis, 4.4.3.1. */
function targetDurationOf({ segments, targetDurationSeconds }: HlsMediaPlaylist): number {
  const wanted = Math.ceil(targetDurationSeconds ?? 1)
  return segments.reduce((most, segment) => Math.max(most, Math.round(segment.durationMs / 1000)), Math.max(1, wanted))
}

function segmentLines(segment: HlsSegment, mapBefore: HlsMap | undefined): string[] {
  const lines: string[] = []
  if (segment.discontinuity) lines.push('#EXT-X-DISCONTINUITY')
  if (segment.map !== undefined && !isSameMap(segment.map, mapBefore)) lines.push(mapLine(segment.map))
  if (segment.programDateTimeMs !== undefined) {
    lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(segment.programDateTimeMs).toISOString()}`)
  }
  if (segment.gap) lines.push('#EXT-X-GAP')
  lines.push(`#EXTINF:${(segment.durationMs / 1000).toFixed(5)},`)
  if (segment.byteRange !== undefined) lines.push(`#EXT-X-BYTERANGE:${formatByteRange(segment.byteRange)}`)
  lines.push(segment.uri)
  return lines
}

function mapLine(map: HlsMap): string {
  const range = map.byteRange === undefined ? '' : `,BYTERANGE="${formatByteRange(map.byteRange)}"`
  return `#EXT-X-MAP:URI="${map.uri}"${range}`
}

function formatByteRange(range: HlsByteRange): string {
  return `${range.lengthBytes}@${range.offsetBytes}`
}

function isSameMap(a: HlsMap, b: HlsMap | undefined): boolean {
  return (
    a.uri === b?.uri &&
    a.byteRange?.offsetBytes === b.byteRange?.offsetBytes &&
    a.byteRange?.lengthBytes === b.byteRange?.lengthBytes
  )
}
