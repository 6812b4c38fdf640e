import type { CodecId, Track } from '../../../media/model/index.ts'
import { withoutOrder } from '../format-names.ts'

/** What a codec is called where a viewer is told that it does not fit. */
const NAMES: Readonly<Record<CodecId, string>> = {
  h264: 'H.264',
  h265: 'H.265',
  av1: 'AV1',
  vp8: 'VP8',
  vp9: 'VP9',
  aac: 'AAC',
  opus: 'Opus',
  mp3: 'MP3',
  ac3: 'AC-3',
  eac3: 'E-AC-3',
  flac: 'FLAC',
  pcma: 'G.711 A-law',
  pcmu: 'G.711 µ-law',
}

type Carriage = {
  /** How the output is called where a viewer is told about it. */
  readonly name: string
  readonly lacks: ReadonlySet<CodecId>
  /** The viewer did not say so: it may know them all the same. */
  readonly isGuess?: true
}

const EVERYTHING: Carriage = { name: 'this output', lacks: new Set() }
const MPEG_TS: Carriage = { name: 'MPEG-TS', lacks: new Set(['vp8', 'vp9', 'flac', 'pcma', 'pcmu']) }
/** Players that say nothing of Enhanced RTMP in their connect command. Some know it, such as FFmpeg. */
const CLASSIC_RTMP: Carriage = {
  name: 'an RTMP player without Enhanced RTMP',
  lacks: new Set(['h265', 'av1', 'vp8', 'vp9', 'opus', 'ac3', 'eac3', 'flac']),
  isGuess: true,
}
/** ISO files can hold G.711; what plays HLS and DASH does not. */
const CMAF: Carriage = { name: 'HLS and DASH', lacks: new Set(['pcma', 'pcmu']) }

const BY_FORMAT: readonly (readonly [format: RegExp, carriage: Carriage])[] = [
  [/^(ws-)?ts$/, MPEG_TS],
  [/^rtmp-classic-/, CLASSIC_RTMP],
  [/^cmaf$/, CMAF],
]

/** What must become something else: sound, the order of the pictures, or the pictures themselves. */
export type Fix = 'audio' | 'b-frames' | 'video'

/** What an output cannot carry of these tracks. */
export type Misfit = {
  readonly fix: Fix
  /** For the viewer: what is missing. */
  readonly problem: string
  /** Where nothing can be made for it, the viewer gets the tracks as they are. */
  readonly isGuess: boolean
}

/** Undefined where the output carries every track. */
export function misfit(format: string, tracks: readonly Track[]): Misfit | undefined {
  const { name, lacks, isGuess = false } = carriageOf(format)
  const missing = tracks.filter(({ codec }) => lacks.has(codec))
  if (missing.length === 0) return undefined
  const codecs = [...new Set(missing.map(({ codec }) => NAMES[codec]))].join(' and ')
  const fix = missing.some(({ kind }) => kind === 'video') ? 'video' : 'audio'
  return { fix, problem: `${name} cannot carry ${codecs}`, isGuess }
}

/** For an output whose pictures must come in the order in which they are shown: what it cannot carry of others. */
export function orderMisfit(format: string, tracks: readonly Track[]): Misfit {
  const { lacks } = carriageOf(format)
  // What is made of pictures that the output lacks anyway has no B-frames.
  const fix = tracks.some(({ codec }) => lacks.has(codec)) ? 'video' : 'b-frames'
  return { fix, problem: 'this viewer cannot have B-frames', isGuess: false }
}

function carriageOf(format: string): Carriage {
  const plain = withoutOrder(format)
  return BY_FORMAT.find(([pattern]) => pattern.test(plain))?.[1] ?? EVERYTHING
}
