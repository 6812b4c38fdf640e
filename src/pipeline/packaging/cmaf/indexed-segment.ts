import type { CaptionServiceId } from '../../../media/codecs/captions/index.ts'
import type { CmafKeyframe } from '../../../media/formats/mp4/index.ts'
import type { CmafTrackInfo } from './cmaf-record.ts'

/** A CMAF chunk in the log: [from, to) are positions. */
export type IndexedPart = {
  readonly from: number
  readonly to: number
  readonly startTicks: number
  readonly durationTicks: number
  readonly isIndependent: boolean
}

/** Where a first segment starts, and where that would be on the grid of target durations; on the media time line. */
export type RunStart = { readonly startMs: number; readonly gridMs: number }

/** Segments from one discontinuity to the next. */
export type IndexedRun = RunStart & {
  /** Number of its first segment. */
  readonly sequence: number
  /** Wall clock of `startMs`. */
  readonly epochMs: number
  /** End of its last segment; absent while it goes on. */
  readonly endMs?: number
}

/** Immutable: lists may keep what they have made of one. */
export type IndexedSegment = {
  readonly sequence: number
  readonly initId: number
  readonly startTicks: number
  readonly durationTicks: number
  readonly discontinuity: boolean
  /** Starts with a key frame. */
  readonly isIndependent: boolean
  readonly byteLength: number
  readonly epochMs: number
  readonly keyframes: readonly CmafKeyframe[]
  /**
   * Where the bytes are: in the log; in the recording, having left the log; or nowhere, as the track had nothing to say.
   */
  readonly place: 'log' | 'recording' | 'gap'
  /** All its chunks, while they are in the log. */
  readonly parts: readonly IndexedPart[]
  /** Its chunks keep to the tolerances of partial segments. */
  readonly isRegular: boolean
}

/** The segment that is being written. */
export type OpenSegment = {
  readonly sequence: number
  readonly initId: number
  readonly startTicks: number
  readonly discontinuity: boolean
  readonly epochMs: number
  readonly parts: readonly IndexedPart[]
  /** So many chunks, from the first, can be offered as partial segments. */
  readonly regularCount: number
}

/** An initialization segment, and the track that it describes. */
export type IndexedInit = { readonly bytes: Uint8Array; readonly info: CmafTrackInfo }

export type IndexedTrack = {
  /** As it is now: segments before a change are described by their `inits`, see `infoOf`. */
  info: CmafTrackInfo
  readonly inits: Map<number, IndexedInit>
  /** Oldest first. Longer than the playlist: the last ones to slide out can still be fetched. */
  readonly segments: IndexedSegment[]
  /** Discontinuities in front of `segments`. */
  discontinuitySequence: number
  /** Key frames of the segments in front of `segments`. */
  keyframeSequence: number
  /** Segments that start without a key frame. */
  dependentCount: number
  open: OpenSegment | undefined
  /** Closed captions that were seen in it. */
  captions: readonly CaptionServiceId[]
  /** Goes up with every change of this track's lists. */
  version: number
}

type Described = { readonly initId: number }
type Timed = Described & { readonly startTicks: number; readonly durationTicks: number }

/** What a track was when it made a segment. */
export function infoOf({ inits, info }: IndexedTrack, { initId }: Described): CmafTrackInfo {
  return inits.get(initId)?.info ?? info
}
/** Milliseconds of ticks of a segment: its clock is another where the sample rate has changed since. */
export function msOf(track: IndexedTrack, segment: Described, ticks: number): number {
  return (ticks * 1000) / infoOf(track, segment).clockRateHz
}
export function startMsOf(track: IndexedTrack, segment: Omit<Timed, 'durationTicks'>): number {
  return msOf(track, segment, segment.startTicks)
}
export function endMsOf(track: IndexedTrack, segment: Timed): number {
  return msOf(track, segment, segment.startTicks + segment.durationTicks)
}
/** RFC 6381, of all that the segments of a track were made with, oldest first. */
export function codecStringsOf({ inits, info }: IndexedTrack): readonly string[] {
  return [...new Set([...[...inits.values()].map((init) => init.info.codecString), info.codecString])]
}

const GRID_EARLY_SHARE = 0.05

/** Start of the cell that a run begins in: one whose keyframe came a little early belongs to the cell behind it. */
export function onGrid(startMs: number, segmentMs: number): number {
  return Math.floor((startMs + segmentMs * GRID_EARLY_SHARE) / segmentMs) * segmentMs
}
