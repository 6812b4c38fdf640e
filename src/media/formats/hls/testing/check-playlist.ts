import { MillraceError } from '../../../errors.ts'
import { parseAttributeList } from '../attribute-list.ts'
import { LOW_LATENCY_RULES } from './low-latency-rules.ts'
import { at, each, isUri, type Line, type Rule, toLines } from './playlist-lines.ts'

/**
 * The rules of RFC 8216bis that a playlist breaks, each as `name (clause): where and what`; empty for a good one. Media
 * and multivariant playlists. Reads the text by itself, so that it also finds what the formatter and the parser have
 * wrong in common.
 */
export function checkPlaylist(text: string): string[] {
  const lines = toLines(text)
  const isMultivariant = lines.some(({ tag }) => tag === 'EXT-X-STREAM-INF')
  const rules = [...COMMON_RULES, ...(isMultivariant ? MULTIVARIANT_RULES : [...MEDIA_RULES, ...LOW_LATENCY_RULES])]
  return rules.flatMap(({ name, clause, problems }) =>
    problems(lines).map((problem) => `${name} (${clause}): ${problem}`),
  )
}

const ONCE = [
  'EXT-X-VERSION',
  'EXT-X-INDEPENDENT-SEGMENTS',
  'EXT-X-TARGETDURATION',
  'EXT-X-MEDIA-SEQUENCE',
  'EXT-X-DISCONTINUITY-SEQUENCE',
  'EXT-X-PLAYLIST-TYPE',
  'EXT-X-ENDLIST',
  'EXT-X-SERVER-CONTROL',
  'EXT-X-PART-INF',
  'EXT-X-START',
  'EXT-X-SKIP',
]

const COMMON_RULES: readonly Rule[] = [
  {
    name: 'extm3u',
    clause: '4.4.1.1',
    problems: (lines) => (lines[0]?.text === '#EXTM3U' ? [] : ['EXTM3U must be the first line']),
  },
  {
    name: 'last-line',
    clause: '4.1',
    problems: (lines) => (lines.at(-1)?.text === '' ? [] : ['no line feed at the end']),
  },
  {
    name: 'white-space',
    clause: '4.1',
    problems: (lines) =>
      lines
        .filter(({ text }) => text.includes('\r') || /\s$/.test(text))
        .map((line) => at(line, 'white space at the end')),
  },
  {
    name: 'tags-once',
    clause: '4.4.1',
    problems: (lines) =>
      ONCE.flatMap((tag) => (each(lines, tag).length > 1 ? [at(each(lines, tag)[1], `${tag} twice`)] : [])),
  },
  {
    name: 'uris',
    clause: '4.1',
    problems: (lines) =>
      lines.filter((line) => isUri(line) && /\s/.test(line.text)).map((line) => at(line, 'blank in a URI')),
  },
]

const MEDIA_RULES: readonly Rule[] = [
  { name: 'tiles', clause: 'image media playlist, EXT-X-TILES', problems: checkTiles },
  { name: 'target-duration', clause: '4.4.3.1', problems: checkTargetDuration },
  { name: 'version', clause: '8', problems: checkVersion },
  { name: 'segments', clause: '4.4.4.1', problems: checkSegments },
  { name: 'sequence-numbers', clause: '4.4.3.2', problems: checkHeaderOrder },
  { name: 'dates', clause: '4.4.4.6', problems: checkDates },
  {
    name: 'playlist-type',
    clause: '4.4.3.5',
    problems: (lines) =>
      each(lines, 'EXT-X-PLAYLIST-TYPE')
        .filter(({ value }) => !['VOD', 'EVENT'].includes(value))
        .map((line) => at(line, `PLAYLIST-TYPE ${line.value}`)),
  },
  {
    name: 'vod-is-ended',
    clause: '6.2.1',
    problems: (lines) => {
      const isVod = each(lines, 'EXT-X-PLAYLIST-TYPE').some(({ value }) => value === 'VOD')
      return isVod && each(lines, 'EXT-X-ENDLIST').length === 0 ? ['a VOD playlist without ENDLIST'] : []
    },
  },
  {
    name: 'map-uri',
    clause: '4.4.4.5',
    problems: (lines) =>
      each(lines, 'EXT-X-MAP')
        .filter(({ value }) => !/(^|,)URI="[^"]+"/.test(value))
        .map((line) => at(line, 'MAP without URI')),
  },
]

