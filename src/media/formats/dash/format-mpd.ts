import type {
  Mpd,
  MpdAdaptationSet,
  MpdPeriod,
  MpdRepresentation,
  MpdSegmentTemplate,
  MpdServiceDescription,
  MpdTimelineEntry,
  MpdUtcTiming,
} from './mpd.ts'
import { element, formatXml, type XmlNode } from './xml.ts'

const NAMESPACE = 'urn:mpeg:dash:schema:mpd:2011'
const CHANNELS = 'urn:mpeg:dash:23003:3:audio_channel_configuration:2011'
const DASH_IF = 'http://dashif.org/guidelines/'
const ROLE = 'urn:mpeg:dash:role:2011'
/** ISO/IEC 23009-1, 8.4 and 8.6 (the fourth edition's CMAF profile). */
const PROFILES = 'urn:mpeg:dash:profile:isoff-live:2011,urn:mpeg:dash:profile:cmaf:2019'

/** Media Presentation Description as text. ISO/IEC 23009-1, clause 5. */
export function formatMpd(mpd: Mpd): string {
  const utcTiming = mpd.type === 'dynamic' ? [utcTimingElement(mpd.utcTiming)] : []
  const service = mpd.serviceDescription === undefined ? [] : [serviceElement(mpd.serviceDescription)]
  const children = [...service, ...mpd.periods.map((period) => periodElement(period, mpd)), ...utcTiming]
  return formatXml(element('MPD', mpdAttributes(mpd), children))
}

/** ISO/IEC 23009-1, 5.3.1.2. */
function mpdAttributes(mpd: Mpd) {
  const common = {
    xmlns: NAMESPACE,
    profiles: PROFILES,
    type: mpd.type,
    minBufferTime: duration(mpd.minBufferTimeMs),
    maxSegmentDuration: mpd.maxSegmentDurationMs === undefined ? undefined : duration(mpd.maxSegmentDurationMs),
  }
  if (mpd.type === 'static') return { ...common, mediaPresentationDuration: duration(mpd.mediaPresentationDurationMs) }
  return {
    ...common,
    availabilityStartTime: dateTime(mpd.availabilityStartTimeMs),
    publishTime: dateTime(mpd.publishTimeMs),
    minimumUpdatePeriod: duration(mpd.minimumUpdatePeriodMs),
    timeShiftBufferDepth: duration(mpd.timeShiftBufferDepthMs),
    suggestedPresentationDelay: duration(mpd.suggestedPresentationDelayMs),
  }
}

function utcTimingElement({ schemeIdUri, value }: MpdUtcTiming): XmlNode {
  return element('UTCTiming', { schemeIdUri, value })
}

/** ISO/IEC 23009-1, K.3. */
function serviceElement({ latency, playbackRate }: MpdServiceDescription): XmlNode {
  return element('ServiceDescription', { id: 0 }, [
    element('Latency', { target: latency.targetMs, min: latency.minMs, max: latency.maxMs, referenceId: 0 }),
    element('PlaybackRate', { min: playbackRate.min, max: playbackRate.max }),
  ])
}

function periodElement({ id, startMs, adaptationSets }: MpdPeriod, mpd: Mpd): XmlNode {
  return element(
    'Period',
    { id, start: duration(startMs) },
    adaptationSets.map((set) => adaptationSetElement(set, mpd)),
  )
}

/** ISO/IEC 23009-1, 5.3.3. */
function adaptationSetElement(set: MpdAdaptationSet, mpd: Mpd): XmlNode {
  const { id, contentType, lang, startWithSap, representations } = set
  const attributes = {
    id,
    contentType,
    mimeType: contentType === 'image' ? 'image/jpeg' : `${contentType}/mp4`,
    lang,
    segmentAlignment: true,
    startWithSAP: startWithSap,
    ...sizeLimits(representations),
  }
  const role = set.isMain ? [element('Role', { schemeIdUri: ROLE, value: 'main' })] : []
  return element('AdaptationSet', attributes, [
    ...(set.trickModeOf === undefined ? [] : [essentialProperty('trickmode', set.trickModeOf)]),
    ...referenceTime(set, mpd),
    ...role,
    ...representations.map((each) => representationElement(each, set)),
  ])
}

/** Players that do not know what is essential leave its element alone. ISO/IEC 23009-1, 5.8.4.8. */
function essentialProperty(name: 'thumbnail_tile' | 'trickmode', value: string | number): XmlNode {
  return element('EssentialProperty', { schemeIdUri: `${DASH_IF}${name}`, value })
}

function sizeLimits(representations: readonly MpdRepresentation[]) {
  const widths = representations.flatMap(({ widthPx }) => (widthPx === undefined ? [] : [widthPx]))
  const heights = representations.flatMap(({ heightPx }) => (heightPx === undefined ? [] : [heightPx]))
  if (widths.length === 0 || heights.length === 0) return {}
  return { maxWidth: Math.max(...widths), maxHeight: Math.max(...heights) }
}

