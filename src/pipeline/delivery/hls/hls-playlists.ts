import { formatMediaPlaylist, formatMultivariantPlaylist, type HlsSegment } from '../../../media/formats/hls/index.ts'
import type { CmafIndex, CmafTrackInfo, IndexedSegment, IndexedTrack } from '../../packaging/index.ts'

/** Addresses beside `index.m3u8`. The life of the output keeps caches of an earlier life apart. */
export function trackPlaylistUri(trackId: number): string {
  return `t${trackId}.m3u8`
}
export function initUri(life: string, trackId: number, initId: number): string {
  return `t${trackId}-${life}-init${initId}.m4s`
}
export function segmentUri(life: string, trackId: number, sequence: number): string {
  return `t${trackId}-${life}-${sequence}.m4s`
}

export type HlsResource =
  | { readonly kind: 'multivariant' }
  | { readonly kind: 'playlist'; readonly trackId: number }
  | { readonly kind: 'init'; readonly trackId: number; readonly life: string; readonly initId: number }
  | { readonly kind: 'segment'; readonly trackId: number; readonly life: string; readonly sequence: number }

/** What a file name beside `index.m3u8` asks for; undefined where it is none of ours. */
export function parseHlsResource(file: string): HlsResource | undefined {
  if (file === 'index.m3u8') return { kind: 'multivariant' }
  const match = /^t(\d{1,5})(?:\.m3u8|-([0-9a-z]{1,12})-(init)?(\d{1,12})\.m4s)$/.exec(file)
  if (!match) return undefined
  const [, track, life, init, number] = match
  const trackId = Number(track)
  if (life === undefined) return { kind: 'playlist', trackId }
  if (init) return { kind: 'init', trackId, life, initId: Number(number) }
  return { kind: 'segment', trackId, life, sequence: Number(number) }
}

const AUDIO_GROUP = 'audio'

type Video = Extract<CmafTrackInfo, { kind: 'video' }>
type Audio = Extract<CmafTrackInfo, { kind: 'audio' }>

/** True once every track has something to play. */
export function hasSegments(index: CmafIndex): boolean {
  if (index.tracks.size === 0) return false
  for (const track of index.tracks.values()) if (track.segments.length === 0) return false
  return true
}

export function multivariantPlaylist(index: CmafIndex): string {
  const tracks = [...index.tracks.values()]
  const video = tracks.filter((track) => track.info.kind === 'video')
  const audio = tracks.filter((track) => track.info.kind === 'audio')
  const loudest = audio.map(measure).sort((a, b) => b.peakBps - a.peakBps)[0]
  const withAudio = video.length > 0 && audio.length > 0
  const variants = (video.length > 0 ? video : audio).map((track) => {
    const own = measure(track)
    const info = track.info
    const codecs = withAudio ? [info.codecString, ...audio.map((each) => each.info.codecString)] : [info.codecString]
    return {
      uri: trackPlaylistUri(info.id),
      bandwidthBps: own.peakBps + (withAudio ? (loudest?.peakBps ?? 0) : 0),
      averageBandwidthBps: own.meanBps + (withAudio ? (loudest?.meanBps ?? 0) : 0),
      codecs: [...new Set(codecs)],
      ...(info.kind === 'video' ? videoAttributes(info) : {}),
      ...(withAudio ? { audioGroup: AUDIO_GROUP } : {}),
    }
  })
  const renditions = withAudio ? audio.map((track, at) => audioRendition(track.info as Audio, at)) : []
  return formatMultivariantPlaylist({ independentSegments: true, variants, audio: renditions })
}

function videoAttributes(info: Video) {
  const { widthPx, heightPx, frameRate } = info
  return {
    ...(widthPx > 0 ? { resolution: { widthPx, heightPx } } : {}),
    ...(frameRate === undefined ? {} : { frameRate }),
  }
}
function audioRendition(info: Audio, at: number) {
  return {
    groupId: AUDIO_GROUP,
    name: info.language ?? `audio ${at + 1}`,
    uri: trackPlaylistUri(info.id),
    ...(info.language === undefined ? {} : { language: info.language }),
    channelCount: info.channelCount,
    isDefault: at === 0,
    autoselect: true,
  }
}

/** Bit rates of the window as RFC 8216bis, 4.4.6.2 wants them: the peak of a segment, and the mean. */
function measure(track: IndexedTrack): { peakBps: number; meanBps: number } {
  const hz = track.info.clockRateHz
  let peakBps = 0
  let bits = 0
  let seconds = 0
  for (const segment of track.segments) {
    const segmentSeconds = segment.durationTicks / hz
    if (segmentSeconds <= 0) continue
    peakBps = Math.max(peakBps, (segment.byteLength * 8) / segmentSeconds)
    bits += segment.byteLength * 8
    seconds += segmentSeconds
  }
  return { peakBps: Math.max(1, Math.ceil(peakBps)), meanBps: Math.max(1, Math.round(bits / Math.max(seconds, 0.001))) }
}

export function trackPlaylist(index: CmafIndex, track: IndexedTrack, targetSeconds: number): string {
  const listed = index.listed(track)
  const hidden = track.segments.slice(0, track.segments.length - listed.length)
  const slidOut = hidden.filter((segment) => segment.discontinuity).length
  return formatMediaPlaylist({
    type: 'live',
    targetDurationSeconds: targetSeconds,
    mediaSequence: listed[0]?.sequence ?? 0,
    discontinuitySequence: track.discontinuitySequence + slidOut,
    independentSegments: true,
    isEnded: index.ended,
    segments: listed.map((segment) => playlistSegment(index, track, segment)),
  })
}
function playlistSegment(index: CmafIndex, track: IndexedTrack, segment: IndexedSegment): HlsSegment {
  const { id, clockRateHz } = track.info
  return {
    uri: segmentUri(index.life, id, segment.sequence),
    durationMs: (segment.durationTicks * 1000) / clockRateHz,
    discontinuity: segment.discontinuity,
    map: { uri: initUri(index.life, id, segment.initId) },
    programDateTimeMs: segment.epochMs,
  }
}
