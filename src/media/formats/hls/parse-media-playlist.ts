import { LimitExceededError, MalformedInputError } from '../../errors.ts'
import { parseAttributeList } from './attribute-list.ts'
import type { HlsByteRange, HlsMap, HlsMediaPlaylist, HlsPart, HlsSegment } from './playlist.ts'

type Draft = { -readonly [Key in keyof HlsMediaPlaylist]: HlsMediaPlaylist[Key] } & { segments: HlsSegment[] }
type SegmentDraft = { -readonly [Key in keyof HlsSegment]?: HlsSegment[Key] } & { parts?: HlsPart[] }
/** `byteRangeEnds` keeps, for each URI, where its last range ended: a range without offset starts there. */
type State = {
  playlist: Draft
  segment: SegmentDraft
  map: HlsMap | undefined
  line: number
  byteRange: string | undefined
  byteRangeEnds: Map<string, number>
}

const MAX_SEGMENTS = 500_000

/** The reverse of `formatMediaPlaylist`; tags that it does not know are skipped. RFC 8216bis, 4 and 6.3. */
export function parseMediaPlaylist(text: string): HlsMediaPlaylist {
  const lines = text.split(/\r?\n/)
  if (lines[0] !== '#EXTM3U') throw new MalformedInputError('EXTM3U', 0, 'must be the first line')
  const playlist: Draft = { type: 'live', mediaSequence: 0, independentSegments: false, isEnded: false, segments: [] }
  const state: State = {
    playlist,
    segment: {},
    map: undefined,
    line: 0,
    byteRange: undefined,
    byteRangeEnds: new Map(),
  }
  for (const line of lines) {
    state.line++
    if (line.startsWith('#EXT')) readTag(line, state)
    else if (line !== '' && !line.startsWith('#')) addSegment(line, state)
  }
  if (playlist.targetDurationSeconds === undefined) {
    throw new MalformedInputError('EXT-X-TARGETDURATION', state.line, 'is missing')
  }
  return withOpenSegment(state)
}

/** Parts behind the last segment belong to the one that is being written. */
function withOpenSegment({ playlist, segment, map }: State): HlsMediaPlaylist {
  const { parts, discontinuity, programDateTimeMs } = segment
  if (parts === undefined) return playlist
  const open = {
    parts,
    ...(discontinuity === undefined ? {} : { discontinuity }),
    ...(programDateTimeMs === undefined ? {} : { programDateTimeMs }),
    ...(map === undefined ? {} : { map }),
  }
  return { ...playlist, open }
}

const TAGS = new Map<string, (value: string, state: State) => void>([
  ['EXT-X-TARGETDURATION', (value, state) => set(state.playlist, { targetDurationSeconds: integer(value, state) })],
  ['EXT-X-MEDIA-SEQUENCE', (value, state) => set(state.playlist, { mediaSequence: integer(value, state) })],
  [
    'EXT-X-DISCONTINUITY-SEQUENCE',
    (value, state) => set(state.playlist, { discontinuitySequence: integer(value, state) }),
  ],
  ['EXT-X-PLAYLIST-TYPE', (value, state) => set(state.playlist, { type: value === 'VOD' ? 'vod' : 'event' })],
  ['EXT-X-INDEPENDENT-SEGMENTS', (_, state) => set(state.playlist, { independentSegments: true })],
  ['EXT-X-I-FRAMES-ONLY', (_, state) => set(state.playlist, { iFramesOnly: true })],
  ['EXT-X-ENDLIST', (_, state) => set(state.playlist, { isEnded: true })],
  ['EXT-X-DISCONTINUITY', (_, state) => set(state.segment, { discontinuity: true })],
  ['EXT-X-GAP', (_, state) => set(state.segment, { gap: true })],
  ['EXT-X-MAP', readMap],
  ['EXT-X-PART', readPart],
  ['EXT-X-PART-INF', (value, state) => set(state.playlist, { partTargetMs: attributeMs(value, 'PART-TARGET', state) })],
  ['EXT-X-SERVER-CONTROL', readServerControl],
  ['EXT-X-START', readStart],
  [
    'EXT-X-SKIP',
    (value, state) => {
      const count = integer(parseAttributeList(value).get('SKIPPED-SEGMENTS') ?? '', state)
      set(state.playlist, { skippedSegments: count })
    },
  ],
  [
    'EXT-X-PRELOAD-HINT',
    (value, state) => set(state.playlist, { preloadHint: uriOf(value, 'EXT-X-PRELOAD-HINT', state) }),
  ],
  ['EXT-X-RENDITION-REPORT', readReport],
  ['EXT-X-PROGRAM-DATE-TIME', readProgramDateTime],
  ['EXTINF', (value, state) => set(state.segment, { durationMs: milliseconds(value, state) })],
  [
    'EXT-X-BYTERANGE',
    (value, state) => {
      state.byteRange = value
    },
  ],
])

function set<T extends object>(target: T, values: Partial<T>): void {
  Object.assign(target, values)
}

function readTag(line: string, state: State): void {
  const colon = line.indexOf(':')
  const name = colon < 0 ? line.slice(1) : line.slice(1, colon)
  TAGS.get(name)?.(colon < 0 ? '' : line.slice(colon + 1), state)
}

