import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The project's clips, beside the repository. */
const MEDIA = join(import.meta.dirname, '../../../../../../shared/media')
const FFMPEG = '/usr/bin/ffmpeg'

/** Why a test cannot run, for node:test's `skip`; false where it can. */
export const withoutFfmpeg = existsSync(FFMPEG) ? false : `${FFMPEG} is missing`

export function clipPath(name: string): string {
  return join(MEDIA, name)
}

export function withoutClip(name: string): string | false {
  return existsSync(clipPath(name)) ? false : `${clipPath(name)} is missing`
}

export function readClip(name: string): Uint8Array {
  return new Uint8Array(readFileSync(clipPath(name)))
}

/** What FFmpeg writes to a file of this extension; its own file is removed again. */
export function encode(extension: string, args: readonly string[]): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-ts-'))
  try {
    const path = join(folder, `out.${extension}`)
    const result = spawnSync(FFMPEG, ['-hide_banner', '-loglevel', 'error', '-y', ...args, path])
    if (result.status !== 0) throw new Error(`ffmpeg ${args.join(' ')}: ${result.stderr}`)
    return new Uint8Array(readFileSync(path))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** A packet as node-av's FFmpeg 8.1 reads it, in a process of its own. */
export type FfmpegPacket = {
  readonly stream: number
  readonly pts: number
  readonly dts: number
  readonly isKey: boolean
  readonly md5: string
}
export type FfmpegReading = {
  readonly streams: readonly { readonly pid: number; readonly codecId: number }[]
  readonly packets: readonly FfmpegPacket[]
  readonly stderr: string
}

const READER = `
import { createHash } from 'node:crypto'
import { Demuxer } from 'node-av'
const input = await Demuxer.open(process.argv[1], { format: 'mpegts' })
const streams = input.streams.map((s) => ({ pid: s.id, codecId: s.codecpar.codecId }))
const packets = []
for await (using p of input.packets()) {
  if (p) packets.push({ stream: p.streamIndex, pts: Number(p.pts), dts: Number(p.dts), isKey: p.isKeyframe,
    md5: createHash('md5').update(p.data).digest('hex') })
}
await input.close()
console.log(JSON.stringify({ streams, packets }))
`

/** Lets FFmpeg 8.1 read a transport stream; undefined where node-av is not installed. */
export function readWithFfmpeg(path: string): FfmpegReading {
  const result = spawnSync(process.execPath, ['--input-type=module', '-e', READER, path], {
    maxBuffer: 2 ** 28,
    cwd: join(import.meta.dirname, '../../../../..'),
  })
  if (result.status !== 0) throw new Error(`node-av: ${result.stderr}`)
  return { ...JSON.parse(String(result.stdout)), stderr: String(result.stderr) }
}

export const withoutNodeAv = existsSync(join(import.meta.dirname, '../../../../../node_modules/node-av'))
  ? false
  : 'node-av is not installed'

export function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex')
}
