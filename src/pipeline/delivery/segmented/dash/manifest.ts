import { MalformedInputError } from '../../../../media/errors.ts'
import {
  formatMpd,
  type Mpd,
  type MpdAdaptationSet,
  type MpdNominal,
  type MpdPeriod,
  type MpdRepresentation,
  type MpdSegmentTemplate,
  type MpdTimelineEntry,
} from '../../../../media/formats/dash/index.ts'
import {
  adaptationSet,
  type CmafIndex,
  endMsOf,
  type IndexedRun,
  type IndexedSegment,
  type IndexedTrack,
  infoOf,
  type RunStart,
  representation,
  startMsOf,
  type TileLayout,
  tileSet,
  trickSet,
  UTC_TIMING,
} from '../../../packaging/index.ts'
import { RENDITION_TRACKS } from '../../../stream/index.ts'
import { measureBitRates } from '../bit-rates.ts'
import { type Ladder, type Member, type PlannedMember, plannedPeakBps, soundAlone, tracksOf } from '../ladder.ts'
import { tiledRuns, tiledTrack, videoSize } from '../live-tiles.ts'
import { initUri, keyUri, NEXT_LIFE, segmentUri, timedUri } from '../segment-address.ts'
import { leadingTimes } from './leading-times.ts'
import { begunRuns, segmentsOfRun } from './segments-of-run.ts'

/** How segments are told: each with its times, or by number and nominal length, which allows for low latency. */
export type DashTemplate = 'timeline' | 'number'

/** `?template=` of an MPD. Throws MalformedInputError. */
export function readTemplate(text: string | null): DashTemplate | undefined {
  if (text === null || text === 'timeline' || text === 'number') return text ?? undefined
  throw new MalformedInputError('template', 0, 'expected timeline or number')
}

/** Parts between the live edge and where players should be. */
const LATENCY_PARTS = 3
/** The same for players that reckon from the end of what is there, one part behind the live edge. */
const DELAY_PARTS = 2
const PLAYBACK_RATE = { min: 0.95, max: 1.1 }
/** Target durations behind the live edge without low latency: as HOLD-BACK of HLS. */
const DELAY_TARGETS = 3

export type ManifestOptions = {
  readonly template: DashTemplate
  readonly planned?: readonly PlannedMember[]
  /** Keyframes are a set of their own. */
  readonly trickMode?: boolean
  /** Of thumbnails; absent where there are none. */
  readonly tiles?: TileLayout
}

/** The MPD of a stream with its renditions and variants, or undefined while there is nothing to list. */
export function manifest(name: string, ladder: Ladder, options: ManifestOptions): string | undefined {
  const [{ index }] = ladder
  if (index.runs.length === 0) return undefined
  const template = options.template === 'number' && isOnGrid(index) ? 'number' : 'timeline'
  // Numbers are reckoned from the grid; where all times are said, a period starts with what is in it.
  const zeroOf = ({ gridMs, startMs }: RunStart) => (options.template === 'number' ? gridMs : startMs)
  const periods = periodsOf(name, ladder, { ...options, template, zeroOf })
  const common = {
    periods,
    minBufferTimeMs:
      template === 'number' && index.isLowLatency ? index.options.partTargetMs : index.targetSeconds * 1000,
    maxSegmentDurationMs: index.targetSeconds * 1000,
  }
  if (index.ended) {
    return formatMpd({
      ...common,
      type: 'static',
      mediaPresentationDurationMs: mediaEndMs(index) - zeroOf(index.origin),
    })
  }
  return formatMpd({ ...common, ...liveAttributes(index, template, zeroOf(index.origin)) })
}

function liveAttributes(index: CmafIndex, template: DashTemplate, originMs: number) {
  const { targetSeconds, options } = index
  const isLowLatency = template === 'number' && index.isLowLatency
  const delayMs = isLowLatency ? DELAY_PARTS * options.partTargetMs : DELAY_TARGETS * targetSeconds * 1000
  const latencyMs = LATENCY_PARTS * options.partTargetMs
  const service = {
    latency: { targetMs: latencyMs, minMs: Math.round(latencyMs * 0.75), maxMs: Math.round(latencyMs * 1.5) },
    playbackRate: PLAYBACK_RATE,
  }
  return {
    type: 'dynamic',
    // Where the first period starts: what players look for further back is then its start, not a time of no period.
    availabilityStartTimeMs: index.zeroEpochMs + originMs,
    publishTimeMs: index.zeroEpochMs + mediaEndMs(index),
    minimumUpdatePeriodMs: Math.max(500, (targetSeconds * 1000) / 2),
    timeShiftBufferDepthMs: index.windowSegments * targetSeconds * 1000,
    suggestedPresentationDelayMs: delayMs,
    utcTiming: UTC_TIMING,
    ...(isLowLatency ? { serviceDescription: service } : {}),
  } satisfies Partial<Mpd>
}

