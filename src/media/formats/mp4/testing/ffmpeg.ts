import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type FfmpegStream = {
  readonly codec: string
  readonly timeBase: { readonly num: number; readonly den: number }
  readonly extradata: Uint8Array
  readonly width: number
  readonly height: number
  readonly sampleRate: number
  readonly channels: number
}
export type FfmpegPacket = {
  readonly stream: number
  readonly pts: number
  readonly dts: number
  readonly duration: number
  readonly isKey: boolean
  readonly data: Buffer
}
export type FfmpegReading = {
  readonly streams: readonly FfmpegStream[]
  readonly packets: readonly FfmpegPacket[]
  /** What FFmpeg complains about at level warning. */
  readonly stderr: string
}

type ChildOutput = {
  streams: (Omit<FfmpegStream, 'extradata'> & { extradata: string })[]
  packets: (Omit<FfmpegPacket, 'data'> & { data: string })[]
}

const REPO = new URL('../../../../../', import.meta.url).pathname
const CHILD = new URL('./ffmpeg-child.ts', import.meta.url).pathname

/** A reason to skip a test that needs the FFmpeg inside node-av, or false. */
export const NO_FFMPEG = existsSync(join(REPO, 'node_modules/node-av')) ? false : 'node-av is not installed'

/** Lets a real FFmpeg demux the file. */
export function readWithFfmpeg(path: string): FfmpegReading {
  const child = spawnSync(process.execPath, [CHILD, path], { maxBuffer: 2 ** 30, encoding: 'utf8' })
  if (child.status !== 0) throw new Error(`FFmpeg failed (${child.status ?? child.signal}): ${child.stderr}`)
  const { streams, packets } = JSON.parse(child.stdout) as ChildOutput
  return {
    streams: streams.map((stream) => ({
      ...stream,
      extradata: new Uint8Array(Buffer.from(stream.extradata, 'base64')),
    })),
    packets: packets.map((packet) => ({ ...packet, data: Buffer.from(packet.data, 'base64') })),
    stderr: child.stderr,
  }
}

/** As above, for bytes in memory. */
export function readBytesWithFfmpeg(bytes: Uint8Array, extension = 'mp4'): FfmpegReading {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-mp4-'))
  try {
    const path = join(folder, `file.${extension}`)
    writeFileSync(path, bytes)
    return readWithFfmpeg(path)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Path of a shared clip; undefined where the folder is missing. */
export function clipPath(name: string): string | undefined {
  const path = join(REPO, '../shared/media', name)
  return existsSync(path) ? path : undefined
}
