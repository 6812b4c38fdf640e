import type {
  HlsByteRange,
  HlsMap,
  HlsMediaPlaylist,
  HlsOpenSegment,
  HlsPart,
  HlsRenditionReport,
  HlsSegment,
  HlsServerControl,
  HlsTiles,
} from './playlist.ts'

/** Media playlist as text. RFC 8216bis, 4.4.2 to 4.4.5. */
export function formatMediaPlaylist(playlist: HlsMediaPlaylist): string {
  const lines = headLines(playlist)
  let map: HlsMap | undefined
  for (const segment of playlist.segments) {
    const isNewMap = segment.map !== undefined && !isSameMap(segment.map, map)
    const text = segmentText(segment, isNewMap)
    lines.push(playlist.tiles ? text.replace('#EXTINF', `${tilesLine(playlist.tiles)}\n#EXTINF`) : text)
    map = segment.map ?? map
  }
  const { open, preloadHint, renditionReports = [] } = playlist
  if (open !== undefined) lines.push(...openLines(open, map))
  if (preloadHint !== undefined) lines.push(`#EXT-X-PRELOAD-HINT:TYPE=PART,URI="${preloadHint}"`)
  lines.push(...renditionReports.map(reportLine))
  if (playlist.isEnded || playlist.type === 'vod') lines.push('#EXT-X-ENDLIST')
  return `${lines.join('\n')}\n`
}

function headLines(playlist: HlsMediaPlaylist): string[] {
  const { serverControl, partTargetMs, start, skippedSegments } = playlist
  const lines = ['#EXTM3U', `#EXT-X-VERSION:${versionOf(playlist)}`]
  if (playlist.independentSegments) lines.push('#EXT-X-INDEPENDENT-SEGMENTS')
  if (start !== undefined) {
    lines.push(`#EXT-X-START:TIME-OFFSET=${seconds(start.timeOffsetMs)}${start.precise ? ',PRECISE=YES' : ''}`)
  }
  lines.push(`#EXT-X-TARGETDURATION:${targetDurationOf(playlist)}`)
  if (serverControl !== undefined) lines.push(serverControlLine(serverControl))
  if (partTargetMs !== undefined) lines.push(`#EXT-X-PART-INF:PART-TARGET=${seconds(partTargetMs)}`)
  lines.push(`#EXT-X-MEDIA-SEQUENCE:${playlist.mediaSequence}`)
  if (playlist.discontinuitySequence) lines.push(`#EXT-X-DISCONTINUITY-SEQUENCE:${playlist.discontinuitySequence}`)
  if (playlist.type !== 'live') lines.push(`#EXT-X-PLAYLIST-TYPE:${playlist.type.toUpperCase()}`)
  if (playlist.iFramesOnly) lines.push('#EXT-X-I-FRAMES-ONLY')
  if (playlist.tiles) lines.push('#EXT-X-IMAGES-ONLY')
  if (skippedSegments !== undefined) lines.push(`#EXT-X-SKIP:SKIPPED-SEGMENTS=${skippedSegments}`)
  return lines
}

/** RFC 8216bis, section 8: 3 for decimal durations, 4 for byte ranges, 6 for EXT-X-MAP, 9 for EXT-X-SKIP. */
function versionOf({ segments, open, serverControl, skippedSegments }: HlsMediaPlaylist): number {
  // A playlist says the same version whether it was asked for whole or as a delta.
  if (skippedSegments !== undefined || serverControl?.canSkipUntilMs !== undefined) return 9
  if (segments.some((segment) => segment.map !== undefined) || open?.map !== undefined) return 6
  return segments.some((segment) => segment.byteRange !== undefined) ? 4 : 3
}

/** Every EXTINF, rounded to the nearest second, is at most this. RFC 8216bis, 4.4.3.1. */
function targetDurationOf({ segments, targetDurationSeconds }: HlsMediaPlaylist): number {
  const wanted = Math.ceil(targetDurationSeconds ?? 1)
  return segments.reduce((most, segment) => Math.max(most, Math.round(segment.durationMs / 1000)), Math.max(1, wanted))
}

