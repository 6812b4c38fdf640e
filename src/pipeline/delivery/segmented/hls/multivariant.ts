import {
  formatMultivariantPlaylist,
  type HlsAudioRendition,
  type HlsVariant,
} from '../../../../media/formats/hls/index.ts'
import type { CmafIndex, CmafTrackInfo } from '../../../packaging/index.ts'
import { measureBitRates } from '../bit-rates.ts'
import { trackPlaylistUri } from '../segment-address.ts'

const AUDIO_GROUP = 'audio'

type Video = Extract<CmafTrackInfo, { kind: 'video' }>
type Audio = Extract<CmafTrackInfo, { kind: 'audio' }>

export function multivariantPlaylist(index: CmafIndex): string {
  const tracks = [...index.tracks.values()]
  const video = tracks.filter((track) => track.info.kind === 'video')
  const audio = tracks.filter((track) => track.info.kind === 'audio')
  const loudest = audio.map(measureBitRates).sort((a, b) => b.peakBps - a.peakBps)[0]
  const withAudio = video.length > 0 && audio.length > 0
  const variants = (video.length > 0 ? video : audio).map((track): HlsVariant => {
    const own = measureBitRates(track)
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

function videoAttributes({ widthPx, heightPx, frameRate }: Video): Partial<HlsVariant> {
  return {
    ...(widthPx > 0 ? { resolution: { widthPx, heightPx } } : {}),
    ...(frameRate === undefined ? {} : { frameRate }),
  }
}

function audioRendition({ id, language, channelCount }: Audio, at: number): HlsAudioRendition {
  return {
    groupId: AUDIO_GROUP,
    name: language ?? `audio ${at + 1}`,
    uri: trackPlaylistUri(id),
    ...(language === undefined ? {} : { language }),
    channelCount,
    isDefault: at === 0,
    autoselect: true,
  }
}
