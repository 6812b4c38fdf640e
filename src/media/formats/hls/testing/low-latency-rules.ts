import { parseAttributeList } from '../attribute-list.ts'
import { at, each, isUri, type Line, type Rule } from './playlist-lines.ts'

/** EXT-X-PART durations are written with five decimals. */
const ROUNDING_SECONDS = 0.000_02

/** What RFC 8216bis asks of partial segments and server control. */
export const LOW_LATENCY_RULES: readonly Rule[] = [
  { name: 'part-inf', clause: '4.4.3.7', problems: partInf },
  { name: 'part-durations', clause: '4.4.4.9', problems: partDurations },
  { name: 'part-sums', clause: '4.4.4.9', problems: partSums },
  { name: 'old-parts', clause: '4.4.4.9', problems: oldParts },
  { name: 'first-part-independent', clause: '4.4.4.9', problems: firstPartIndependent },
  { name: 'server-control', clause: '4.4.3.8', problems: serverControl },
  { name: 'hold-backs', clause: '4.4.3.8', problems: holdBacks },
  { name: 'skip-boundary', clause: '4.4.3.8', problems: skipBoundary },
  { name: 'preload-hint', clause: '4.4.5.3', problems: preloadHint },
  { name: 'rendition-reports', clause: '4.4.5.4', problems: renditionReports },
  { name: 'ended', clause: '6.2.1', problems: ended },
]

type Parent = { readonly parts: readonly Line[]; readonly extinf: Line | undefined }

/** Parts with the EXTINF of their segment; that which is being written has none yet. */
function parents(lines: readonly Line[]): Parent[] {
  const list: Parent[] = []
  let parts: Line[] = []
  let extinf: Line | undefined
  for (const line of lines) {
    if (line.tag === 'EXT-X-PART') parts.push(line)
    if (line.tag === 'EXTINF') extinf = line
    if (!isUri(line)) continue
    list.push({ parts, extinf })
    parts = []
    extinf = undefined
  }
  return parts.length > 0 ? [...list, { parts, extinf: undefined }] : list
}

function attribute(line: Line | undefined, name: string): string | undefined {
  return line && parseAttributeList(line.value).get(name)
}
function secondsOf(line: Line | undefined, name: string): number {
  return Number(attribute(line, name) ?? Number.NaN)
}
function partTarget(lines: readonly Line[]): number {
  return secondsOf(each(lines, 'EXT-X-PART-INF')[0], 'PART-TARGET')
}
function targetDuration(lines: readonly Line[]): number {
  return Number(each(lines, 'EXT-X-TARGETDURATION')[0]?.value)
}

function partInf(lines: readonly Line[]): string[] {
  const [part] = each(lines, 'EXT-X-PART')
  return part && !(partTarget(lines) > 0) ? [at(part, 'PART without PART-INF:PART-TARGET')] : []
}

/** At most the part target, and at least 85 % of it, but for the last part of a segment. */
function partDurations(lines: readonly Line[]): string[] {
  const target = partTarget(lines)
  return parents(lines).flatMap(({ parts, extinf }) =>
    parts.flatMap((part, index) => {
      const duration = secondsOf(part, 'DURATION')
      // The newest part of the open segment may turn out to be its last.
      const isLast = index === parts.length - 1
      if (duration > target + ROUNDING_SECONDS) return [at(part, `${duration} s of ${target} s`)]
      const isShort = duration < target * 0.85 - ROUNDING_SECONDS
      return isShort && !isLast ? [at(part, `${duration} s of ${target} s${extinf ? '' : ' in the open segment'}`)] : []
    }),
  )
}

function partSums(lines: readonly Line[]): string[] {
  return parents(lines).flatMap(({ parts, extinf }) => {
    if (!extinf || parts.length === 0) return []
    const sum = parts.reduce((total, part) => total + secondsOf(part, 'DURATION'), 0)
    const whole = Number.parseFloat(extinf.value)
    return Math.abs(sum - whole) > ROUNDING_SECONDS * (parts.length + 1) ? [at(extinf, `parts sum up to ${sum}`)] : []
  })
}

