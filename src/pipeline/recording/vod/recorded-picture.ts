import { Fmp4Demuxer } from '../../../media/formats/mp4/index.ts'
import type { Frame, Track, VideoTrack } from '../../../media/model/index.ts'
import { AccessDeniedError } from '../../../platform/errors.ts'
import type { BlobStore, RecordingDetail, SegmentFact } from '../../../platform/storage/index.ts'
import { msOf, startMs } from './recorded-track.ts'

/** The coded pictures that the one at some time of a recording needs. */
export type RecordedPicture = {
  /** Another for every picture of every recording. */
  readonly key: string
  readonly track: VideoTrack
  /** In decoding order, from a keyframe on; the data are the caller's. */
  readonly units: readonly { readonly ptsTicks: number; readonly data: Uint8Array }[]
  readonly atTicks: number
}

/** Seconds from the start of the recording. */
export type RecordedTime = { readonly seconds: number } | { readonly epochMs: number }

/** Rejects with AccessDeniedError (`not-found`) where the recording has no picture at that time. */
export async function recordedPicture(
  detail: RecordingDetail,
  store: BlobStore,
  time: RecordedTime,
): Promise<RecordedPicture> {
  const fact = detail.tracks.find(({ kind }) => kind === 'video')
  if (!fact) throw new AccessDeniedError('this recording has no video', 'not-found')
  const segments = detail.segments.filter(({ trackId }) => trackId === fact.trackId)
  const place = find(detail, segments, time)
  const init = detail.inits.find(({ trackId, initId }) => trackId === fact.trackId && initId === place?.segment.initId)
  if (!place || !init) throw new AccessDeniedError('the recording holds nothing at that time', 'not-found')
  const { track, frames } = await readSegment(store, init.key, place.segment.key)
  if (track?.kind !== 'video') throw new AccessDeniedError('this recording has no video', 'not-found')
  const startTicks = Math.min(...frames.map(({ ptsTicks }) => ptsTicks))
  const atTicks = startTicks + place.offsetTicks
  const units = needed(frames, atTicks)
  const shown = Math.max(...units.map(({ ptsTicks }) => ptsTicks).filter((ticks) => ticks <= atTicks), startTicks)
  return { key: `${detail.id} ${place.segment.key} ${shown}`, track, units, atTicks }
}

type Place = { readonly segment: SegmentFact; readonly offsetTicks: number }

function find(detail: RecordingDetail, segments: readonly SegmentFact[], time: RecordedTime): Place | undefined {
  const [first] = segments
  if (!first) return undefined
  for (const segment of segments) {
    const passedMs =
      'epochMs' in time
        ? time.epochMs - segment.epochMs
        : time.seconds * 1000 - (startMs(detail, segment) - startMs(detail, first))
    const offsetTicks = Math.round(passedMs / msOf(detail, segment, 1))
    if (offsetTicks >= 0 && offsetTicks < segment.durationTicks) return { segment, offsetTicks }
  }
  return undefined
}

async function readSegment(
  store: BlobStore,
  initKey: string,
  key: string,
): Promise<{ readonly track: Track | undefined; readonly frames: readonly Frame[] }> {
  let track: Track | undefined
  const frames: Frame[] = []
  const demuxer = new Fmp4Demuxer({
    onTrack: (found) => {
      track = found
    },
    onFrame: (frame) => frames.push({ ...frame, data: frame.data.slice() }),
  })
  for (const part of [initKey, key]) demuxer.push(await store.read(part, 0, await store.size(part)))
  return { track, frames }
}

/** From the last keyframe that is shown by then, up to the last frame that is. */
function needed(frames: readonly Frame[], atTicks: number): Frame[] {
  const isShown = ({ ptsTicks }: Frame) => ptsTicks <= atTicks
  const key = frames.findLastIndex((frame) => frame.isKey && isShown(frame))
  const last = frames.findLastIndex(isShown)
  return frames.slice(Math.max(0, key), Math.max(0, key, last) + 1)
}
