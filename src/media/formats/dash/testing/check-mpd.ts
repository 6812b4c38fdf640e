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
  AdaptationSet: ['EssentialProperty', 'ProducerReferenceTime', 'Resync', 'Role', 'Representation'],
  Representation: ['AudioChannelConfiguration', 'EssentialProperty', 'Resync', 'SegmentTemplate'],
  SegmentTemplate: ['SegmentTimeline'],
  SegmentTimeline: ['S'],
}

const RULES: readonly Rule[] = [
  {
    name: 'required-attributes',
    clause: 'annex B',
    problems: ({ root }) => everyElement(root).flatMap((each) => missing(each, imageParts(root))),
  },
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
    name: 'adaptation-set-ids',
    clause: '5.3.3.2',
    problems: ({ root }) =>
      childrenOf(root, 'Period').flatMap((period) =>
        twice(childrenOf(period, 'AdaptationSet').map(({ attributes }) => attributes.get('id') ?? '')),
      ),
  },
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
  { name: 'template', clause: '5.3.9.4.4', problems: forEach(({ media }) => /\$(Number|Time)\$/.test(media)) },
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
  { name: 'thumbnail-tile', clause: 'DASH-IF IOP 6.2.6', problems: thumbnailTiles },
  { name: 'trick-mode', clause: 'DASH-IF IOP 3.2.9', problems: trickModes },
  { name: 'longest-segment', clause: '5.3.1.2', problems: longestSegment },
]

function everyElement(element: XmlElement): XmlElement[] {
  return [element, ...element.children.flatMap(everyElement)]
}

/** Images have no codecs, and nothing to initialize. */
const NOT_OF_IMAGES = ['codecs', 'initialization']

function imageParts(root: XmlElement): ReadonlySet<XmlElement> {
  const isImage = ({ attributes }: XmlElement) => attributes.get('contentType') === 'image'
  return new Set(everyElement(root).filter(isImage).flatMap(everyElement))
}

function missing(element: XmlElement, images: ReadonlySet<XmlElement>): string[] {
  const { name, attributes } = element
  return (REQUIRED[name] ?? [])
    .filter((each) => !attributes.has(each) && !(images.has(element) && NOT_OF_IMAGES.includes(each)))
    .map((each) => `${name}@${each} is missing`)
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

/** Segments can be asked for before their end, by less than their length. */
function availabilityOffset({ root }: ReadMpd): string[] {
  return everyElement(root)
    .filter(({ name, attributes }) => name === 'SegmentTemplate' && attributes.has('availabilityTimeOffset'))
    .flatMap(({ attributes }) => {
      const offset = Number(attributes.get('availabilityTimeOffset'))
      const duration = attributes.get('duration')
      const length = duration === undefined ? Infinity : Number(duration) / Number(attributes.get('timescale'))
      return offset > 0 && offset < length ? [] : [`${offset} s of ${length} s`]
    })
}

/** Tiles of one length that follow each other, in rows that make up the image. */
function thumbnailTiles({ periods }: ReadMpd): string[] {
  return periods.flatMap(({ id, images }) =>
    images.flatMap(({ layout, widthPx, heightPx, segments, media }) => {
      const [columns = 0, rows = 0] = layout.split('x').map(Number)
      const [first] = segments
      const isRegular = segments.every(
        ({ startTicks, durationTicks }, at) =>
          durationTicks === first?.durationTicks && startTicks === first.startTicks + at * durationTicks,
      )
      const RULES: readonly (readonly [boolean, string])[] = [
        [columns > 0 && rows > 0, `layout "${layout}"`],
        [widthPx % columns === 0 && heightPx % rows === 0, `${widthPx}x${heightPx} in ${layout}`],
        [first !== undefined && isRegular, 'tiles of different lengths, or none'],
        [media.includes('$Number$'), media],
      ]
      return RULES.filter(([holds]) => !holds).map(([, problem]) => `${id}: ${problem}`)
    }),
  )
}

/** Keyframes of a set that is there, each decodable by itself. */
function trickModes({ root }: ReadMpd): string[] {
  return childrenOf(root, 'Period').flatMap((period) => {
    const sets = childrenOf(period, 'AdaptationSet')
    return sets.flatMap((set) => {
      const [property] = childrenOf(set, 'EssentialProperty').filter(({ attributes }) =>
        attributes.get('schemeIdUri')?.endsWith('/trickmode'),
      )
      if (!property) return []
      const main = property.attributes.get('value')
      const isThere = sets.some(({ attributes }) => attributes.get('id') === main)
      const areAlone = childrenOf(set, 'Representation').every(
        ({ attributes }) =>
          attributes.get('codingDependency') === 'false' && Number(attributes.get('maxPlayoutRate')) > 1,
      )
      return [...(isThere ? [] : [`no set ${main}`]), ...(areAlone ? [] : ['codingDependency or maxPlayoutRate'])]
    })
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
