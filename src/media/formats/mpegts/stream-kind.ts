import type { Descriptor, ElementaryStream } from './program-tables.ts'

/** What an elementary stream holds, as far as Millrace reads it. */
export type StreamKind = 'h264' | 'h265' | 'av1' | 'adts' | 'latm' | 'mp3' | 'ac3' | 'eac3' | 'opus' | 'sniff'

export const DESCRIPTOR = {
  registration: 0x05,
  language: 0x0a,
  dvbAc3: 0x6a,
  dvbEac3: 0x7a,
  extension: 0x7f,
  /** AV1 video descriptor of the AOM binding; user private. */
  av1Video: 0x80,
} as const

export const STREAM_TYPE = {
  mpeg1Audio: 0x03,
  mpeg2Audio: 0x04,
  privateData: 0x06,
  aacAdts: 0x0f,
  aacLatm: 0x11,
  h264: 0x1b,
  h265: 0x24,
  ac3: 0x81,
  eac3: 0x87,
} as const

/** stream_type assignments. ISO/IEC 13818-1, table 2-34; ATSC A/52, A.4.1. */
const BY_STREAM_TYPE: ReadonlyMap<number, StreamKind> = new Map([
  [STREAM_TYPE.mpeg1Audio, 'mp3'],
  [STREAM_TYPE.mpeg2Audio, 'mp3'],
  [STREAM_TYPE.aacAdts, 'adts'],
  [STREAM_TYPE.aacLatm, 'latm'],
  [STREAM_TYPE.h264, 'h264'],
  [STREAM_TYPE.h265, 'h265'],
  [STREAM_TYPE.ac3, 'ac3'],
  [STREAM_TYPE.eac3, 'eac3'],
])

/** format_identifier of private data. */
const BY_REGISTRATION: ReadonlyMap<string, StreamKind> = new Map([
  ['Opus', 'opus'],
  ['AV01', 'av1'],
  ['HEVC', 'h265'],
  ['AC-3', 'ac3'],
  ['EAC3', 'eac3'],
])

/** Undefined where Millrace does not read it. */
export function streamKind(stream: ElementaryStream): StreamKind | undefined {
  if (stream.streamType !== STREAM_TYPE.privateData) return BY_STREAM_TYPE.get(stream.streamType)
  const registered = BY_REGISTRATION.get(registrationOf(stream.descriptors) ?? '')
  if (registered !== undefined) return registered
  if (stream.descriptors.some((descriptor) => descriptor.tag === DESCRIPTOR.dvbAc3)) return 'ac3'
  if (stream.descriptors.some((descriptor) => descriptor.tag === DESCRIPTOR.dvbEac3)) return 'eac3'
  // FFmpeg (8.1 and before) writes AV1 as private data that nothing describes.
  return stream.descriptors.length === 0 ? 'sniff' : undefined
}

/** registration_descriptor(). ISO/IEC 13818-1, 2.6.8. */
export function registrationOf(descriptors: readonly Descriptor[]): string | undefined {
  const data = descriptors.find((descriptor) => descriptor.tag === DESCRIPTOR.registration)?.data
  return data === undefined || data.length < 4 ? undefined : String.fromCharCode(...data.subarray(0, 4))
}

export function isVideoKind(kind: StreamKind): boolean {
  return kind === 'h264' || kind === 'h265' || kind === 'av1' || kind === 'sniff'
}
