import type { AudioTrack, CodecId, Track, VideoTrack } from '../../model/index.ts'
import { FOURCC } from './codec-ids.ts'
import { PACKET_TYPE } from './ex-packet.ts'
import { putU24 } from './flv-tag.ts'

/** Longest header in front of a track's payload: multitrack type, FourCC, track, composition time. */
export const MAX_BODY_HEADER_BYTES = 12

/** What a tag body says in front of its payload. */
export type BodyHead = {
  readonly packetType: typeof PACKET_TYPE.sequenceStart | typeof PACKET_TYPE.codedFrames
  readonly isKey: boolean
  readonly compositionMs: number
}

/** How one track is written: its place among the tracks of its kind. 0 is plain, others are multitrack packets. */
export type TrackPlace = { readonly track: Track; readonly index: number }

const CLASSIC_VIDEO_ID: Partial<Record<CodecId, number>> = { h264: 7 }
const VIDEO_MULTITRACK = 6
const AUDIO_MULTITRACK = 5
const EX_AUDIO = 9 << 4
const MIN_COMPOSITION_MS = -0x800000
const MAX_COMPOSITION_MS = 0x7fffff

/** False for tracks that FLV has no form for: G.711 behind the first audio track. */
export function canCarry({ track, index }: TrackPlace): boolean {
  return index === 0 || FOURCC[track.codec] !== null
}

/** Writes the header at the start of `into` and returns its length. */
export function writeBodyHeader(into: Uint8Array, place: TrackPlace, head: BodyHead): number {
  const { track, index } = place
  if (track.kind === 'video') return writeVideoHeader(into, track, index, head)
  return writeAudioHeader(into, track, index, head)
}

/** E.4.3.1; Enhanced RTMP v2, ExVideoTagHeader. */
function writeVideoHeader(into: Uint8Array, track: VideoTrack, index: number, head: BodyHead): number {
  const frameType = head.isKey || head.packetType === PACKET_TYPE.sequenceStart ? 1 : 2
  const classicId = CLASSIC_VIDEO_ID[track.codec]
  if (index === 0 && classicId !== undefined) {
    into[0] = (frameType << 4) | classicId
    into[1] = head.packetType
    putU24(into, 2, composition(head))
    return 5
  }
  const hasNals = track.codec === 'h264' || track.codec === 'h265'
  const isCoded = head.packetType === PACKET_TYPE.codedFrames
  const isPlainTime = isCoded && hasNals && composition(head) === 0
  const packetType = isPlainTime ? PACKET_TYPE.codedFramesX : head.packetType
  const first = 0x80 | (frameType << 4)
  const at = writeExHeader(into, { first, packetType, multitrack: VIDEO_MULTITRACK, index, codec: track.codec })
  if (!isCoded || !hasNals || isPlainTime) return at
  putU24(into, at, composition(head))
  return at + 3
}

/** E.4.2.1; Enhanced RTMP v2, ExAudioTagHeader. */
function writeAudioHeader(into: Uint8Array, track: AudioTrack, index: number, head: BodyHead): number {
  const flags = index === 0 ? classicSoundFlags(track) : undefined
  if (flags === undefined) {
    const { packetType } = head
    return writeExHeader(into, { first: EX_AUDIO, packetType, multitrack: AUDIO_MULTITRACK, index, codec: track.codec })
  }
  into[0] = flags
  if (track.codec !== 'aac') return 1
  into[1] = head.packetType
  return 2
}

type ExHeader = {
  readonly first: number
  readonly packetType: number
  readonly multitrack: number
  readonly index: number
  readonly codec: CodecId
}
function writeExHeader(into: Uint8Array, { first, packetType, multitrack, index, codec }: ExHeader): number {
  let at = 0
  into[at++] = first | (index === 0 ? packetType : multitrack)
  if (index > 0) into[at++] = packetType
  const fourCc = FOURCC[codec] ?? ''
  for (let i = 0; i < 4; i++) into[at++] = fourCc.charCodeAt(i)
  if (index > 0) into[at++] = index
  return at
}

/** SoundFormat, SoundRate, SoundSize (always 16 bits) and SoundType; undefined for codecs without a classic form. */
function classicSoundFlags(track: AudioTrack): number | undefined {
  const stereo = track.channelCount > 1 ? 1 : 0
  if (track.codec === 'aac') return 0xaf
  if (track.codec === 'mp3') {
    const format = track.sampleRateHz === 8000 ? 14 : 2
    return (format << 4) | (soundRate(track.sampleRateHz) << 2) | 2 | stereo
  }
  if (track.codec === 'pcma') return 0x72 | stereo
  if (track.codec === 'pcmu') return 0x82 | stereo
  return undefined
}

function soundRate(sampleRateHz: number): number {
  if (sampleRateHz >= 44_100) return 3
  if (sampleRateHz >= 22_050) return 2
  return sampleRateHz >= 11_025 ? 1 : 0
}

function composition({ compositionMs }: BodyHead): number {
  return Math.min(Math.max(compositionMs, MIN_COMPOSITION_MS), MAX_COMPOSITION_MS)
}
