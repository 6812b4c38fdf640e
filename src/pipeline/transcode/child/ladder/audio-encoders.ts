import type { AudioCodecId } from '../../../../media/model/index.ts'
import type { Av } from '../av.ts'

export type AudioEncoderKind = {
  readonly name: string
  readonly sampleFormat: (av: Av) => Av['AV_SAMPLE_FMT_FLTP'] | Av['AV_SAMPLE_FMT_FLT']
  /** Name of that format in a filter's arguments. */
  readonly formatName: string
  readonly ratesHz: readonly number[]
  readonly options: Readonly<Record<string, string>>
  /** Whether `extradata` is the canonical configuration record; else there is none. */
  readonly hasConfig: boolean
}

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
}

/** The rate that is wanted, where the encoder has it; else the lowest that loses nothing, or the highest. */
export function rateFor({ ratesHz }: AudioEncoderKind, wantedHz: number): number {
  if (ratesHz.includes(wantedHz)) return wantedHz
  const sorted = [...ratesHz].sort((a, b) => a - b)
  return sorted.find((rate) => rate >= wantedHz) ?? sorted.at(-1) ?? wantedHz
}
