import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { audioTrack, describeFirstFrame, videoTrack } from '../../../codecs/index.ts'
import { AUDIO_CODECS, type CodecId, type Track } from '../../../model/index.ts'
import { type Clip, framesOf } from './clips.ts'
import { type FfmpegStream, NO_FFMPEG, readWithFfmpeg } from './ffmpeg.ts'

type Recipe = { readonly encoder: string; readonly extension: 'mp4' | 'nut'; readonly rateHz?: number }

/** How the ffmpeg command makes half a second of a codec. `nut` keeps times exact and holds anything. */
const RECIPES = {
  h264: { encoder: 'libx264', extension: 'mp4' },
  h265: { encoder: 'libx265', extension: 'mp4' },
  av1: { encoder: 'libaom-av1 -cpu-used 8', extension: 'mp4' },
  vp8: { encoder: 'libvpx', extension: 'nut' },
  vp9: { encoder: 'libvpx-vp9', extension: 'nut' },
  aac: { encoder: 'aac', extension: 'mp4', rateHz: 44_100 },
  opus: { encoder: 'libopus', extension: 'nut', rateHz: 48_000 },
  mp3: { encoder: 'libmp3lame', extension: 'nut', rateHz: 44_100 },
  ac3: { encoder: 'ac3', extension: 'nut', rateHz: 48_000 },
  eac3: { encoder: 'eac3', extension: 'nut', rateHz: 48_000 },
  flac: { encoder: 'flac', extension: 'nut', rateHz: 96_000 },
  pcma: { encoder: 'pcm_alaw', extension: 'nut', rateHz: 8000 },
  pcmu: { encoder: 'pcm_mulaw', extension: 'nut', rateHz: 8000 },
} as const satisfies Record<CodecId, Recipe>

/** A reason to skip tests with made clips, or false. */
export const NO_MADE_CLIPS =
  NO_FFMPEG || (spawnSync('ffmpeg', ['-version']).status === 0 ? false : 'there is no ffmpeg command')

/** Half a second of a test picture or tone; undefined where this ffmpeg lacks the encoder. */
export function makeClip(codec: CodecId): Clip | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-clip-'))
  try {
    const { encoder, extension, rateHz }: Recipe = RECIPES[codec]
    const path = join(folder, `clip.${extension}`)
    const source =
      rateHz === undefined
        ? 'testsrc=size=160x120:rate=25'
        : `sine=frequency=440:sample_rate=${rateHz},aresample=${rateHz}`
    const coder = rateHz === undefined ? '-pix_fmt yuv420p -g 12 -c:v' : `-ac ${rateHz === 8000 ? 1 : 2} -c:a`
    const args = `-v error -f lavfi -i ${source} -t 0.5 ${coder} ${encoder} ${path}`.split(' ')
    if (spawnSync('ffmpeg', args).status !== 0) return undefined
    const reading = readWithFfmpeg(path)
    const [stream] = reading.streams
    const [first] = reading.packets
    if (stream === undefined || first === undefined) return undefined
    const tracks = [toTrack(codec, stream, first.data)]
    return { tracks, frames: framesOf(reading, tracks) }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const FLAC_STREAMINFO_HEADER = [0x80, 0, 0, 34]

function toTrack(codec: CodecId, stream: FfmpegStream, first: Uint8Array): Track {
  const config = configOf(codec, stream, first)
  for (const audio of AUDIO_CODECS) {
    if (audio !== codec) continue
    return audioTrack(1, codec, config, { sampleRateHz: stream.sampleRate, channelCount: stream.channels })
  }
  return videoTrack(1, codec as Exclude<CodecId, (typeof AUDIO_CODECS)[number]>, config, {
    widthPx: stream.width,
    heightPx: stream.height,
  })
}

function configOf(codec: CodecId, { extradata }: FfmpegStream, first: Uint8Array): Uint8Array {
  if (codec === 'vp8' || codec === 'vp9' || codec === 'ac3' || codec === 'eac3') {
    return describeFirstFrame(codec, new Uint8Array(first)).config
  }
  if (codec === 'flac') return Uint8Array.from([...FLAC_STREAMINFO_HEADER, ...extradata])
  return codec === 'mp3' || codec === 'pcma' || codec === 'pcmu' ? new Uint8Array() : extradata
}
