import { MalformedInputError, UnsupportedInputError } from '../../errors.ts'
import type { CodecDescription, FrameDescription } from '../codec-description.ts'

/** Header of an MPEG audio frame. ISO/IEC 11172-3, 2.4.1.3; ISO/IEC 13818-3, 2.4.1.3; MPEG 2.5 as it is in use. */
export type MpegAudioHeader = {
  readonly version: '1' | '2' | '2.5'
  readonly layer: 1 | 2 | 3
  readonly bitrateBps: number
  readonly sampleRateHz: number
  readonly channelCount: number
  /** Header and data. */
  readonly frameBytes: number
  readonly sampleCount: number
}

export const MPEG_AUDIO_HEADER_BYTES = 4

/** kbit/s by bitrate_index: MPEG 1 layers I to III, then MPEG 2 layer I and layers II and III. */
const BITRATES_KBPS = {
  '1/1': [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
  '1/2': [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
  '1/3': [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  '2/1': [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
  '2/2': [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
  '2/3': [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
} as const
const SAMPLE_RATES_HZ = [44_100, 48_000, 32_000] as const
const VERSIONS = ['2.5', undefined, '2', '1'] as const
const RATE_DIVISORS = { '1': 1, '2': 2, '2.5': 4 } as const
const LAYERS = [undefined, 3, 2, 1] as const

/** The header at `at`, or undefined where there is none that can be read (also free format). */
export function parseMpegAudioHeader(bytes: Uint8Array, at = 0): MpegAudioHeader | undefined {
  const b1 = bytes[at + 1] ?? 0
  const b2 = bytes[at + 2] ?? 0
  if (at + MPEG_AUDIO_HEADER_BYTES > bytes.length || bytes[at] !== 0xff || b1 < 0xe0) return undefined
  const version = VERSIONS[(b1 >> 3) & 3]
  const layer = LAYERS[(b1 >> 1) & 3]
  const baseRate = SAMPLE_RATES_HZ[(b2 >> 2) & 3]
  if (version === undefined || layer === undefined || baseRate === undefined) return undefined
  const bitrateKbps = BITRATES_KBPS[`${version === '1' ? '1' : '2'}/${layer}`][b2 >> 4]
  if (bitrateKbps === undefined || bitrateKbps === 0) return undefined
  const sampleRateHz = baseRate / RATE_DIVISORS[version]
  const padding = (b2 >> 1) & 1
  const sampleCount = layer === 1 ? 384 : layer === 3 && version !== '1' ? 576 : 1152
  const slots = Math.floor((sampleCount / 8 / (layer === 1 ? 4 : 1)) * ((bitrateKbps * 1000) / sampleRateHz)) + padding
  const frameBytes = layer === 1 ? slots * 4 : slots
  const channelCount = (bytes[at + 3] ?? 0) >> 6 === 3 ? 1 : 2
  return { version, layer, bitrateBps: bitrateKbps * 1000, sampleRateHz, channelCount, frameBytes, sampleCount }
}

export function readMpegAudioHeader(frame: Uint8Array): MpegAudioHeader {
  const header = parseMpegAudioHeader(frame)
  if (header === undefined) throw new MalformedInputError('header', 0, 'is no MPEG audio frame header')
  return header
}

const CODEC_STRING = 'mp4a.6B'

/** Object type 0x6B of ISO/IEC 14496-1, the form that browsers know. The configuration is empty and says no more. */
export function describeMp3Config(): CodecDescription {
  return { codecString: CODEC_STRING }
}

export function describeMp3Frame(frame: Uint8Array): FrameDescription {
  const { layer, sampleRateHz, channelCount, sampleCount } = readMpegAudioHeader(frame)
  if (layer !== 3) throw new UnsupportedInputError(`MPEG audio layer ${layer}`)
  const audio = { sampleRateHz, channelCount, samplesPerFrame: sampleCount }
  return { codecString: CODEC_STRING, audio, config: new Uint8Array(0) }
}
