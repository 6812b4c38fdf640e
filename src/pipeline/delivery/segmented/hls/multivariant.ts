import {
  formatMultivariantPlaylist,
  type HlsAudioRendition,
  type HlsClosedCaptions,
  type HlsImageVariant,
  type HlsVariant,
} from '../../../../media/formats/hls/index.ts'
import { type CmafTrackInfo, codecStringsOf } from '../../../packaging/index.ts'
import { measureBitRates } from '../bit-rates.ts'
import { type Ladder, type LadderTrack, type PlannedMember, soundAlone, tracksOf } from '../ladder.ts'
import { trackPlaylistUri } from '../segment-address.ts'
import { iFrameVariant } from './i-frames.ts'
import { plannedVariants } from './planned-variants.ts'

const AUDIO_GROUP = 'audio'
const CAPTIONS_GROUP = 'captions'

type Video = Extract<CmafTrackInfo, { kind: 'video' }>
type Audio = Extract<CmafTrackInfo, { kind: 'audio' }>

/** What is listed beside the ladder. */
type Beside = { readonly planned?: readonly PlannedMember[]; readonly images?: readonly HlsImageVariant[] }

/**
 * One playlist for a stream with its renditions and variants. The audio tracks of the stream itself go with every
 * video; a member without video is a variant of its own.
 */
export function multivariantPlaylist(ladder: Ladder, { planned = [], images = [] }: Beside = {}): string {
  const video = tracksOf(ladder, 'video')
  const audio = tracksOf(ladder.slice(0, 1), 'audio')
  const withAudio = video.length > 0 && audio.length > 0
  const variants = [
    ...video.map((track) => videoVariant(track, audio)),
    ...soundAlone(video.length === 0 ? ladder : ladder.slice(1)).map(audioVariant),
    ...plannedVariants(planned, audio, AUDIO_GROUP),
  ]
  const captions = captionsOf(video)
  const closedCaptions = captions.length > 0 ? { groupId: CAPTIONS_GROUP } : 'none'
  const [first, ...others] = variants.map((variant) => ({ ...variant, closedCaptions }) as const)
  const ordered = others.toSorted((a, b) => b.bandwidthBps - a.bandwidthBps)
  return formatMultivariantPlaylist({
    independentSegments: [...video, ...audio].every(({ track }) => track.dependentCount === 0),
    variants: first ? [first, ...ordered] : [],
    iFrames: video.flatMap((track) => iFrameVariant(track) ?? []),
    images,
    captions,
    audio: withAudio ? audio.map((track, at) => audioRendition(track, at, audio)) : [],
  })
}

/** Those of any rung: a player finds them in the video that it plays. */
function captionsOf(video: readonly LadderTrack[]): HlsClosedCaptions[] {
  const found = [...new Set(video.flatMap(({ track }) => track.captions))].sort()
  return found.map((instreamId, at) => ({
    groupId: CAPTIONS_GROUP,
    name: instreamId,
    instreamId,
    isDefault: at === 0,
  }))
}

function uriOf({ member, track }: LadderTrack): string {
  return member.prefix + trackPlaylistUri(track.info.id)
}

function videoVariant(each: LadderTrack, audio: readonly LadderTrack[]): HlsVariant {
  const own = measureBitRates(each.track)
  const rates = audio.map(({ track }) => measureBitRates(track))
  const codecs = [each, ...audio].flatMap(({ track }) => codecStringsOf(track))
  return {
    uri: uriOf(each),
    bandwidthBps: own.peakBps + Math.max(0, ...rates.map(({ peakBps }) => peakBps)),
    averageBandwidthBps: own.meanBps + Math.max(0, ...rates.map(({ meanBps }) => meanBps)),
    codecs: [...new Set(codecs)],
    ...videoAttributes(each.track.info as Video),
    ...(audio.length > 0 ? { audioGroup: AUDIO_GROUP } : {}),
  }
}

function audioVariant(each: LadderTrack): HlsVariant {
  const { peakBps, meanBps } = measureBitRates(each.track)
  const codecs = codecStringsOf(each.track)
  return { uri: uriOf(each), bandwidthBps: peakBps, averageBandwidthBps: meanBps, codecs }
}

function videoAttributes({ widthPx, heightPx, frameRate, videoRange }: Video): Partial<HlsVariant> {
  return {
    ...(widthPx > 0 ? { resolution: { widthPx, heightPx } } : {}),
    ...(frameRate === undefined ? {} : { frameRate }),
    ...(videoRange ? { videoRange } : {}),
  }
}

/** NAME is unique in its group. RFC 8216bis, 4.4.6.1.1. */
function audioRendition(each: LadderTrack, at: number, all: readonly LadderTrack[]): HlsAudioRendition {
  const { language, channelCount } = each.track.info as Audio
  const isAlone = all.filter(({ track }) => track.info.language === language).length === 1
  const name = language === undefined || !isAlone ? `${language ?? 'audio'} ${at + 1}` : language
  return {
    groupId: AUDIO_GROUP,
    name,
    uri: uriOf(each),
    ...(language === undefined ? {} : { language }),
    channelCount,
    isDefault: at === 0,
    autoselect: true,
  }
}
