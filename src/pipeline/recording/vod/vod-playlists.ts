import {
  formatMediaPlaylist,
  formatMultivariantPlaylist,
  type HlsSegment,
  type HlsVariant,
  peakBitRate,
} from '../../../media/formats/hls/index.ts'
import type { RecordingDetail, SegmentFact, TrackFact } from '../../../platform/storage/index.ts'
import { imageVariant, type TileLayout } from '../../packaging/index.ts'
import { listedSegments } from './listed-segments.ts'
import type { RecordedMember } from './recorded-member.ts'
import { codecStringsOf, durationMs } from './recorded-track.ts'
import { startsWithKeyframe, vodKeyVariant } from './vod-keyframes.ts'
import { hasTiles, tiledVideo } from './vod-tiles.ts'

const AUDIO_GROUP = 'audio'

export function segmentsOf(recording: RecordingDetail, trackId: number): SegmentFact[] {
  return recording.segments.filter((segment) => segment.trackId === trackId)
}

export type MultivariantOptions = {
  readonly tiles: TileLayout | undefined
  /** Handed on to the media playlists. */
  readonly query?: string
  readonly members?: readonly RecordedMember[]
}

/** The multivariant playlist of a recording, with what was recorded of its ladder. */
export function vodMultivariantPlaylist(
  recording: RecordingDetail,
  { tiles: layout, query = '', members = [] }: MultivariantOptions,
): string {
  const stored = recording.tracks.filter(({ trackId }) => segmentsOf(recording, trackId).length > 0)
  const video = stored.filter(({ kind }) => kind === 'video')
  const audio = stored.filter(({ kind }) => kind === 'audio')
  const withAudio = video.length > 0 && audio.length > 0
  const loudest = Math.max(0, ...audio.map((track) => bandwidth(recording, track).peakBps))
  const mean = Math.max(0, ...audio.map((track) => bandwidth(recording, track).meanBps))
  const sound = withAudio ? audio.flatMap((each) => codecStringsOf(recording, each)) : []
  const variant = (of: RecordingDetail, track: TrackFact, uri: string): HlsVariant => {
    const { peakBps, meanBps } = bandwidth(of, track)
    const codecs = codecStringsOf(of, track)
    if (!withAudio || track.kind === 'audio')
      return { uri, bandwidthBps: peakBps, averageBandwidthBps: meanBps, codecs, ...videoAttributes(track) }
    return {
      uri,
      bandwidthBps: peakBps + loudest,
      averageBandwidthBps: meanBps + mean,
      codecs: [...new Set([...codecs, ...sound])],
      ...videoAttributes(track),
      audioGroup: AUDIO_GROUP,
    }
  }
  const own = (video.length > 0 ? video : audio).map((track) =>
    variant(recording, track, `t${track.trackId}.m3u8${query}`),
  )
  const others = members.flatMap(({ recordings: [first], listUri }) =>
    listedOf(first).map((track) => variant(first, track, listUri(`t${track.trackId}.m3u8`))),
  )
  const renditions = withAudio
    ? audio.map((track, at) => ({
        groupId: AUDIO_GROUP,
        name: audioName(track, at, audio),
        uri: `t${track.trackId}.m3u8${query}`,
        ...(track.language === undefined ? {} : { language: track.language }),
        ...(track.channelCount === undefined ? {} : { channelCount: track.channelCount }),
        isDefault: at === 0,
        autoselect: true,
      }))
    : []
  const picture = layout && hasTiles(layout, recording) ? tiledVideo(recording) : undefined
  const images = layout && picture ? [imageVariant(layout, picture, query)] : []
  // Of a part of the past there is none.
  const iFrames = query === '' ? video.flatMap((track) => vodKeyVariant(recording, track) ?? []) : []
  const all = [recording, ...members.flatMap(({ recordings }) => recordings)]
  return formatMultivariantPlaylist({
    independentSegments: all.every((each) => each.tracks.every(({ trackId }) => isIndependent(each, trackId))),
    variants: [...own, ...others],
    audio: renditions,
    iFrames,
    images,
  })
}

/** Of a member: its videos, which have the sound of the recording itself; or its sound, where it has nothing else. */
function listedOf(member: RecordingDetail): TrackFact[] {
  const stored = member.tracks.filter(({ trackId }) => segmentsOf(member, trackId).length > 0)
  const video = stored.filter(({ kind }) => kind === 'video')
  return video.length > 0 ? video : stored
}