function checkTargetDuration(lines: readonly Line[]): string[] {
  const [target] = each(lines, 'EXT-X-TARGETDURATION')
  if (target === undefined) return ['TARGETDURATION is missing (4.4.3.1)']
  if (!/^\d+$/.test(target.value)) return [at(target, 'TARGETDURATION is no decimal-integer (4.4.3.1)')]
  return each(lines, 'EXTINF')
    .filter(({ value }) => Math.round(Number.parseFloat(value)) > Number(target.value))
    .map((line) => at(line, `EXTINF ${line.value} rounds to more than TARGETDURATION ${target.value} (4.4.3.1)`))
}

/** A tile lasts as long as its pictures; only the last in front of a discontinuity or the end may be cut short. */
function checkTiles(lines: readonly Line[]): string[] {
  const tags = each(lines, 'EXT-X-TILES')
  if (each(lines, 'EXT-X-IMAGES-ONLY').length === 0) return tags.map((line) => at(line, 'TILES without IMAGES-ONLY'))
  const extinfs = each(lines, 'EXTINF')
  if (tags.length !== extinfs.length) return [`${tags.length} TILES for ${extinfs.length} segments`]
  return tags.flatMap((line, index) => {
    const attributes = attributesOf(line)
    const [columns = 0, rows = 0] = (attributes.get('LAYOUT') ?? '').split('x').map(Number)
    const wholeSeconds = columns * rows * Number(attributes.get('DURATION'))
    const seconds = Number.parseFloat(extinfs[index]?.value ?? '')
    const next = lines.slice(line.number).find(({ tag }) => tag === 'EXT-X-TILES' || tag === 'EXT-X-DISCONTINUITY')
    const mayBeShort = next === undefined || next.tag === 'EXT-X-DISCONTINUITY'
    const RULES: [boolean, string][] = [
      [/^\d+x\d+$/.test(attributes.get('RESOLUTION') ?? ''), 'RESOLUTION is malformed'],
      [
        Math.abs(seconds - wholeSeconds) < 0.01 || (mayBeShort && seconds < wholeSeconds),
        `${seconds} s of pictures for ${wholeSeconds} s`,
      ],
    ]
    return RULES.filter(([holds]) => !holds).map(([, problem]) => at(line, problem))
  })
}

/** Section 8. */
function checkVersion(lines: readonly Line[]): string[] {
  const said = Number(each(lines, 'EXT-X-VERSION')[0]?.value ?? 1)
  const NEEDS: [number, string, boolean][] = [
    [3, 'decimal EXTINF', each(lines, 'EXTINF').some(({ value }) => value.includes('.'))],
    [4, 'BYTERANGE', each(lines, 'EXT-X-BYTERANGE').length > 0],
    [6, 'MAP', each(lines, 'EXT-X-MAP').length > 0],
    [9, 'SKIP', each(lines, 'EXT-X-SKIP').length > 0],
  ]
  return NEEDS.filter(([version, , isUsed]) => isUsed && said < version).map(
    ([version, feature]) => `${feature} needs VERSION ${version}, the playlist says ${said} (8)`,
  )
}

