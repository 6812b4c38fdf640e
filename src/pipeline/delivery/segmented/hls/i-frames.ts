import { formatMediaPlaylist, type HlsIFrameVariant, type HlsSegment } from '../../../../media/formats/hls/index.ts'
import {
  type CmafIndex,
  codecStringsOf,
  type IndexedSegment,
  type IndexedTrack,
  msOf,
} from '../../../packaging/index.ts'
import type { LadderTrack } from '../ladder.ts'
import { iFramePlaylistUri, initUri, segmentUri } from '../segment-address.ts'

/**
 * The key frames of one video track, as byte ranges of its segments: the movie fragment with as much of its data as the
 * key frame needs. RFC 8216bis, 4.4.3.6.
 */
export function iFramePlaylist(index: CmafIndex, track: IndexedTrack): string {
  const from = index.ended ? 0 : Math.max(0, track.segments.length - index.windowSegments)
  const hidden = track.segments.slice(0, from)
  const slidOut = hidden.filter(({ discontinuity }) => discontinuity).length
  return formatMediaPlaylist({
    type: 'live',
    iFramesOnly: true,
    targetDurationSeconds: index.targetSeconds,
    mediaSequence: track.keyframeSequence + hidden.reduce((sum, { keyframes }) => sum + keyframes.length, 0),
    discontinuitySequence: track.discontinuitySequence + slidOut,
    independentSegments: true,
    isEnded: index.ended,
    segments: track.segments.slice(from).flatMap((segment) => iFrames(index, track, segment)),
  })
}

/** Each lasts until the next, the last of a segment until its end. */
function iFrames(index: CmafIndex, track: IndexedTrack, segment: IndexedSegment): HlsSegment[] {
  const { info } = track
  const { keyframes, sequence, startTicks, durationTicks, initId, epochMs, discontinuity } = segment
  const toMs = (ticks: number) => msOf(track, segment, ticks)
  return keyframes.map(({ ticks, chunkOffsetBytes, offsetBytes, sizeBytes }, at) => ({
    uri: segmentUri(index.life, info.id, sequence),
    durationMs: Math.max(0, toMs((keyframes[at + 1]?.ticks ?? startTicks + durationTicks) - ticks)),
    byteRange: { offsetBytes: chunkOffsetBytes, lengthBytes: offsetBytes + sizeBytes - chunkOffsetBytes },
    discontinuity: discontinuity && at === 0,
    map: { uri: initUri(index.life, info.id, initId) },
    programDateTimeMs: epochMs + index.shift.epochMs + Math.round(toMs(ticks - startTicks)),
  }))
}

/** Undefined for a track without key frames in its window. RFC 8216bis, 4.4.6.3. */
export function iFrameVariant({ member, track }: LadderTrack): HlsIFrameVariant | undefined {
  const { info, segments } = track
  const rates = segments.flatMap((segment) => {
    const { keyframes, durationTicks } = segment
    const bytes = keyframes.reduce(
      (sum, { chunkOffsetBytes, offsetBytes, sizeBytes }) => sum + offsetBytes + sizeBytes - chunkOffsetBytes,
      0,
    )
    return bytes > 0 && durationTicks > 0 ? [(bytes * 8 * 1000) / msOf(track, segment, durationTicks)] : []
  })
  if (info.kind !== 'video' || rates.length === 0) return undefined
  const { widthPx, heightPx, videoRange } = info
  return {
    uri: member.prefix + iFramePlaylistUri(info.id),
    bandwidthBps: Math.max(...rates),
    codecs: codecStringsOf(track),
    ...(widthPx > 0 ? { resolution: { widthPx, heightPx } } : {}),
    ...(videoRange ? { videoRange } : {}),
  }
}
