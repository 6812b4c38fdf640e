import { parseXml, type XmlElement } from './parse-xml.ts'

export type ReadSegment = {
  readonly number: number
  readonly startTicks: number
  readonly durationTicks: number
  readonly uri: string
}
export type ReadRepresentation = {
  readonly id: string
  readonly bandwidthBps: number
  readonly codecs: string
  readonly contentType: string
  readonly timescaleHz: number
  readonly initUri: string
  readonly media: string
  readonly startNumber: number
  readonly presentationTimeOffsetTicks: number
  /** Empty for a template with nominal durations. */
  readonly segments: readonly ReadSegment[]
  readonly nominalTicks: number | undefined
}
export type ReadPeriod = {
  readonly id: string
  readonly startMs: number
  /** Of video and audio. */
  readonly representations: readonly ReadRepresentation[]
  /** Of tiles of thumbnails. */
  readonly images: readonly (ReadRepresentation & ReadTiles)[]
}
export type ReadTiles = { readonly layout: string; readonly widthPx: number; readonly heightPx: number }
export type ReadMpd = {
  readonly root: XmlElement
  readonly type: string
  readonly availabilityStartMs: number
  readonly periods: readonly ReadPeriod[]
}

/** An MPD of ours as a player computes it, by its text alone. */
export function readMpd(text: string): ReadMpd {
  const root = parseXml(text)
  return {
    root,
    type: root.attributes.get('type') ?? 'static',
    availabilityStartMs: Date.parse(root.attributes.get('availabilityStartTime') ?? '1970-01-01T00:00:00Z'),
    periods: childrenOf(root, 'Period').map(readPeriod),
  }
}

export function childrenOf(element: XmlElement, name: string): XmlElement[] {
  return element.children.filter((child) => child.name === name)
}

/** Milliseconds of an xs:duration in seconds; NaN where it is none. */
export function durationMs(text: string | undefined): number {
  return Number(/^PT(\d+(?:\.\d+)?)S$/.exec(text ?? '')?.[1] ?? Number.NaN) * 1000
}

function readPeriod(period: XmlElement): ReadPeriod {
  const sets = childrenOf(period, 'AdaptationSet')
  const of = (isImage: boolean) =>
    sets
      .filter(({ attributes }) => (attributes.get('contentType') === 'image') === isImage)
      .flatMap((set) => childrenOf(set, 'Representation').map((each) => [set, each] as const))
  return {
    id: period.attributes.get('id') ?? '',
    startMs: durationMs(period.attributes.get('start')),
    representations: of(false).map(([set, each]) => readRepresentation(each, set)),
    images: of(true).map(([set, each]) => ({ ...readRepresentation(each, set), ...readTiles(each) })),
  }
}

function readTiles(representation: XmlElement): ReadTiles {
  const property = childrenOf(representation, 'EssentialProperty').find(
    ({ attributes }) => attributes.get('schemeIdUri') === 'http://dashif.org/guidelines/thumbnail_tile',
  )
  return {
    layout: property?.attributes.get('value') ?? '',
    widthPx: Number(representation.attributes.get('width')),
    heightPx: Number(representation.attributes.get('height')),
  }
}

function readRepresentation(representation: XmlElement, set: XmlElement): ReadRepresentation {
  const [template] = childrenOf(representation, 'SegmentTemplate')
  const of = (name: string) => Number(template?.attributes.get(name) ?? 0)
  const media = template?.attributes.get('media') ?? ''
  const startNumber = Number(template?.attributes.get('startNumber') ?? 1)
  const nominal = template?.attributes.get('duration')
  return {
    id: representation.attributes.get('id') ?? '',
    bandwidthBps: Number(representation.attributes.get('bandwidth')),
    codecs: representation.attributes.get('codecs') ?? '',
    contentType: set.attributes.get('contentType') ?? '',
    timescaleHz: of('timescale'),
    initUri: template?.attributes.get('initialization') ?? '',
    media,
    startNumber,
    presentationTimeOffsetTicks: of('presentationTimeOffset'),
    segments: template ? readTimeline(template, media, startNumber) : [],
    nominalTicks: nominal === undefined ? undefined : Number(nominal),
  }
}

/** ISO/IEC 23009-1, 5.3.9.6. */
function readTimeline(template: XmlElement, media: string, startNumber: number): ReadSegment[] {
  const segments: ReadSegment[] = []
  let nextTicks = 0
  for (const s of childrenOf(template, 'SegmentTimeline').flatMap((timeline) => childrenOf(timeline, 'S'))) {
    const durationTicks = Number(s.attributes.get('d'))
    let startTicks = Number(s.attributes.get('t') ?? nextTicks)
    for (let repeat = Number(s.attributes.get('r') ?? 0); repeat >= 0; repeat--) {
      const number = startNumber + segments.length
      segments.push({ number, startTicks, durationTicks, uri: segmentUri(media, number, startTicks) })
      startTicks += durationTicks
    }
    nextTicks = startTicks
  }
  return segments
}

/** ISO/IEC 23009-1, 5.3.9.4.4. */
function segmentUri(media: string, number: number, startTicks: number): string {
  return media.replace('$Number$', String(number)).replace('$Time$', String(startTicks))
}