/** Every URI has one EXTINF of its own, and none is left over. */
function checkSegments(lines: readonly Line[]): string[] {
  const problems: string[] = []
  let open: Line | undefined
  for (const line of lines) {
    if (line.tag === 'EXTINF') {
      if (open !== undefined) problems.push(at(line, 'EXTINF without a URI in front'))
      if (!/^\d+(\.\d+)?,/.test(line.value)) problems.push(at(line, `EXTINF ${line.value} (4.4.4.1)`))
      open = line
    } else if (isUri(line)) {
      if (open === undefined) problems.push(at(line, 'segment without EXTINF (4.4.4.1)'))
      open = undefined
    }
  }
  if (open !== undefined) problems.push(at(open, 'EXTINF without a segment'))
  return problems
}

/** 4.4.3.2 and 4.4.3.3: the sequence numbers come before the first segment. */
function checkHeaderOrder(lines: readonly Line[]): string[] {
  const first =
    lines.find((line) => isUri(line) || line.tag === 'EXT-X-DISCONTINUITY')?.number ?? Number.POSITIVE_INFINITY
  return ['EXT-X-MEDIA-SEQUENCE', 'EXT-X-DISCONTINUITY-SEQUENCE']
    .flatMap((tag) => each(lines, tag))
    .flatMap((line) => [
      ...(line.number > first ? [at(line, `${line.tag} behind the first segment`)] : []),
      ...(/^\d+$/.test(line.value) ? [] : [at(line, `${line.tag} is no decimal-integer`)]),
    ])
}

/** 4.4.4.6: with a zone, and growing between discontinuities. */
function checkDates(lines: readonly Line[]): string[] {
  const problems: string[] = []
  let last = Number.NEGATIVE_INFINITY
  for (const line of lines) {
    if (line.tag === 'EXT-X-DISCONTINUITY') last = Number.NEGATIVE_INFINITY
    if (line.tag !== 'EXT-X-PROGRAM-DATE-TIME') continue
    const date = Date.parse(line.value)
    if (!/^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:?\d\d)$/.test(line.value) || Number.isNaN(date)) {
      problems.push(at(line, `PROGRAM-DATE-TIME ${line.value} (4.4.4.6)`))
    }
    if (date < last) problems.push(at(line, 'PROGRAM-DATE-TIME goes back without a discontinuity'))
    last = date
  }
  return problems
}

const MULTIVARIANT_RULES: readonly Rule[] = [
  {
    name: 'image-streams',
    clause: 'image media playlist, EXT-X-IMAGE-STREAM-INF',
    problems: (lines) =>
      each(lines, 'EXT-X-IMAGE-STREAM-INF')
        .filter((line) => ['BANDWIDTH', 'RESOLUTION', 'CODECS', 'URI'].some((name) => !attributesOf(line).has(name)))
        .map((line) => at(line, 'BANDWIDTH, RESOLUTION, CODECS or URI is missing')),
  },
  { name: 'variants', clause: '4.4.6.2', problems: checkVariants },
  { name: 'renditions', clause: '4.4.6.1', problems: checkRenditions },
  { name: 'closed-captions', clause: '4.4.6.1, 4.4.6.2', problems: checkCaptions },
  {
    name: 'no-media-tags',
    clause: '4.4.2',
    problems: (lines) =>
      ['EXTINF', 'EXT-X-TARGETDURATION', 'EXT-X-MEDIA-SEQUENCE', 'EXT-X-MAP', 'EXT-X-ENDLIST']
        .flatMap((tag) => each(lines, tag))
        .map((line) => at(line, `${line.tag} in a multivariant playlist`)),
  },
]

function attributesOf(line: Line): Map<string, string> {
  try {
    return parseAttributeList(line.value)
  } catch (error) {
    if (error instanceof MillraceError) return new Map()
    throw error
  }
}

