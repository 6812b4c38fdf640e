import type { CodecId } from '../../../model/index.ts'
import { aacCarriage } from './aac-carriage.ts'
import { ac3Carriage, eac3Carriage, mp3Carriage } from './audio-carriages.ts'
import { av1Carriage } from './av1-carriage.ts'
import { h264Carriage, h265Carriage } from './nal-carriage.ts'
import { opusCarriage } from './opus-carriage.ts'
import type { CarriageFactory } from './payload-writer.ts'

const notMapped =
  (name: string): CarriageFactory =>
  () =>
    `MPEG-TS has no mapping for ${name} that players read`

/** How each codec goes into MPEG-TS, or why it does not. */
export const CARRIAGES = {
  h264: h264Carriage,
  h265: h265Carriage,
  av1: av1Carriage,
  vp8: notMapped('VP8'),
  vp9: notMapped('VP9'),
  aac: aacCarriage,
  opus: opusCarriage,
  mp3: mp3Carriage,
  ac3: ac3Carriage,
  eac3: eac3Carriage,
  flac: notMapped('FLAC'),
  pcma: notMapped('G.711'),
  pcmu: notMapped('G.711'),
} satisfies Record<CodecId, CarriageFactory>