/** ISO/IEC 23009-1, 5.12.2. */
function referenceTime({ producerReferenceTime: reference }: MpdAdaptationSet, mpd: Mpd): XmlNode[] {
  if (reference === undefined || mpd.type === 'static') return []
  const attributes = {
    id: 0,
    type: 'encoder',
    wallClockTime: dateTime(reference.wallClockTimeMs),
    presentationTime: reference.presentationTimeTicks,
  }
  return [element('ProducerReferenceTime', attributes, [utcTimingElement(mpd.utcTiming)])]
}

/** ISO/IEC 23009-1, 5.3.5. */
function representationElement(representation: MpdRepresentation, { tiles }: MpdAdaptationSet): XmlNode {
  const { id, bandwidthBps, codecs, widthPx, heightPx, frameRate, audioSamplingRateHz } = representation
  const { template, maxPlayoutRate } = representation
  const attributes = {
    id,
    bandwidth: Math.max(1, Math.ceil(bandwidthBps)),
    codecs,
    width: widthPx,
    height: heightPx,
    frameRate: frameRate === undefined ? undefined : formatFrameRate(frameRate),
    audioSamplingRate: audioSamplingRateHz,
    maxPlayoutRate,
    codingDependency: maxPlayoutRate === undefined ? undefined : false,
  }
  const { channelCount } = representation
  const channels =
    channelCount === undefined
      ? []
      : [element('AudioChannelConfiguration', { schemeIdUri: CHANNELS, value: channelCount })]
  const layout = tiles ? [essentialProperty('thumbnail_tile', `${tiles.columns}x${tiles.rows}`)] : []
  return element('Representation', attributes, [
    ...channels,
    ...layout,
    ...resyncElements(template),
    templateElement(template),
  ])
}

/** ISO/IEC 23009-1, 5.3.12. Type 0: the start of a chunk, whatever it holds. */
function resyncElements({ segments }: MpdSegmentTemplate): XmlNode[] {
  if (segments.kind !== 'nominal' || segments.resyncTicks === undefined) return []
  return [element('Resync', { type: 0, dT: segments.resyncTicks })]
}

/** ISO/IEC 23009-1, 5.3.9.4. */
function templateElement(template: MpdSegmentTemplate): XmlNode {
  const { segments } = template
  const { availabilityTimeOffsetMs: offsetMs } = segments
  const common = {
    timescale: template.timescaleHz,
    initialization: template.initialization,
    media: template.media,
    startNumber: template.startNumber,
    presentationTimeOffset: template.presentationTimeOffsetTicks || undefined,
    availabilityTimeOffset: offsetMs === undefined ? undefined : seconds(offsetMs),
  }
  if (segments.kind === 'timeline') {
    return element('SegmentTemplate', common, [element('SegmentTimeline', {}, timelineElements(segments.entries))])
  }
  return element('SegmentTemplate', {
    ...common,
    duration: segments.durationTicks,
    availabilityTimeComplete: segments.isChunked ? false : undefined,
  })
}

/** Equal durations one after the other are one S element. ISO/IEC 23009-1, 5.3.9.6. */
function timelineElements(entries: readonly MpdTimelineEntry[]): XmlNode[] {
  const runs: { t: number | undefined; d: number; r: number }[] = []
  let nextTicks: number | undefined
  for (const [at, { startTicks, durationTicks: ownTicks }] of entries.entries()) {
    const followedTicks = (entries[at + 1]?.startTicks ?? Number.POSITIVE_INFINITY) - startTicks
    // The timeline has no room for overlaps.
    const durationTicks = followedTicks > 0 ? Math.min(ownTicks, followedTicks) : ownTicks
    const last = runs.at(-1)
    const isContinuous = startTicks === nextTicks
    if (last && isContinuous && last.d === durationTicks) last.r++
    else runs.push({ t: isContinuous ? undefined : startTicks, d: durationTicks, r: 0 })
    nextTicks = startTicks + durationTicks
  }
  return runs.map(({ t, d, r }) => element('S', { t, d, r: r || undefined }))
}

/** `25`, `30000/1001`. ISO/IEC 23009-1, 5.3.7.2. */
function formatFrameRate(rate: number): string {
  if (Number.isInteger(rate)) return String(rate)
  const ntsc = Math.round(rate * 1.001)
  if (Math.abs((ntsc * 1000) / 1001 - rate) < 0.005) return `${ntsc * 1000}/1001`
  return `${Math.round(rate * 1000)}/1000`
}

/** xs:duration. */
function duration(ms: number): string {
  return `PT${seconds(ms)}S`
}

function seconds(ms: number): string {
  return String(Math.round(ms) / 1000)
}

/** xs:dateTime. */
function dateTime(epochMs: number): string {
  return new Date(epochMs).toISOString()
}