/** RFC 8216bis, 4.4.3.8. */
function serverControlLine(control: HlsServerControl): string {
  const { canBlockReload, canSkipUntilMs, holdBackMs, partHoldBackMs } = control
  const attributes = [
    ...(canBlockReload ? ['CAN-BLOCK-RELOAD=YES'] : []),
    ...(canSkipUntilMs === undefined ? [] : [`CAN-SKIP-UNTIL=${seconds(canSkipUntilMs)}`]),
    ...(holdBackMs === undefined ? [] : [`HOLD-BACK=${seconds(holdBackMs)}`]),
    ...(partHoldBackMs === undefined ? [] : [`PART-HOLD-BACK=${seconds(partHoldBackMs)}`]),
  ]
  return `#EXT-X-SERVER-CONTROL:${attributes.join(',')}`
}

/** What was made of a segment, with and without its EXT-X-MAP: playlists repeat their segments many times. */
const TEXTS = { 'with map': new WeakMap<HlsSegment, string>(), 'without map': new WeakMap<HlsSegment, string>() }

function segmentText(segment: HlsSegment, isNewMap: boolean): string {
  const texts = TEXTS[isNewMap ? 'with map' : 'without map']
  const known = texts.get(segment)
  if (known !== undefined) return known
  const text = segmentLines(segment, isNewMap ? segment.map : undefined).join('\n')
  texts.set(segment, text)
  return text
}

function segmentLines(segment: HlsSegment, newMap: HlsMap | undefined): string[] {
  const lines = startLines(segment, newMap)
  if (segment.gap) lines.push('#EXT-X-GAP')
  lines.push(...(segment.parts ?? []).map(partLine))
  lines.push(`#EXTINF:${seconds(segment.durationMs, 5)},`)
  if (segment.byteRange !== undefined) lines.push(`#EXT-X-BYTERANGE:${formatByteRange(segment.byteRange)}`)
  lines.push(segment.uri)
  return lines
}

function openLines(open: HlsOpenSegment, mapBefore: HlsMap | undefined): string[] {
  const newMap = open.map !== undefined && !isSameMap(open.map, mapBefore) ? open.map : undefined
  return [...startLines(open, newMap), ...open.parts.map(partLine)]
}

function startLines(
  { discontinuity, programDateTimeMs }: Pick<HlsSegment, 'discontinuity' | 'programDateTimeMs'>,
  newMap: HlsMap | undefined,
): string[] {
  return [
    ...(discontinuity ? ['#EXT-X-DISCONTINUITY'] : []),
    ...(newMap === undefined ? [] : [mapLine(newMap)]),
    ...(programDateTimeMs === undefined
      ? []
      : [`#EXT-X-PROGRAM-DATE-TIME:${new Date(programDateTimeMs).toISOString()}`]),
  ]
}

/** RFC 8216bis, 4.4.4.9. */
function partLine({ uri, durationMs, independent, byteRange }: HlsPart): string {
  const range = byteRange === undefined ? '' : `,BYTERANGE="${formatByteRange(byteRange)}"`
  return `#EXT-X-PART:DURATION=${seconds(durationMs, 5)},URI="${uri}"${range}${independent ? ',INDEPENDENT=YES' : ''}`
}

function reportLine({ uri, lastMsn, lastPart }: HlsRenditionReport): string {
  return `#EXT-X-RENDITION-REPORT:URI="${uri}",LAST-MSN=${lastMsn}${lastPart === undefined ? '' : `,LAST-PART=${lastPart}`}`
}

function tilesLine({ resolution: { widthPx, heightPx }, columns, rows, pictureMs }: HlsTiles): string {
  return `#EXT-X-TILES:RESOLUTION=${widthPx}x${heightPx},LAYOUT=${columns}x${rows},DURATION=${seconds(pictureMs)}`
}

function mapLine(map: HlsMap): string {
  const range = map.byteRange === undefined ? '' : `,BYTERANGE="${formatByteRange(map.byteRange)}"`
  return `#EXT-X-MAP:URI="${map.uri}"${range}`
}

function formatByteRange(range: HlsByteRange): string {
  return `${range.lengthBytes}@${range.offsetBytes}`
}

/** A decimal-floating-point number of seconds. RFC 8216bis, 4.2. */
function seconds(ms: number, digits = 3): string {
  return (ms / 1000).toFixed(digits)
}

function isSameMap(a: HlsMap, b: HlsMap | undefined): boolean {
  return (
    a.uri === b?.uri &&
    a.byteRange?.offsetBytes === b.byteRange?.offsetBytes &&
    a.byteRange?.lengthBytes === b.byteRange?.lengthBytes
  )
}