/** Parts further than three target durations from the end should be gone. */
function oldParts(lines: readonly Line[]): string[] {
  const limit = 3 * targetDuration(lines)
  let behind = 0
  return parents(lines)
    .toReversed()
    .flatMap(({ parts, extinf }) => {
      const isOld = behind > limit + 1
      behind += extinf ? Number.parseFloat(extinf.value) : 0
      return isOld && parts.length > 0 ? [at(parts[0], `parts ${behind} s from the end`)] : []
    })
}

function firstPartIndependent(lines: readonly Line[]): string[] {
  if (each(lines, 'EXT-X-INDEPENDENT-SEGMENTS').length === 0) return []
  return parents(lines).flatMap(({ parts: [first], extinf }) =>
    first && extinf && attribute(first, 'INDEPENDENT') !== 'YES' ? [at(first, 'INDEPENDENT=YES is missing')] : [],
  )
}

function serverControl(lines: readonly Line[]): string[] {
  const [control] = each(lines, 'EXT-X-SERVER-CONTROL')
  const [inf] = each(lines, 'EXT-X-PART-INF')
  if (!inf) return []
  if (!control) return [at(inf, 'PART-INF without SERVER-CONTROL')]
  const needed = ['CAN-BLOCK-RELOAD', 'PART-HOLD-BACK'].filter((name) => attribute(control, name) === undefined)
  return needed.map((name) => at(control, `${name} is missing`))
}

function holdBacks(lines: readonly Line[]): string[] {
  const [control] = each(lines, 'EXT-X-SERVER-CONTROL')
  const holdBack = secondsOf(control, 'HOLD-BACK')
  const partHoldBack = secondsOf(control, 'PART-HOLD-BACK')
  // A list of tiles says how far behind the live edge of the media players are to stay.
  if (each(lines, 'EXT-X-IMAGES-ONLY').length > 0) return []
  return [
    ...(holdBack < 3 * targetDuration(lines) ? [at(control, `HOLD-BACK ${holdBack}`)] : []),
    ...(partHoldBack < 2 * partTarget(lines) ? [at(control, `PART-HOLD-BACK ${partHoldBack}`)] : []),
  ]
}

function skipBoundary(lines: readonly Line[]): string[] {
  const [control] = each(lines, 'EXT-X-SERVER-CONTROL')
  const boundary = secondsOf(control, 'CAN-SKIP-UNTIL')
  const [skip] = each(lines, 'EXT-X-SKIP')
  return [
    ...(boundary < 6 * targetDuration(lines) ? [at(control, `CAN-SKIP-UNTIL ${boundary}`)] : []),
    ...(skip && Number.isNaN(boundary) ? [at(skip, 'SKIP without CAN-SKIP-UNTIL')] : []),
    ...(skip && !(secondsOf(skip, 'SKIPPED-SEGMENTS') > 0) ? [at(skip, 'nothing is skipped')] : []),
  ]
}

/** A hint names what the playlist does not list yet. */
function preloadHint(lines: readonly Line[]): string[] {
  const listed = new Set(each(lines, 'EXT-X-PART').map((part) => attribute(part, 'URI')))
  return each(lines, 'EXT-X-PRELOAD-HINT').flatMap((hint) => {
    const uri = attribute(hint, 'URI')
    if (attribute(hint, 'TYPE') !== 'PART' || uri === undefined) return [at(hint, 'TYPE or URI')]
    return listed.has(uri) ? [at(hint, 'the hinted part is there')] : []
  })
}

function renditionReports(lines: readonly Line[]): string[] {
  const reports = each(lines, 'EXT-X-RENDITION-REPORT')
  const uris = reports.map((report) => attribute(report, 'URI'))
  return reports.flatMap((report, index) => [
    ...(uris.indexOf(uris[index]) === index ? [] : [at(report, 'the same rendition twice')]),
    ...(/^\d+$/.test(attribute(report, 'LAST-MSN') ?? '') ? [] : [at(report, 'LAST-MSN')]),
    ...(/^[a-z]+:/.test(uris[index] ?? '') ? [at(report, 'the URI must be relative')] : []),
  ])
}

/** Nothing comes behind the end. */
function ended(lines: readonly Line[]): string[] {
  if (each(lines, 'EXT-X-ENDLIST').length === 0) return []
  return each(lines, 'EXT-X-PRELOAD-HINT').map((hint) => at(hint, 'a hint in a playlist that has ended'))
}