/** 4.4.6.2. */
function checkVariants(lines: readonly Line[]): string[] {
  const groups = new Set(each(lines, 'EXT-X-MEDIA').map((line) => attributesOf(line).get('GROUP-ID')))
  return each(lines, 'EXT-X-STREAM-INF').flatMap((line) => {
    const attributes = attributesOf(line)
    const next = lines[line.number]
    const bandwidth = Number(attributes.get('BANDWIDTH') ?? Number.NaN)
    const average = Number(attributes.get('AVERAGE-BANDWIDTH') ?? 0)
    const group = attributes.get('AUDIO')
    const RULES: [boolean, string][] = [
      [next !== undefined && isUri(next), 'STREAM-INF without a URI behind it'],
      [Number.isInteger(bandwidth) && bandwidth > 0, 'BANDWIDTH is missing or no decimal-integer'],
      [!(average > bandwidth), 'AVERAGE-BANDWIDTH is more than BANDWIDTH'],
      [(attributes.get('CODECS') ?? '') !== '', 'CODECS is missing'],
      [/^(\d+x\d+)?$/.test(attributes.get('RESOLUTION') ?? ''), 'RESOLUTION is malformed'],
      [/^(\d+(\.\d{1,3})?)?$/.test(attributes.get('FRAME-RATE') ?? ''), 'FRAME-RATE is malformed'],
      [/^(SDR|HLG|PQ)?$/.test(attributes.get('VIDEO-RANGE') ?? ''), 'VIDEO-RANGE is malformed'],
      [group === undefined || groups.has(group), `no rendition in group ${group}`],
    ]
    return RULES.filter(([holds]) => !holds).map(([, problem]) => at(line, `${problem} (4.4.6.2)`))
  })
}

/** All variants or none say that there are no captions; the group of one that says otherwise is there. */
function checkCaptions(lines: readonly Line[]): string[] {
  const media = each(lines, 'EXT-X-MEDIA').filter((line) => attributesOf(line).get('TYPE') === 'CLOSED-CAPTIONS')
  const groups = new Set(media.map((line) => attributesOf(line).get('GROUP-ID')))
  const variants = each(lines, 'EXT-X-STREAM-INF')
  const said = variants.map((line) => attributesOf(line).get('CLOSED-CAPTIONS'))
  const isMixed = said.includes('NONE') && said.some((value) => value !== 'NONE')
  return [
    ...(isMixed ? [at(variants[0], 'CLOSED-CAPTIONS=NONE, but not in all')] : []),
    ...said.flatMap((value, i) =>
      value === undefined || value === 'NONE' || groups.has(value) ? [] : [at(variants[i], `no captions in ${value}`)],
    ),
    ...media
      .filter((line) => !/^(CC[1-4]|SERVICE\d{1,2})$/.test(attributesOf(line).get('INSTREAM-ID') ?? ''))
      .map((line) => at(line, 'INSTREAM-ID is missing or malformed')),
    ...media.filter((line) => attributesOf(line).has('URI')).map((line) => at(line, 'captions have no URI')),
  ]
}

/** 4.4.6.1. */
function checkRenditions(lines: readonly Line[]): string[] {
  const seen = new Set<string>()
  const defaults = new Set<string>()
  return each(lines, 'EXT-X-MEDIA').flatMap((line) => {
    const attributes = attributesOf(line)
    const group = `${attributes.get('TYPE')}/${attributes.get('GROUP-ID')}`
    const name = `${group}/${attributes.get('NAME')}`
    const isDefault = attributes.get('DEFAULT') === 'YES'
    const RULES: [boolean, string][] = [
      [['TYPE', 'GROUP-ID', 'NAME'].every((key) => attributes.has(key)), 'TYPE, GROUP-ID or NAME is missing'],
      [!seen.has(name), 'NAME is used twice in its group'],
      [!isDefault || !defaults.has(group), 'a second DEFAULT=YES in the group'],
      [!isDefault || attributes.get('AUTOSELECT') !== 'NO', 'DEFAULT=YES with AUTOSELECT=NO'],
    ]
    seen.add(name)
    if (isDefault) defaults.add(group)
    return RULES.filter(([holds]) => !holds).map(([, problem]) => at(line, `${problem} (4.4.6.1)`))
  })
}