/** Media time of the end of the newest segment. */
function mediaEndMs({ tracks }: CmafIndex): number {
  const ends = [...tracks.values()].flatMap((track) => {
    const last = track.segments.at(-1)
    return last ? [endMsOf(track, last)] : []
  })
  return Math.max(0, ...ends)
}

/**
 * Whether segments lie where their numbers say, within half of their nominal length: players compute times from
 * numbers. ISO/IEC 23009-1, 7.2.1.
 */
function isOnGrid(index: CmafIndex): boolean {
  const { segmentMs } = index.options
  return [...index.tracks.values()].every((track) =>
    track.segments.every((segment) => {
      const run = runOf(index.runs, segment)
      const nominalMs = run.gridMs + (segment.sequence - run.sequence) * segmentMs
      return Math.abs(startMsOf(track, segment) - nominalMs) <= segmentMs / 2
    }),
  )
}

function runOf(runs: readonly IndexedRun[], { sequence }: IndexedSegment): IndexedRun {
  return runs.findLast((run) => run.sequence <= sequence) ?? (runs[0] as IndexedRun)
}

/** Every discontinuity of the stream starts a period, for the members of its ladder too. */
function periodsOf(
  name: string,
  ladder: Ladder,
  { template, planned = [], tiles, trickMode, zeroOf }: ManifestOptions & Zero,
): MpdPeriod[] {
  const [source, ...others] = ladder
  const tiled = tiledTrack(source.index)
  const tileRuns = tiled ? tiledRuns(name, source.index, tiled) : []
  const runs = begunRuns(source.index)
  return runs.flatMap((run, at) => {
    const zeroMs = zeroOf(run)
    const tracks = [...tracksOf(ladder, 'video'), ...tracksOf([source], 'audio'), ...soundAlone(others)]
    const parts: RunOfTrack[] = tracks.flatMap(({ member, track }) => {
      const segments = segmentsOfRun({ member, track }, source, at)
      // Gaps stay among the others: numbers count on.
      return segments.every(({ place }) => place === 'gap')
        ? []
        : [{ member, track: asOf(track, segments), segments, run, zeroMs, template }]
    })
    const [own, ...behindIt] = parts
    if (!own) return []
    for (const [behind, part] of behindIt.entries())
      if (part.member !== own.member)
        parts[1 + behind] = { ...part, leading: leadingTimes(part.member.index, part, own) }
    const isLast = at === runs.length - 1
    if (isLast) parts.push(...plannedParts(parts, planned))
    // The stream's line of time goes on over discontinuities, as long as the wall clock says.
    const tileRun = tileRuns[at]
    const place = tileRun && { ...tileRun, startMs: zeroMs, ...availabilityOffset(source.index, template) }
    const images = tiles && tiled && place && tileSet(tiles, videoSize(tiled), place)
    const sets = [...adaptationSets(parts), ...(trickMode ? trickSets(parts) : []), ...(images ? [images] : [])]
    return [{ id: `p${run.sequence}`, startMs: zeroMs - zeroOf(source.index.origin), adaptationSets: sets }]
  })
}

/** The track as it was in a run. */
function asOf(track: IndexedTrack, [first]: readonly IndexedSegment[]): IndexedTrack {
  return first ? { ...track, info: infoOf(track, first) } : track
}

type Zero = { readonly zeroOf: (run: RunStart) => number }
type RunOfTrack = {
  readonly member: Member
  readonly track: IndexedTrack
  readonly segments: readonly IndexedSegment[]
  readonly run: IndexedRun
  /** Media time of the start of the period. */
  readonly zeroMs: number
  readonly template: DashTemplate
  /** Of a rendition that does not run; `track` is then what it will be, with the times of the source. */
  readonly plannedBps?: number
  /** In front of its segments. */
  readonly leading?: readonly MpdTimelineEntry[]
}

/** Renditions that do not run have the times of the source, as far back as who takes one may come from. */
function plannedParts([source]: readonly RunOfTrack[], planned: readonly PlannedMember[]): RunOfTrack[] {
  if (source?.track.info.kind !== 'video') return []
  const { track, member } = source
  return planned.flatMap(({ prefix, rung: { video } }): RunOfTrack[] => {
    if (!video) return []
    const { bitsPerSecond, ...shape } = video
    const info = { ...track.info, ...shape, id: RENDITION_TRACKS.video } as IndexedTrack['info']
    const plannedBps = plannedPeakBps(bitsPerSecond)
    const segments = source.segments.slice(-member.index.options.windowSegments)
    return [{ ...source, segments, member: { ...member, prefix }, track: { ...track, info }, plannedBps }]
  })
}

/**
 * Players switch inside a set: videos of one codec are one set. Every audio track is a set of its own: segments of sound that
 * different encoders have made need not begin at the same samples.
 */
