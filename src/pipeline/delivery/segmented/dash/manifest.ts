import {
  formatMpd,
  type Mpd,
  type MpdAdaptationSet,
  type MpdPeriod,
  type MpdRepresentation,
  type MpdSegmentTemplate,
} from '../../../../media/formats/dash/index.ts'
import type { CmafIndex, IndexedRun, IndexedSegment, IndexedTrack } from '../../../packaging/index.ts'
import { measureBitRates } from '../bit-rates.ts'
import { initUri, segmentUri } from '../segment-address.ts'

/** How segments are told: each with its times, or by number and nominal length, which allows for low latency. */
export type DashTemplate = 'timeline' | 'number'

/** Asked for beside the manifest, answers with the server's time. */
export const UTC_QUERY = 'utc'
/** ISO/IEC 23009-1, 5.8.4.11: the body is an xs:dateTime. */
const UTC_SCHEME = 'urn:mpeg:dash:utc:http-xsdate:2014'
/** Parts between the live edge and where players should be. */
const LATENCY_PARTS = 3
const PLAYBACK_RATE = { min: 0.96, max: 1.04 }
/** Target durations behind the live edge without low latency: as HOLD-BACK of HLS. */
const DELAY_TARGETS = 3

/** The MPD of a stream, or undefined while there is nothing to list. */
export function manifest(index: CmafIndex, asked: DashTemplate): string | undefined {
  if (index.runs.length === 0) return undefined
  const template = asked === 'number' && isOnGrid(index) ? 'number' : 'timeline'
  const startMs = index.zeroEpochMs
  const periods = periodsOf(index, { template, startMs })
  const common = {
    periods,
    minBufferTimeMs:
      template === 'number' && index.isLowLatency ? index.options.partTargetMs : index.targetSeconds * 1000,
    maxSegmentDurationMs: index.targetSeconds * 1000,
  }
  if (index.ended) return formatMpd({ ...common, type: 'static', mediaPresentationDurationMs: endMs(index) - startMs })
  return formatMpd({ ...common, ...liveAttributes(index, template, startMs) })
}

function liveAttributes(index: CmafIndex, template: DashTemplate, startMs: number) {
  const { targetSeconds, options } = index
  const isLowLatency = template === 'number' && index.isLowLatency
  const latencyMs = isLowLatency ? LATENCY_PARTS * options.partTargetMs : DELAY_TARGETS * targetSeconds * 1000
  const service = {
    latency: { targetMs: latencyMs, minMs: Math.round(latencyMs / 2), maxMs: 4 * latencyMs },
    playbackRate: PLAYBACK_RATE,
  }
  return {
    type: 'dynamic',
    availabilityStartTimeMs: startMs,
    publishTimeMs: endMs(index),
    minimumUpdatePeriodMs: Math.max(500, (targetSeconds * 1000) / 2),
    timeShiftBufferDepthMs: options.windowSegments * targetSeconds * 1000,
    suggestedPresentationDelayMs: latencyMs,
    utcTiming: { schemeIdUri: UTC_SCHEME, value: `manifest.mpd?${UTC_QUERY}` },
    ...(isLowLatency ? { serviceDescription: service } : {}),
  } satisfies Partial<Mpd>
}

/** Wall clock of the end of the newest segment. */
function endMs({ tracks }: CmafIndex): number {
  const ends = [...tracks.values()].flatMap(({ info, segments }) => {
    const last = segments.at(-1)
    return last ? [last.epochMs + (last.durationTicks * 1000) / info.clockRateHz] : []
  })
  return Math.max(0, ...ends)
}

/**
 * Whether segments lie where their numbers say, within half of their nominal length: players compute times from
 * numbers. ISO/IEC 23009-1, 7.2.1.
 */
function isOnGrid(index: CmafIndex): boolean {
  const { segmentMs } = index.options
  return [...index.tracks.values()].every(({ info, segments }) =>
    segments.every((segment) => {
      const run = runOf(index.runs, segment)
      const nominalMs = run.gridMs + (segment.sequence - run.sequence) * segmentMs
      return Math.abs((segment.startTicks * 1000) / info.clockRateHz - nominalMs) <= segmentMs / 2
    }),
  )
}