function videoAttributes({ widthPx, heightPx, frameRate, videoRange }: TrackFact): Partial<HlsVariant> {
  return {
    ...(widthPx && heightPx ? { resolution: { widthPx, heightPx } } : {}),
    ...(frameRate === undefined ? {} : { frameRate }),
    ...(videoRange ? { videoRange } : {}),
  }
}

/** Unique among `all`. RFC 8216bis, 4.4.6.1.1. */
function audioName({ language }: TrackFact, at: number, all: readonly TrackFact[]): string {
  const isAlone = all.filter((each) => each.language === language).length === 1
  return language === undefined || !isAlone ? `${language ?? 'audio'} ${at + 1}` : language
}

/** Of the recorded segments of a track: the peak, and the mean. RFC 8216bis, 4.1. */
export function bandwidth(
  recording: RecordingDetail,
  { trackId }: Pick<TrackFact, 'trackId'>,
): { peakBps: number; meanBps: number } {
  const sized = segmentsOf(recording, trackId)
    .filter(({ durationTicks }) => durationTicks > 0)
    .map((segment) => ({ seconds: durationMs(recording, segment) / 1000, byteLength: segment.byteLength }))
  const bits = sized.reduce((sum, { byteLength }) => sum + byteLength * 8, 0)
  const seconds = sized.reduce((sum, each) => sum + each.seconds, 0)
  const meanBps = seconds === 0 ? 1 : bits / seconds
  return { peakBps: Math.max(1, meanBps, peakBitRate(sized)), meanBps }
}

/** All segments of one track; grows while the recording is open. */
export function vodTrackPlaylist(recording: RecordingDetail, track: TrackFact): string {
  const isEnded = recording.endedMs !== undefined
  return formatMediaPlaylist({
    type: isEnded ? 'vod' : 'event',
    targetDurationSeconds: targetSeconds([recording]),
    mediaSequence: 0,
    independentSegments: isIndependent(recording, track.trackId),
    isEnded,
    segments: trackSegments(recording, track, ''),
  })
}

/**
 * One track over several recordings of a stream, one after the other; `folder` leads to that of all recordings. Starts at
 * the beginning, also while it grows.
 */
export function rangeTrackPlaylist(recordings: readonly RecordingDetail[], trackId: number, folder: string): string {
  const isEnded = recordings.every(({ endedMs }) => endedMs !== undefined)
  const segments = recordings.flatMap((recording) => {
    const track = recording.tracks.find((each) => each.trackId === trackId)
    return track ? [trackSegments(recording, track, `${folder}${recording.id}/`)] : []
  })
  return formatMediaPlaylist({
    type: isEnded ? 'vod' : 'event',
    start: { timeOffsetMs: 0, precise: true },
    targetDurationSeconds: targetSeconds(recordings),
    mediaSequence: 0,
    independentSegments: recordings.every((recording) => isIndependent(recording, trackId)),
    isEnded,
    segments: segments.flatMap((list, at) =>
      list.map((segment, index) => (at > 0 && index === 0 ? { ...segment, discontinuity: true } : segment)),
    ),
  })
}

/** Every segment of the track starts with a keyframe, for all that is known. RFC 8216bis, 4.4.2.1. */
function isIndependent(recording: RecordingDetail, trackId: number): boolean {
  const isVideo = recording.tracks.some((track) => track.trackId === trackId && track.kind === 'video')
  return !isVideo || segmentsOf(recording, trackId).every(startsWithKeyframe)
}

/** As it was while it was live: it does not change while a list grows. RFC 8216bis, 4.4.3.1. */
function targetSeconds(recordings: readonly RecordingDetail[]): number {
  return Math.max(1, ...recordings.map(({ segments }) => segments.at(-1)?.targetSeconds ?? 0))
}

function trackSegments(recording: RecordingDetail, track: TrackFact, folder: string): HlsSegment[] {
  const { trackId } = track
  const segments = listedSegments(recording, recording.segments, trackId)
  return segments.map((segment) => ({
    uri: `${folder}t${trackId}-${segment.sequence}.m4s`,
    durationMs: durationMs(recording, segment),
    discontinuity: segment.discontinuity && segment !== segments[0],
    map: { uri: `${folder}t${trackId}-init${segment.initId}.mp4` },
    programDateTimeMs: segment.epochMs,
    gap: segment.isGap,
  }))
}
