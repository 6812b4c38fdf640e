import type { AudioCodecId, CodecId, VideoCodecId } from '../../model/index.ts'

/** Enhanced RTMP v2, "Enhanced Audio" and "Enhanced Video"; null where the codec has no FourCC. */
export const FOURCC = {
  h264: 'avc1',
  h265: 'hvc1',
  av1: 'av01',
  vp8: 'vp08',
  vp9: 'vp09',
  aac: 'mp4a',
  opus: 'Opus',
  mp3: '.mp3',
  ac3: 'ac-3',
  eac3: 'ec-3',
  flac: 'fLaC',
  pcma: null,
  pcmu: null,
} as const satisfies Record<CodecId, string | null>

const VIDEO_BY_FOURCC: ReadonlyMap<string, VideoCodecId> = new Map([
  ['avc1', 'h264'],
  ['hvc1', 'h265'],
  ['av01', 'av1'],
  ['vp08', 'vp8'],
  ['vp09', 'vp9'],
])
const AUDIO_BY_FOURCC: ReadonlyMap<string, AudioCodecId> = new Map([
  ['mp4a', 'aac'],
  ['Opus', 'opus'],
  ['.mp3', 'mp3'],
  ['ac-3', 'ac3'],
  ['ec-3', 'eac3'],
  ['fLaC', 'flac'],
])
export function videoCodecOf(fourCc: string): VideoCodecId | undefined {
  return VIDEO_BY_FOURCC.get(fourCc)
}
export function audioCodecOf(fourCc: string): AudioCodecId | undefined {
  return AUDIO_BY_FOURCC.get(fourCc)
}

/** CodecID of the classic video tag header; 12 is HEVC by custom of Chinese encoders. E.4.3.1. */
export const CLASSIC_VIDEO: { readonly [codecId: number]: 'h264' | 'h265' | undefined } = { 7: 'h264', 12: 'h265' }

/** SoundFormat of the classic audio tag header. E.4.2.1. */
export const CLASSIC_AUDIO: { readonly [soundFormat: number]: 'aac' | 'mp3' | 'pcma' | 'pcmu' | undefined } = {
  2: 'mp3',
  7: 'pcma',
  8: 'pcmu',
  10: 'aac',
  14: 'mp3',
}

/** FourCC as the number that onMetaData carries. Enhanced RTMP v2, "Enhancing onMetaData". */
export function fourCcNumber(fourCc: string): number {
  let value = 0
  for (let i = 0; i < 4; i++) value = value * 256 + fourCc.charCodeAt(i)
  return value
}

/** Codecs that cannot be decoded without the record of a sequence start. */
const NEED_SEQUENCE_START: ReadonlySet<CodecId> = new Set(['h264', 'h265', 'av1', 'aac', 'opus', 'flac'])
export function needsSequenceStart(codec: CodecId): boolean {
  return NEED_SEQUENCE_START.has(codec)
}

/**
 * Track ids of this format: track n of Enhanced RTMP (0 for packets without one) is 2n + 1 for video and
 * 2n + 2 for audio, so that a stream of one video and one audio track has 1 and 2.
 */
export function videoTrackId(index: number): number {
  return 2 * index + 1
}
export function audioTrackId(index: number): number {
  return 2 * index + 2
}
