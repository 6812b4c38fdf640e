import {
  AmfEcmaArray,
  type AmfRecord,
  type AmfValue,
  amfRecord,
  readAmf0Values,
  writeAmf0Values,
} from '../../bytes/amf/index.ts'
import { ByteWriter } from '../../bytes/index.ts'
import { MillraceError } from '../../errors.ts'
import type { AudioTrack, CodecId, Track, VideoTrack } from '../../model/index.ts'
import { FOURCC, fourCcNumber } from './codec-ids.ts'

/**
 * The record of an onMetaData script tag, also behind RTMP's @setDataFrame; undefined for every other script tag and
 * for one that cannot be read, because no media depends on it. Adobe FLV v10.1, E.4.4 and E.5.
 */
export function readMetadata(body: Uint8Array): AmfRecord | undefined {
  try {
    const values = readAmf0Values(body)
    const at = values[0] === '@setDataFrame' ? 1 : 0
    return values[at] === 'onMetaData' ? amfRecord(values[at + 1]) : undefined
  } catch (error) {
    if (error instanceof MillraceError) return undefined
    throw error
  }
}

/** Numbers of the classic headers, else the FourCC as a number. Enhanced RTMP v2, "Enhancing onMetaData". */
const CLASSIC_NUMBER: Partial<Record<CodecId, number>> = { h264: 7, aac: 10, mp3: 2, pcma: 7, pcmu: 8 }
function codecNumber(codec: CodecId): number {
  return CLASSIC_NUMBER[codec] ?? fourCcNumber(FOURCC[codec] ?? '')
}

/** Room for the fields of many tracks. */
const METADATA_BYTES = 8192

/** Script tag body; tracks behind the first of their kind go into the maps by trackId, in the order given. */
export function writeMetadata(tracks: readonly Track[], encoder: string): Uint8Array {
  const video = tracks.filter((track) => track.kind === 'video')
  const audio = tracks.filter((track) => track.kind === 'audio')
  const record: AmfRecord = {
    ...videoFields(video[0]),
    ...audioFields(audio[0]),
    ...trackMap('videoTrackIdInfoMap', video.map(videoInfo)),
    ...trackMap('audioTrackIdInfoMap', audio.map(audioInfo)),
    encoder,
  }
  const writer = new ByteWriter(METADATA_BYTES)
  writeAmf0Values(writer, ['onMetaData', new AmfEcmaArray(record)])
  return writer.copy()
}

function videoFields(track: VideoTrack | undefined): AmfRecord {
  if (track === undefined) return {}
  const size = track.widthPx > 0 ? { width: track.widthPx, height: track.heightPx } : {}
  const rate = track.frameRate === undefined ? {} : { framerate: track.frameRate }
  return { ...size, ...rate, videocodecid: codecNumber(track.codec) }
}

function audioFields(track: AudioTrack | undefined): AmfRecord {
  if (track === undefined) return {}
  return {
    audiosamplerate: track.sampleRateHz,
    audiosamplesize: 16,
    stereo: track.channelCount > 1,
    audiochannels: track.channelCount,
    audiocodecid: codecNumber(track.codec),
  }
}

/** Tracks behind the first, keyed by trackId. Enhanced RTMP v2, "Enhancing onMetaData". */
function trackMap(name: string, infos: readonly AmfRecord[]): AmfRecord {
  if (infos.length < 2) return {}
  const entries = infos.map((info, trackId): [string, AmfValue] => [`${trackId}`, info]).slice(1)
  return { [name]: Object.fromEntries(entries) }
}
function videoInfo(track: VideoTrack): AmfRecord {
  return { width: track.widthPx, height: track.heightPx, videocodecid: codecNumber(track.codec) }
}
function audioInfo(track: AudioTrack): AmfRecord {
  const { sampleRateHz, channelCount } = track
  return { samplerate: sampleRateHz, channels: channelCount, audiocodecid: codecNumber(track.codec) }
}
