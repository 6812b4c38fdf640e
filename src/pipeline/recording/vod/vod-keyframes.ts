import { formatMediaPlaylist, type HlsIFrameVariant } from '../../../media/formats/hls/index.ts'
import { keyFragmentBytes, writeKeyFragment } from '../../../media/formats/mp4/index.ts'
import type { BlobStore, RecordingDetail, SegmentFact, TrackFact } from '../../../platform/storage/index.ts'
import { codecStringsOf, durationMs, msOf } from './recorded-track.ts'

/** What was repaired has lost them. */
export function startsWithKeyframe({ keyframes, startTicks }: SegmentFact): boolean {
  return keyframes[0]?.ticks === startTicks
}

function keyedSegments(recording: RecordingDetail, { trackId }: TrackFact): SegmentFact[] {
  return recording.segments.filter((segment) => segment.trackId === trackId && startsWithKeyframe(segment))
}

export function keyPlaylistUri({ trackId }: Pick<TrackFact, 'trackId'>): string {
  return `t${trackId}-iframes.m3u8`
}

/** The keyframes that segments start with, each a segment of its own. RFC 8216bis, 4.4.3.6. */
export function vodKeyPlaylist(recording: RecordingDetail, track: TrackFact): string | undefined {
  const shown = shownKeyframes(recording, track)
  if (track.kind !== 'video' || shown.length === 0) return undefined
  const isEnded = recording.endedMs !== undefined
  const { trackId } = track
  return formatMediaPlaylist({
    type: isEnded ? 'vod' : 'event',
    iFramesOnly: true,
    mediaSequence: 0,
    independentSegments: true,
    isEnded,
    segments: shown.map(({ segment, untilTicks }, at) => ({
      uri: `t${trackId}-key${segment.sequence}.m4s`,
      durationMs: msOf(recording, segment, untilTicks - segment.startTicks),
      discontinuity: segment.discontinuity && at > 0,
      map: { uri: `t${trackId}-init${segment.initId}.mp4` },
      programDateTimeMs: segment.epochMs,
    })),
  })
}

type ShownKeyframe = { readonly segment: SegmentFact; untilTicks: number }

/** A keyframe is shown until the next: over segments that start with none too. */
function shownKeyframes({ segments }: RecordingDetail, track: TrackFact): readonly ShownKeyframe[] {
  const shown: ShownKeyframe[] = []
  for (const segment of segments) {
    if (segment.trackId !== track.trackId) continue
    const untilTicks = segment.startTicks + segment.durationTicks
    const last = shown.at(-1)
    if (startsWithKeyframe(segment)) shown.push({ segment, untilTicks })
    else if (last && !segment.discontinuity) last.untilTicks = untilTicks
  }
  return shown
}

/** RFC 8216bis, 4.4.6.3. */
export function vodKeyVariant(recording: RecordingDetail, track: TrackFact): HlsIFrameVariant | undefined {
  const rates = keyedSegments(recording, track).flatMap((segment) => {
    const bytes = keyFragmentBytes(segment.keyframes[0]?.sizeBytes ?? 0)
    return segment.durationTicks > 0 ? [(bytes * 8 * 1000) / durationMs(recording, segment)] : []
  })
  if (track.kind !== 'video' || rates.length === 0) return undefined
  const { widthPx, heightPx, videoRange } = track
  return {
    uri: keyPlaylistUri(track),
    bandwidthBps: Math.max(...rates),
    codecs: codecStringsOf(recording, track),
    ...(widthPx && heightPx ? { resolution: { widthPx, heightPx } } : {}),
    ...(videoRange ? { videoRange } : {}),
  }
}

const KEY_FILE = /^t(\d{1,5})-key(\d{1,12})\.m4s$/

/** The segment whose keyframe a file below `/vod/ID/` is. */
export function keyedSegment(recording: RecordingDetail, file: string): SegmentFact | undefined {
  const [, track, sequence] = KEY_FILE.exec(file) ?? []
  const found = recording.segments.find((each) => each.trackId === Number(track) && each.sequence === Number(sequence))
  return found && startsWithKeyframe(found) ? found : undefined
}

export async function readKeySegment(store: BlobStore, segment: SegmentFact): Promise<Uint8Array> {
  const { key, keyframes, trackId, sequence, startTicks, durationTicks } = segment
  const { offsetBytes = 0, sizeBytes = 0 } = keyframes[0] ?? {}
  const data = await store.read(key, offsetBytes, offsetBytes + sizeBytes)
  return Buffer.concat(writeKeyFragment({ trackId, sequence, startTicks, durationTicks }, data))
}
