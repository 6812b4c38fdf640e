import type { XmlElement } from './parse-xml.ts'
import { childrenOf, durationMs, type ReadMpd, type ReadRepresentation, readMpd } from './read-mpd.ts'

type Rule = { readonly name: string; readonly clause: string; problems(mpd: ReadMpd): string[] }

/**
 * The rules of ISO/IEC 23009-1 that an MPD breaks, each as `name (clause): what`; empty for a good one. Reads the text
 * by itself.
 */
export function checkMpd(text: string): string[] {
  let mpd: ReadMpd
  try {
    mpd = readMpd(text)
  } catch (error) {
    return [`well-formed (XML 1.0): ${(error as Error).message}`]
  }
  return RULES.flatMap(({ name, clause, problems }) =>
    problems(mpd).map((problem) => `${name} (${clause}): ${problem}`),
  )
}

/** Gaps that a frame covers are some ticks long all the same. */
const ROUNDING_TICKS = 8

const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  MPD: ['profiles', 'minBufferTime', 'type', 'xmlns'],
  Period: ['id', 'start'],
  AdaptationSet: ['contentType', 'mimeType', 'segmentAlignment'],
  Representation: ['id', 'bandwidth', 'codecs'],
  SegmentTemplate: ['timescale', 'initialization', 'media', 'startNumber'],
  S: ['d'],
  UTCTiming: ['schemeIdUri', 'value'],
  Latency: ['target'],
  ProducerReferenceTime: ['id', 'wallClockTime', 'presentationTime'],
  Resync: ['type'],
}
/** Children in the order of the schema. ISO/IEC 23009-1, annex B. */
const ORDER: Readonly<Record<string, readonly string[]>> = {
  MPD: ['ServiceDescription', 'Period', 'UTCTiming'],
  AdaptationSet: ['ProducerReferenceTime', 'Resync', 'Role', 'Representation'],
  Representation: ['AudioChannelConfiguration', 'Resync', 'SegmentTemplate'],
  SegmentTemplate: ['SegmentTimeline'],
  SegmentTimeline: ['S'],
}

const RULES: readonly Rule[] = [
  { name: 'required-attributes', clause: 'annex B', problems: ({ root }) => everyElement(root).flatMap(missing) },
  { name: 'element-order', clause: 'annex B', problems: ({ root }) => everyElement(root).flatMap(disordered) },
  { name: 'root', clause: '5.3.1', problems: ({ root }) => (root.name === 'MPD' ? [] : [root.name]) },
  { name: 'has-period', clause: '5.3.2', problems: ({ periods }) => (periods.length > 0 ? [] : ['no Period']) },
  { name: 'durations', clause: '5.3.1.2', problems: badDurations },
  { name: 'dynamic-attributes', clause: '5.3.1.2', problems: dynamicAttributes },
  { name: 'static-attributes', clause: '5.3.1.2', problems: staticAttributes },
  { name: 'utc-timing', clause: '5.8.4.11', problems: utcTiming },
  { name: 'period-order', clause: '5.3.2.1', problems: periodOrder },
  { name: 'period-ids', clause: '5.3.2.2', problems: ({ periods }) => twice(periods.map(({ id }) => id)) },
  {
    name: 'representation-ids',
    clause: '5.3.5.2',
    problems: ({ periods }) => periods.flatMap((period) => twice(period.representations.map(({ id }) => id))),
  },
  {
    name: 'bandwidth',
    clause: '5.3.5.2',
    problems: forEach(({ bandwidthBps }) => Number.isInteger(bandwidthBps) && bandwidthBps > 0),
  },
  {
    name: 'codecs',
    clause: 'RFC 6381',
    problems: forEach(({ codecs }) => /^[A-Za-z0-9-]{3,}(\.[A-Za-z0-9-]+)*$/.test(codecs)),
  },
  { name: 'number-template', clause: '5.3.9.4.4', problems: forEach(({ media }) => media.includes('$Number$')) },
  {
    name: 'one-addressing',
    clause: '5.3.9.2.2',
    problems: forEach((each) => each.segments.length > 0 !== (each.nominalTicks !== undefined)),
  },
  { name: 'timeline-grows', clause: '5.3.9.6.2', problems: forEach(timelineGrows) },
  {
    name: 'segment-durations',
    clause: '5.3.9.6',
    problems: forEach(({ segments }) => segments.every(({ durationTicks }) => durationTicks > 0)),
  },
  { name: 'availability-offset', clause: '5.3.9.5.1', problems: availabilityOffset },
  { name: 'longest-segment', clause: '5.3.1.2', problems: longestSegment },
]

