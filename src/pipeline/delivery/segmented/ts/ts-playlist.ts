import {
  formatMediaPlaylist,
  formatMultivariantPlaylist,
  type HlsVariant,
} from '../../../../media/formats/hls/index.ts'
import type { CodecId } from '../../../../media/model/index.ts'
import { type CmafIndex, type IndexedSegment, type IndexedTrack, msOf } from '../../../packaging/index.ts'
import { measureBitRates } from '../bit-rates.ts'
import { type Member, type PlannedMember, plannedPeakBps } from '../ladder.ts'
import { isSilent } from '../list-age.ts'
import { TS_PLAYLIST, tsSegmentUri } from '../segment-address.ts'

/** What MPEG-TS has no carriage for. */
const NOT_CARRIED: ReadonlySet<CodecId> = new Set(['vp8', 'vp9', 'flac', 'pcma', 'pcmu'])
/** Packet headers, PES headers and tables. */
const OVERHEAD = 1.1

/** The first video and the first audio track that MPEG-TS can carry. */
export function tsTracks(index: CmafIndex): readonly IndexedTrack[] {
  const carried = [...index.tracks.values()].filter(
    (track) => !NOT_CARRIED.has(track.info.codec) && !isSilent(index, track),
  )
  return (['video', 'audio'] as const).flatMap((kind) => carried.find(({ info }) => info.kind === kind) ?? [])
}

/**
 * The newest segments that all tracks have, each with all of them in it. As long as the log keeps them: rewind is for
 * the lists of CMAF segments.
 */
export function tsPlaylist(index: CmafIndex): string | undefined {
  const [leader, ...others] = tsTracks(index)
  if (!leader) return undefined
  const until = Math.min(...[leader, ...others].map(({ segments }) => segments.at(-1)?.sequence ?? -1))
  const segments = leader.segments.slice(-index.options.windowSegments).filter(({ sequence }) => sequence <= until)
  const [first] = segments
  const before = leader.segments.slice(0, first ? leader.segments.indexOf(first) : leader.segments.length)
  return formatMediaPlaylist({
    type: 'live',
    targetDurationSeconds: index.targetSeconds,
    mediaSequence: first?.sequence ?? 0,
    discontinuitySequence: leader.discontinuitySequence + before.filter(({ discontinuity }) => discontinuity).length,
    independentSegments: segments.every(({ isIndependent }) => isIndependent),
    isEnded: index.ended,
    segments: segments.map((segment) => entry(index, leader, segment)),
  })
}

function entry(index: CmafIndex, track: IndexedTrack, segment: IndexedSegment) {
  return {
    uri: tsSegmentUri(index.life, segment.sequence),
    durationMs: msOf(track, segment, segment.durationTicks),
    discontinuity: segment.discontinuity,
    programDateTimeMs: segment.epochMs + index.shift.epochMs,
    gap: segment.place !== 'log',
  }
}

/** The same ladder as in the other lists, every quality with its own sound. */
export function tsMultivariantPlaylist(members: readonly Member[], planned: readonly PlannedMember[]): string {
  const variants = [
    ...members.flatMap(runningVariant),
    ...planned.flatMap(({ prefix, rung: { video, audio, bitsPerSecond } }): HlsVariant[] => {
      const carried = [video, audio].flatMap((each) => (each && !NOT_CARRIED.has(each.codec) ? [each] : []))
      if (carried.length === 0) return []
      const bandwidthBps = plannedPeakBps(bitsPerSecond) * OVERHEAD
      return [variant(prefix, bandwidthBps, { codecs: carried.map(({ codecString }) => codecString), ...video })]
    }),
  ]
  return formatMultivariantPlaylist({ independentSegments: false, variants, audio: [] })
}

function runningVariant({ prefix, index }: Member): HlsVariant[] {
  const tracks = tsTracks(index)
  if (tracks.length === 0) return []
  const peakBps = tracks.reduce((sum, track) => sum + measureBitRates(track).peakBps, 0)
  const [{ info } = { info: undefined }] = tracks
  const shape = info?.kind === 'video' ? info : {}
  return [
    variant(prefix, peakBps * OVERHEAD, { ...shape, codecs: tracks.map(({ info: { codecString } }) => codecString) }),
  ]
}

type Shape = {
  readonly codecs: readonly string[]
  readonly widthPx?: number
  readonly heightPx?: number
  readonly frameRate?: number
}

function variant(prefix: string, bandwidthBps: number, { codecs, widthPx, heightPx, frameRate }: Shape): HlsVariant {
  return {
    uri: prefix + TS_PLAYLIST,
    bandwidthBps: Math.ceil(bandwidthBps),
    codecs,
    ...(widthPx && heightPx ? { resolution: { widthPx, heightPx } } : {}),
    ...(frameRate === undefined ? {} : { frameRate }),
  }
}