function runOf(runs: readonly IndexedRun[], { sequence }: IndexedSegment): IndexedRun {
  return runs.findLast((run) => run.sequence <= sequence) ?? (runs[0] as IndexedRun)
}

type Manner = { readonly template: DashTemplate /** Wall clock of time 0. */; readonly startMs: number }

/** Every discontinuity starts a period. */
function periodsOf(index: CmafIndex, manner: Manner): MpdPeriod[] {
  return index.runs.flatMap((run, at) => {
    const until = index.runs[at + 1]?.sequence ?? Number.POSITIVE_INFINITY
    const adaptationSets = [...index.tracks.values()].flatMap((track) => {
      const segments = index.listed(track).filter(({ sequence }) => sequence >= run.sequence && sequence < until)
      // Gaps stay among the others: numbers count on.
      return segments.every(({ parts }) => parts.length === 0)
        ? []
        : [adaptationSet(index, { track, segments, run, manner })]
    })
    if (adaptationSets.length === 0) return []
    return [
      { id: `p${run.sequence}`, startMs: run.epochMs - manner.startMs - (run.startMs - run.gridMs), adaptationSets },
    ]
  })
}

type RunOfTrack = {
  readonly track: IndexedTrack
  readonly segments: readonly IndexedSegment[]
  readonly run: IndexedRun
  readonly manner: Manner
}

function adaptationSet(index: CmafIndex, part: RunOfTrack): MpdAdaptationSet {
  const { track, segments, run } = part
  const { info } = track
  const isFirst = [...index.tracks.values()].find((each) => each.info.kind === info.kind) === track
  return {
    id: info.id,
    contentType: info.kind,
    isMain: isFirst,
    ...(info.language === undefined ? {} : { lang: info.language }),
    ...(segments.every(({ isIndependent }) => isIndependent) ? { startWithSap: 1 as const } : {}),
    producerReferenceTime: {
      wallClockTimeMs: run.epochMs,
      presentationTimeTicks: Math.round((run.startMs * info.clockRateHz) / 1000),
    },
    representations: [representation(index, part)],
  }
}

function representation(index: CmafIndex, part: RunOfTrack): MpdRepresentation {
  const { info } = part.track
  const kindFacts =
    info.kind === 'video'
      ? {
          ...(info.widthPx > 0 ? { widthPx: info.widthPx, heightPx: info.heightPx } : {}),
          ...(info.frameRate === undefined ? {} : { frameRate: info.frameRate }),
        }
      : { audioSamplingRateHz: info.sampleRateHz, channelCount: info.channelCount }
  return {
    id: `t${info.id}`,
    bandwidthBps: measureBitRates(part.track).peakBps,
    codecs: info.codecString,
    ...kindFacts,
    template: segmentTemplate(index, part),
  }
}

function segmentTemplate(index: CmafIndex, { track, segments, run, manner }: RunOfTrack): MpdSegmentTemplate {
  const { clockRateHz, id } = track.info
  const ticks = (ms: number) => Math.round((ms * clockRateHz) / 1000)
  const common = {
    timescaleHz: clockRateHz,
    initialization: initUri(index.life, id, segments[0]?.initId ?? 0),
    media: segmentUri(index.life, id, '$Number$'),
    presentationTimeOffsetTicks: ticks(run.gridMs),
  }
  if (manner.template === 'timeline') {
    const startNumber = segments[0]?.sequence ?? 1
    return { ...common, startNumber, segments: { kind: 'timeline', entries: segments } }
  }
  const { segmentMs, partTargetMs } = index.options
  const low = index.isLowLatency && !index.ended
  return {
    ...common,
    startNumber: run.sequence,
    segments: {
      kind: 'nominal',
      durationTicks: ticks(segmentMs),
      ...(low ? { availabilityTimeOffsetMs: segmentMs - partTargetMs, resyncTicks: ticks(partTargetMs) } : {}),
    },
  }
}