function everyElement(element: XmlElement): XmlElement[] {
  return [element, ...element.children.flatMap(everyElement)]
}

function missing({ name, attributes }: XmlElement): string[] {
  return (REQUIRED[name] ?? []).filter((each) => !attributes.has(each)).map((each) => `${name}@${each} is missing`)
}

function disordered({ name, children }: XmlElement): string[] {
  const order = ORDER[name]
  if (!order) return []
  const places = children.map((child) => order.indexOf(child.name))
  return places.flatMap((place, at) => {
    const child = children[at]?.name
    if (place < 0) return [`${child} in ${name} is not known`]
    return place < (places[at - 1] ?? 0) ? [`${child} in ${name} stands too late`] : []
  })
}

function badDurations({ root, periods }: ReadMpd): string[] {
  const names = [
    'minBufferTime',
    'minimumUpdatePeriod',
    'timeShiftBufferDepth',
    'mediaPresentationDuration',
    'maxSegmentDuration',
  ]
  const bad = names.filter((name) => root.attributes.has(name) && Number.isNaN(durationMs(root.attributes.get(name))))
  return [...bad, ...periods.filter(({ startMs }) => Number.isNaN(startMs)).map(({ id }) => `start of ${id}`)]
}

function dynamicAttributes({ root, type }: ReadMpd): string[] {
  if (type !== 'dynamic') return []
  const needed = ['availabilityStartTime', 'publishTime', 'minimumUpdatePeriod'].filter(
    (name) => !root.attributes.has(name),
  )
  const forbidden = root.attributes.has('mediaPresentationDuration')
    ? ['mediaPresentationDuration of an endless MPD']
    : []
  return [...needed.map((name) => `${name} is missing`), ...forbidden]
}

function staticAttributes({ root, type }: ReadMpd): string[] {
  if (type !== 'static') return []
  const forbidden = ['minimumUpdatePeriod', 'timeShiftBufferDepth', 'availabilityStartTime'].filter((name) =>
    root.attributes.has(name),
  )
  const needed = root.attributes.has('mediaPresentationDuration') ? [] : ['mediaPresentationDuration is missing']
  return [...needed, ...forbidden.map((name) => `${name} of a static MPD`)]
}

function utcTiming({ root, type }: ReadMpd): string[] {
  return type === 'dynamic' && childrenOf(root, 'UTCTiming').length === 0 ? ['players cannot learn the time'] : []
}

function periodOrder({ periods }: ReadMpd): string[] {
  return periods.flatMap(({ id, startMs }, at) =>
    startMs < (periods[at - 1]?.startMs ?? 0) ? [`${id} starts early`] : [],
  )
}

function twice(names: readonly string[]): string[] {
  return names.filter((name, at) => names.indexOf(name) !== at)
}

function forEach(holds: (representation: ReadRepresentation) => boolean): Rule['problems'] {
  return ({ periods }) =>
    periods.flatMap(({ id, representations }) =>
      representations.filter((each) => !holds(each)).map((each) => `${id}/${each.id}`),
    )
}

function timelineGrows({ segments }: ReadRepresentation): boolean {
  return segments.every(({ startTicks }, at) => {
    const before = segments[at - 1]
    return !before || startTicks >= before.startTicks + before.durationTicks - ROUNDING_TICKS
  })
}

/** Chunked segments can be asked for before their end, by less than their length. */
function availabilityOffset({ root }: ReadMpd): string[] {
  return everyElement(root)
    .filter(({ name, attributes }) => name === 'SegmentTemplate' && attributes.has('availabilityTimeOffset'))
    .flatMap(({ attributes }) => {
      const offset = Number(attributes.get('availabilityTimeOffset'))
      const length = Number(attributes.get('duration')) / Number(attributes.get('timescale'))
      const isComplete = attributes.get('availabilityTimeComplete') !== 'false'
      return offset > 0 && offset < length && !isComplete ? [] : [`${offset} s of ${length} s`]
    })
}

function longestSegment({ root, periods }: ReadMpd): string[] {
  const limitMs = durationMs(root.attributes.get('maxSegmentDuration'))
  if (Number.isNaN(limitMs)) return []
  return periods.flatMap(({ representations }) =>
    representations.flatMap(({ id, timescaleHz, segments }) =>
      segments
        .filter(({ durationTicks }) => (durationTicks * 1000) / timescaleHz >= limitMs + 500)
        .map(({ number }) => `segment ${number} of ${id}`),
    ),
  )
}