function addSegment(uri: string, state: State): void {
  const { durationMs, ...rest } = state.segment
  if (durationMs === undefined) throw new MalformedInputError('EXTINF', state.line, `is missing in front of ${uri}`)
  if (state.playlist.segments.length >= MAX_SEGMENTS) throw new LimitExceededError(`over ${MAX_SEGMENTS} segments`)
  const byteRange = state.byteRange === undefined ? {} : { byteRange: readByteRange(state.byteRange, uri, state) }
  const map = state.map === undefined ? {} : { map: state.map }
  state.playlist.segments.push({ ...rest, ...map, ...byteRange, uri, durationMs })
  state.segment = {}
  state.byteRange = undefined
}

function uriOf(value: string, tag: string, state: State): string {
  const uri = parseAttributeList(value).get('URI')
  if (uri === undefined) throw new MalformedInputError(tag, state.line, 'has no URI')
  return uri
}

function attributeMs(value: string, name: string, state: State): number {
  return milliseconds(parseAttributeList(value).get(name) ?? '', state)
}

function readPart(value: string, state: State): void {
  const attributes = parseAttributeList(value)
  const uri = uriOf(value, 'EXT-X-PART', state)
  const range = attributes.get('BYTERANGE')
  const part: HlsPart = {
    uri,
    durationMs: attributeMs(value, 'DURATION', state),
    independent: attributes.get('INDEPENDENT') === 'YES',
    ...(range === undefined ? {} : { byteRange: readByteRange(range, uri, state) }),
  }
  state.segment.parts ??= []
  state.segment.parts.push(part)
}

function readServerControl(value: string, state: State): void {
  const attributes = parseAttributeList(value)
  const ms = (name: string): number | undefined => {
    const text = attributes.get(name)
    return text === undefined ? undefined : milliseconds(text, state)
  }
  const [canSkipUntilMs, holdBackMs, partHoldBackMs] = ['CAN-SKIP-UNTIL', 'HOLD-BACK', 'PART-HOLD-BACK'].map(ms)
  set(state.playlist, {
    serverControl: {
      ...(attributes.get('CAN-BLOCK-RELOAD') === 'YES' ? { canBlockReload: true } : {}),
      ...(canSkipUntilMs === undefined ? {} : { canSkipUntilMs }),
      ...(holdBackMs === undefined ? {} : { holdBackMs }),
      ...(partHoldBackMs === undefined ? {} : { partHoldBackMs }),
    },
  })
}

function readStart(value: string, state: State): void {
  const attributes = parseAttributeList(value)
  const [, sign, offset = ''] = /^(-?)(.*)$/.exec(attributes.get('TIME-OFFSET') ?? '') ?? []
  const timeOffsetMs = milliseconds(offset, state) * (sign === '-' ? -1 : 1)
  set(state.playlist, { start: { timeOffsetMs, precise: attributes.get('PRECISE') === 'YES' } })
}

function readReport(value: string, state: State): void {
  const attributes = parseAttributeList(value)
  const lastPart = attributes.get('LAST-PART')
  const report = {
    uri: uriOf(value, 'EXT-X-RENDITION-REPORT', state),
    lastMsn: integer(attributes.get('LAST-MSN') ?? '', state),
    ...(lastPart === undefined ? {} : { lastPart: integer(lastPart, state) }),
  }
  set(state.playlist, { renditionReports: [...(state.playlist.renditionReports ?? []), report] })
}

function readMap(value: string, state: State): void {
  const uri = uriOf(value, 'EXT-X-MAP', state)
  const attributes = parseAttributeList(value)
  const range = attributes.get('BYTERANGE')
  state.map = range === undefined ? { uri } : { uri, byteRange: readByteRange(range, uri, state) }
}

function readProgramDateTime(value: string, state: State): void {
  const programDateTimeMs = Date.parse(value)
  if (Number.isNaN(programDateTimeMs)) throw new MalformedInputError('EXT-X-PROGRAM-DATE-TIME', state.line, value)
  set(state.segment, { programDateTimeMs })
}

/** `<n>[@<o>]`. RFC 8216bis, 4.4.4.2. */
function readByteRange(value: string, uri: string, state: State): HlsByteRange {
  const [, length, offset] = /^(\d{1,15})(?:@(\d{1,15}))?$/.exec(value) ?? []
  if (length === undefined) throw new MalformedInputError('EXT-X-BYTERANGE', state.line, value)
  const offsetBytes = offset === undefined ? (state.byteRangeEnds.get(uri) ?? 0) : Number(offset)
  state.byteRangeEnds.set(uri, offsetBytes + Number(length))
  return { offsetBytes, lengthBytes: Number(length) }
}

function integer(value: string, state: State): number {
  if (!/^\d{1,15}$/.test(value)) throw new MalformedInputError('decimal-integer', state.line, value)
  return Number(value)
}

function milliseconds(value: string, state: State): number {
  return Math.round(decimal(value, state) * 1e6) / 1000
}

function decimal(value: string, state: State): number {
  const [, number] = /^(\d{1,15}(?:\.\d*)?)(?:,|$)/.exec(value) ?? []
  if (number === undefined) throw new MalformedInputError('decimal-floating-point', state.line, value)
  return Number(number)
}
