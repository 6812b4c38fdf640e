import {
  type AudioCodecId,
  type AudioTrack,
  fitPicture,
  type PictureShape,
  type VideoCodecId,
  type VideoTrack,
} from '../../../media/model/index.ts'
import {
  CONVERSIONS,
  type Config,
  type Profile,
  resolveProfile,
  resolveStreamSettings,
} from '../../../platform/config/index.ts'
import { expectedAudioCodec, expectedVideoCodec } from './expected-codec.ts'

/** What a rung of a stream's ladder will be like, whether it runs or not. */
export type PlannedRung = {
  /** Name of the profile. */
  readonly rung: string
  /** Name of the stream that it is: `live/demo/720p`. */
  readonly name: string
  readonly video?: PictureShape & {
    readonly codec: VideoCodecId
    readonly codecString: string
    readonly frameRate?: number
    readonly bitsPerSecond: number
  }
  readonly audio?: {
    readonly codec: AudioCodecId
    readonly codecString: string
    readonly channelCount: number
    readonly bitsPerSecond: number
  }
  /** Mean of video and audio. */
  readonly bitsPerSecond: number
}

/** Ids of the tracks of every rendition. */
export const RENDITION_TRACKS = { video: 1, audio: 2 } as const

type Settings = Pick<Config, 'streams' | 'profiles'>
/** Tracks as a playlist knows them. */
type KnownTrack = Omit<VideoTrack, 'config'> | Omit<AudioTrack, 'config'>

/** Audio that is encoded without a bit rate of its own. */
export const DEFAULT_AUDIO_BPS = 128_000
const UNKNOWN_FRAME_RATE = 30

export function renditionName(source: string, rung: string): string {
  return `${source}/${rung}`
}

/** The live stream and the rung of its ladder that `name` would be a rendition of. */
export function renditionParts(settings: Settings, name: string): { source: string; rung: string } | undefined {
  const { source, rung } = splitName(name)
  return resolveStreamSettings(settings, source).ladder.includes(rung) ? { source, rung } : undefined
}
function splitName(name: string): { source: string; rung: string } {
  const slash = Math.max(0, name.lastIndexOf('/'))
  return { source: name.slice(0, slash), rung: name.slice(slash + 1) }
}

/** Rungs are recorded with their source where they always run: a viewer can go back on any of them. */
export function isRecorded(settings: Settings, name: string, isRendition: boolean): boolean {
  if (!isRendition) return resolveStreamSettings(settings, name).record !== false
  const parts = renditionParts(settings, name)
  if (!parts) return false
  const { record, ladderMode } = resolveStreamSettings(settings, parts.source)
  return record === true && ladderMode === 'always'
}

/** The stream whose renditions or conversions have `name` to themselves while it is live. */
export function reservedFor(settings: Settings, name: string): string | undefined {
  const { source, rung } = splitName(name)
  const isConversion = Object.values(CONVERSIONS).some((conversion) => conversion.name === rung)
  return isConversion || renditionParts(settings, name) ? source : undefined
}

/**
 * The rungs that the configuration gives a stream with these tracks, in the order of its ladder. Of rungs that come
 * out with the same size and codec (a source smaller than their boxes) the last is listed; each can still be taken.
 */
export function plannedRungs(settings: Settings, source: string, tracks: readonly KnownTrack[]): PlannedRung[] {
  const { ladder } = resolveStreamSettings(settings, source)
  const rungs = ladder.map((name) => planRung(resolveProfile(settings.profiles, name), source, tracks))
  const looks = rungs.map(({ video, audio }) => `${video?.widthPx}x${video?.heightPx} ${video?.codec} ${audio?.codec}`)
  return rungs.filter(
    ({ video, audio }, at) => (video || audio) && (!video || looks.lastIndexOf(looks[at] ?? '') === at),
  )
}

function planRung(profile: Profile, source: string, tracks: readonly KnownTrack[]): PlannedRung {
  const video = plannedVideo(profile, tracks)
  const audio = plannedAudio(profile, tracks)
  return {
    rung: profile.name,
    name: renditionName(source, profile.name),
    ...(video ? { video } : {}),
    ...(audio ? { audio } : {}),
    bitsPerSecond: (video?.bitsPerSecond ?? 0) + (audio?.bitsPerSecond ?? 0),
  }
}

function plannedVideo({ video }: Profile, tracks: readonly KnownTrack[]): PlannedRung['video'] {
  const track = tracks.find((each) => each.kind === 'video')
  if (!track || video.codec === 'none') return undefined
  const { widthPx, heightPx, frameRate, codec, codecString } = track
  const bitsPerSecond = video.bitrateKbps * 1000
  if (video.codec === 'copy') return { widthPx, heightPx, codec, codecString, bitsPerSecond, ...rate(frameRate) }
  const size = widthPx > 0 ? fitPicture({ widthPx, heightPx }, video) : video
  const most = video.maxFps ?? Number.POSITIVE_INFINITY
  const framesPerSecond = Math.min(frameRate ?? UNKNOWN_FRAME_RATE, most)
  return {
    widthPx: size.widthPx,
    heightPx: size.heightPx,
    codec: video.codec,
    codecString: expectedVideoCodec(video.codec, { ...size, framesPerSecond }),
    bitsPerSecond,
    ...rate(frameRate === undefined ? undefined : framesPerSecond),
  }
}
function rate(frameRate: number | undefined): { readonly frameRate?: number } {
  return frameRate === undefined ? {} : { frameRate }
}

function plannedAudio({ audio }: Profile, tracks: readonly KnownTrack[]): PlannedRung['audio'] {
  const track = tracks.find((each) => each.kind === 'audio')
  if (!track || audio.codec === 'none') return undefined
  const bitsPerSecond = (audio.bitrateKbps ?? DEFAULT_AUDIO_BPS / 1000) * 1000
  const isKept = audio.codec === track.codec && audio.bitrateKbps === undefined && audio.loudnessLufs === undefined
  if (audio.codec === 'copy' || isKept) {
    const { codec, codecString, channelCount } = track
    return { codec, codecString, channelCount, bitsPerSecond }
  }
  const channelCount = audio.channels ?? Math.min(2, track.channelCount)
  return { codec: audio.codec, codecString: expectedAudioCodec(audio.codec), channelCount, bitsPerSecond }
}
