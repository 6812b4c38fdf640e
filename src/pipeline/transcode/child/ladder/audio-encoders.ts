import type { AudioCodecId } from '../../../../media/model/index.ts'
import type { Av } from '../av.ts'

export type AudioEncoderKind = {
  readonly name: string
  readonly sampleFormat: (av: Av) => Av['AV_SAMPLE_FMT_FLTP'] | Av['AV_SAMPLE_FMT_FLT'] | Av['AV_SAMPLE_FMT_S16']
  /** Name of that format in a filter's arguments. */
  readonly formatName: string
  readonly ratesHz: readonly number[]
  readonly options: Readonly<Record<string, string>>
  /** Whether `extradata` is the canonical configuration record; else there is none. */
  readonly hasConfig: boolean
  /** Of a frame, where the encoder takes any number. */
  readonly frameSamples?: number
  /** Where the order does not say; else as the source, two at most. */
  readonly usualChannels?: 1
}

/** ITU-T G.711, in the frames of 20 ms that RTP has by default. RFC 3551, 4.2. */
const G711 = {
  sampleFormat: (av: Av) => av.AV_SAMPLE_FMT_S16,
  formatName: 's16',
  ratesHz: [8000],
  options: {},
  hasConfig: false,
  frameSamples: 160,
  usualChannels: 1,
} as const

/** What rungs can have. FFmpeg's own AAC encoder: its default search for quantizers costs ten times the rest of it. */
export const AUDIO_ENCODERS: Readonly<Partial<Record<AudioCodecId, AudioEncoderKind>>> = {
  aac: {
    name: 'aac',
    sampleFormat: (av) => av.AV_SAMPLE_FMT_FLTP,
    formatName: 'fltp',
    ratesHz: [48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 96_000, 88_200, 64_000, 12_000, 11_025, 8000],
    options: { aac_coder: 'fast' },
    hasConfig: true,
  },
  opus: {
    name: 'libopus',
    sampleFormat: (av) => av.AV_SAMPLE_FMT_FLT,
    formatName: 'flt',
    ratesHz: [48_000],
    options: { vbr: 'constrained' },
    hasConfig: true,
  },
  mp3: {
    name: 'libmp3lame',
    sampleFormat: (av) => av.AV_SAMPLE_FMT_FLTP,
    formatName: 'fltp',
    ratesHz: [48_000, 44_100, 32_000, 24_000, 22_050, 16_000],
    options: {},
    hasConfig: false,
  },
  pcma: { ...G711, name: 'pcm_alaw' },
  pcmu: { ...G711, name: 'pcm_mulaw' },
}

/** The rate that is wanted, where the encoder has it; else the lowest that loses nothing, or the highest. */
export function rateFor({ ratesHz }: AudioEncoderKind, wantedHz: number): number {
  if (ratesHz.includes(wantedHz)) return wantedHz
  const sorted = [...ratesHz].sort((a, b) => a - b)
  return sorted.find((rate) => rate >= wantedHz) ?? sorted.at(-1) ?? wantedHz
}