function adaptationSets(parts: readonly RunOfTrack[]): MpdAdaptationSet[] {
  const sets = new Map<string, RunOfTrack[]>()
  for (const part of parts) {
    const { kind, id, codecString } = part.track.info
    const key = kind === 'video' ? `video ${codecString.split('.')[0]}` : `audio ${part.member.prefix}${id}`
    sets.set(key, [...(sets.get(key) ?? []), part])
  }
  const kinds = new Set<string>()
  return [...sets.values()].flatMap((members) => {
    const [first] = members
    if (!first) return []
    const isMain = !kinds.has(first.track.info.kind)
    kinds.add(first.track.info.kind)
    return [switchingSet(first, members, isMain)]
  })
}

function switchingSet(first: RunOfTrack, members: readonly RunOfTrack[], isMain: boolean): MpdAdaptationSet {
  const { info } = first.track
  const { run } = first
  const isIndependent = members.every(({ segments }) => segments.every((segment) => segment.isIndependent))
  const facts = {
    trackId: info.id,
    of: first.member.prefix,
    isMain,
    ...(isIndependent ? { startWithSap: 1 as const } : {}),
    producerReferenceTime: {
      wallClockTimeMs: run.epochMs,
      presentationTimeTicks: Math.round((run.startMs * info.clockRateHz) / 1000),
    },
  } as const
  return adaptationSet(facts, info, members.map(representationOf))
}

/** Of the stream's own video. */
function trickSets(parts: readonly RunOfTrack[]): MpdAdaptationSet[] {
  const part = parts.find(({ member, track }) => member.prefix === '' && track.info.kind === 'video')
  const keyed = part?.segments.filter(({ place }) => place !== 'gap')
  if (!part || !keyed?.every(({ isIndependent, keyframes }) => isIndependent && keyframes.length > 0)) return []
  const { id, clockRateHz } = part.track.info
  const main = representationOf(part)
  const { segments } = main.template
  const template = {
    ...main.template,
    media: keyUri(part.member.index.life, id, '$Number$'),
    segments: segments.kind === 'nominal' ? withoutChunks(segments) : segments,
  }
  return [trickSet({ trackId: id, clockRateHz, main }, keyed, template)]
}

/** The server waits until the segment has ended. */
function withoutChunks({ kind, durationTicks, availabilityTimeOffsetMs }: MpdNominal): MpdNominal {
  return { kind, durationTicks, ...(availabilityTimeOffsetMs === undefined ? {} : { availabilityTimeOffsetMs }) }
}

function representationOf(part: RunOfTrack): MpdRepresentation {
  const { info } = part.track
  return representation(info, {
    id: `${part.member.prefix.replace(/[^A-Za-z0-9]/g, '-')}t${info.id}`,
    bandwidthBps: part.plannedBps ?? measureBitRates(part.track).peakBps,
    template: segmentTemplate(part),
  })
}

/** A segment can be had as soon as its first part is there. Players take the least of all sets for what is possible. */
function availabilityOffset(
  { options, isLowLatency, ended }: CmafIndex,
  template: DashTemplate,
): { readonly availabilityTimeOffsetMs?: number } {
  const isLow = template === 'number' && isLowLatency && !ended
  return isLow ? { availabilityTimeOffsetMs: options.segmentMs - options.partTargetMs } : {}
}

function segmentTemplate(part: RunOfTrack): MpdSegmentTemplate {
  const { member, track, segments, zeroMs, template, plannedBps, leading = [] } = part
  const { index, prefix } = member
  const { clockRateHz, id } = track.info
  const ticks = (ms: number) => Math.round((ms * clockRateHz) / 1000)
  const [first] = segments
  const isPlanned = plannedBps !== undefined
  const life = isPlanned ? NEXT_LIFE : index.life
  const common = {
    timescaleHz: clockRateHz,
    initialization: prefix + initUri(life, id, isPlanned ? 0 : (first?.initId ?? 0)),
    // Its numbers are those of its source on the grid only.
    media:
      prefix +
      ((isPlanned || leading.length > 0) && template === 'timeline'
        ? timedUri(life, id, clockRateHz)
        : segmentUri(life, id, '$Number$')),
    presentationTimeOffsetTicks: ticks(zeroMs),
  }
  const firstNumber = first?.sequence ?? 1
  if (template === 'timeline') {
    const entries = [...leading, ...segments]
    return { ...common, startNumber: firstNumber - leading.length, segments: { kind: 'timeline', entries } }
  }
  const { segmentMs, partTargetMs } = index.options
  const firstMs = ((first?.startTicks ?? 0) * 1000) / clockRateHz
  const offset = availabilityOffset(index, template)
  const low = offset.availabilityTimeOffsetMs !== undefined
  return {
    ...common,
    startNumber: firstNumber - Math.round((firstMs - zeroMs) / segmentMs),
    segments: {
      kind: 'nominal',
      durationTicks: ticks(segmentMs),
      ...(low ? { ...offset, isChunked: true, resyncTicks: ticks(partTargetMs) } : {}),
    },
  }
}
