import { clip, fixture } from '../../support/requirements.ts'
import type { Av } from './av.ts'
import type { MadeTrack, Reading } from './av-messages.ts'

/** How a piece of material comes to be: a clip, a fixture, or encoded for this run. */
export type Material = {
  readonly name: string
  readonly clip?: string
  readonly fixture?: string
  readonly tracks?: readonly MadeTrack[]
}

const H264: MadeTrack = {
  encoder: 'libx264',
  options: { preset: 'ultrafast', bf: '2', g: '25', 'x264-params': 'bframes=2' },
}
const HEVC: MadeTrack = {
  encoder: 'libx265',
  options: { preset: 'ultrafast', 'x265-params': 'log-level=none:bframes=2:keyint=25:open-gop=0' },
}
const AV1: MadeTrack = { encoder: 'libsvtav1', options: { preset: '12', g: '25' } }
const VP9: MadeTrack = { encoder: 'libvpx-vp9', options: { deadline: 'realtime', 'cpu-used': '8', g: '25' } }
const AAC: MadeTrack = { encoder: 'aac', sampleRateHz: 44_100 }
const OPUS: MadeTrack = { encoder: 'libopus', sampleRateHz: 48_000 }
const MP3: MadeTrack = { encoder: 'libmp3lame', sampleRateHz: 44_100 }
const FLAC: MadeTrack = { encoder: 'flac', sampleRateHz: 48_000 }
const AC3: MadeTrack = { encoder: 'ac3', sampleRateHz: 48_000 }
const EAC3: MadeTrack = { encoder: 'eac3', sampleRateHz: 48_000 }

export const MATERIALS: readonly Material[] = [
  { name: 'H.264 (B) + AAC', tracks: [H264, AAC] },
  { name: 'HEVC (B) + AAC', tracks: [HEVC, AAC] },
  { name: 'AV1 + Opus', tracks: [AV1, OPUS] },
  { name: 'VP9 + Opus', tracks: [VP9, OPUS] },
  { name: 'VP9 + FLAC', tracks: [VP9, FLAC] },
  { name: 'H.264 + AC-3', tracks: [H264, AC3] },
  { name: 'HEVC + E-AC-3', tracks: [HEVC, EAC3] },
  { name: 'H.264 + MP3', tracks: [H264, MP3] },
  { name: 'AAC only', tracks: [AAC] },
  { name: 'MP3 only', tracks: [MP3] },
  { name: 'H.264 only', tracks: [H264] },
  { name: '2 video + 2 audio', tracks: [H264, AAC, HEVC, OPUS] },
  { name: 'HE-AAC only', fixture: 'he-aac.mp4' },
  { name: 'HE-AAC v2 only', fixture: 'he-aac-v2.mp4' },
  { name: 'clip H.264 1080p25 (B)', clip: 'h264-aac-1080p25-bframes.mp4' },
  { name: 'clip HEVC 1080p30', clip: 'h265-aac-1080p30.mp4' },
  { name: 'clip H.264 60 fps TS', clip: 'h264-60fps-bframes.m2ts' },
  { name: 'clip H.264 variable rate', clip: 'h264-variable-frame-rate.mp4' },
  { name: 'clip VP9', clip: 'vp9-1080x1080.webm' },
  { name: 'clip speech AAC', clip: 'speech-44100.aac' },
]

/** The same material in the containers that are pushed, with what FFmpeg reads in each. */
export type Prepared = {
  readonly material: Material
  readonly source: string
  /** Exact times. */
  readonly reading: Reading
  readonly flv: Container | undefined
  readonly ts: Container | undefined
}
export type Container = { readonly path: string; readonly reading: Reading; readonly problem?: string }

const SECONDS = 3

/** Undefined where the clip is missing. Rejects where this FFmpeg lacks an encoder. */
export async function prepare(av: Av, material: Material, folder: string): Promise<Prepared | undefined> {
  const base = `${folder}/${material.name.replaceAll(/[^A-Za-z0-9]+/g, '-')}`
  const source = material.tracks ? `${base}.mp4` : foundFile(material)
  if (source === undefined) return undefined
  if (material.tracks) await av.call('make', { path: source, tracks: material.tracks, seconds: SECONDS })
  const reading = await av.call('read', { url: source })
  const flv = await container(av, source, { path: `${base}.flv`, format: 'flv' })
  const ts = await container(av, source, { path: `${base}.ts`, format: 'mpegts' })
  return { material, source, reading, flv, ts }
}

function foundFile({ clip: clipName, fixture: fixtureName }: Material): string | undefined {
  return fixtureName === undefined ? clip(clipName ?? '') : fixture(fixtureName)
}

async function container(
  av: Av,
  from: string,
  { path, format }: { readonly path: string; readonly format: 'flv' | 'mpegts' },
): Promise<Container | undefined> {
  try {
    await av.call('remux', { from, to: path, format })
    return { path, reading: await av.call('read', { url: path }) }
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('FFmpeg:')) return undefined
    throw error
  }
}
