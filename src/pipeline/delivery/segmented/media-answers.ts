import { writeEmptyFragment } from '../../../media/formats/mp4/index.ts'
import { AccessDeniedError, UnavailableError } from '../../../platform/errors.ts'
import type { IndexedSegment } from '../../packaging/index.ts'
import type { ReadyAnswer, SegmentedAnswer } from './answers.ts'
import { findMedia, nowNamed } from './find-media.ts'
import { GrowingSegment } from './growing-segment.ts'
import { keySegment } from './key-segment.ts'
import { hasSegments } from './list-age.ts'
import {
  type MediaResource,
  mediaUri,
  NEXT_LIFE,
  recordedFile,
  recordedKeyFile,
  type TrackMedia,
} from './segment-address.ts'
import type { SegmentedView } from './segmented-view.ts'
import { doesNotCome, mediaWait, namingWait } from './waits.ts'

/** A first segment needs a keyframe, a target duration and the next keyframe. */
export const FIRST_SEGMENT_MS = 30_000

export type MediaRequest = {
  /**
   * Of another stream: it is listed with times of its source from before it began, and an address of an earlier life leads
   * to the same of this one.
   */
  readonly isOfLadder: boolean
  /** Of the stream, for errors. */
  readonly name: string
  readonly signal: AbortSignal
  /** How long to wait for what is about to be. */
  readonly blockedMs: number
}

/** What is there whole. */
export function readyMedia(view: SegmentedView, resource: TrackMedia): ReadyAnswer | undefined {
  const found = isNamed(resource) ? findMedia(view.index, resource) : undefined
  if (found?.state === 'init') return { kind: 'init', bytes: found.bytes }
  const held = found?.state === 'whole' ? view.hold(found.parts) : undefined
  return held && { kind: 'media', held }
}

/** Rejects as SegmentedService.answer. */
export async function mediaAnswer(
  view: SegmentedView,
  resource: TrackMedia,
  request: MediaRequest,
): Promise<SegmentedAnswer> {
  const isOfBefore = request.isOfLadder && resource.life !== view.index.life
  if (isOfBefore || !isNamed(resource)) return await movedAnswer(view, resource, request)
  const { name, signal, blockedMs } = request
  const { index } = view
  const wait = mediaWait(view, resource)
  if (wait) await view.wait(wait.key, wait.isOpen, blockedMs, signal)
  const found = findMedia(index, resource)
  if (found.state === 'init') return { kind: 'init', bytes: found.bytes }
  if (found.state === 'awaited') throw doesNotCome()
  if (found.state === 'recorded' && (resource.kind === 'segment' || resource.kind === 'key')) {
    const fileOf = resource.kind === 'key' ? recordedKeyFile : recordedFile
    return { kind: 'recorded', id: found.recordingId, file: fileOf(resource.trackId, resource.sequence) }
  }
  if (found.state === 'growing') return { kind: 'growing', segment: new GrowingSegment(view, resource, blockedMs) }
  if (found.state === 'early' && request.isOfLadder)
    return { kind: 'passing', bytes: nothingYet(view, { ...resource, ...found }) }
  if (found.state === 'gap') return { kind: 'made', bytes: emptySegment(resource, found.segment) }
  const key = found.state === 'key' ? keySegment(view, resource.trackId, found.segment) : undefined
  if (key) return { kind: 'made', bytes: key }
  const held = found.state === 'whole' ? view.hold(found.parts) : undefined
  if (!held) throw isGone(name)
  return { kind: 'media', held }
}

/** To where it is now that the stream is there. */
async function movedAnswer(
  view: SegmentedView,
  resource: TrackMedia,
  { name, isOfLadder, signal, blockedMs }: MediaRequest,
): Promise<SegmentedAnswer> {
  const { index } = view
  const ready = await view.wait('segments', () => hasSegments(index), FIRST_SEGMENT_MS, signal)
  if (!ready) throw new UnavailableError(`rendition ${name}`, 'it has no segments yet')
  const wait = namingWait(view, resource)
  if (wait) await view.wait(wait.key, wait.isOpen, blockedMs, signal)
  const named = nowNamed(index, resource)
  if (named === 'awaited') throw doesNotCome()
  if (named === 'early' && resource.kind === 'timed' && isOfLadder)
    return { kind: 'passing', bytes: nothingYet(view, resource) }
  if (named === 'early' || named === 'never') throw isGone(name)
  return { kind: 'moved', file: mediaUri(named) }
}

function isNamed(resource: TrackMedia): resource is MediaResource {
  return resource.life !== NEXT_LIFE && resource.kind !== 'timed'
}

type EarlyPlace = { readonly trackId: number; readonly startMs: number }

/**
 * A rendition on demand begins with who asks for it, and has nothing of what its source is listed with: its viewer goes
 * on with what it has of another quality.
 */
function nothingYet({ index }: SegmentedView, { trackId, startMs }: EarlyPlace): Uint8Array {
  const clockRateHz = index.tracks.get(trackId)?.info.clockRateHz ?? 1000
  const toTicks = (ms: number) => Math.round((ms * clockRateHz) / 1000)
  const durationTicks = toTicks(index.options.segmentMs)
  return writeEmptyFragment({ trackId, sequence: 0, startTicks: toTicks(startMs), durationTicks })
}

function emptySegment({ trackId }: MediaResource, { sequence, startTicks, durationTicks }: IndexedSegment): Uint8Array {
  return writeEmptyFragment({ trackId, sequence, startTicks, durationTicks })
}

function isGone(name: string): AccessDeniedError {
  return new AccessDeniedError(`that part of "${name}" is not, or no longer, in the live window`, 'not-found')
}
