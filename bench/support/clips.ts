import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { FlvDemuxer } from '../../src/media/formats/flv/index.ts'
import type { Frame, Track } from '../../src/media/model/index.ts'

/** What a clip shows and sounds like, in the words of FFmpeg's lavfi. */
export type ClipOrder = {
  readonly picture: string
  readonly sound: string
  readonly seconds: number
  readonly keyframeEvery: number
  readonly kbps: number
}
export type Clip = { readonly tracks: readonly Track[]; readonly frames: readonly Frame[] }

/** What an encoder that streams gives: 30 pictures a second, 4 Mbit/s, with B-frames, moving and noisy. */
export function streamedClip(seconds: number, size = '1280x720'): ClipOrder {
  return {
    picture: `testsrc2=s=${size}:r=30:d=${seconds},noise=alls=4:allf=t`,
    sound: `sine=f=440:r=48000:d=${seconds}`,
    seconds,
    keyframeEvery: 60,
    kbps: 4000,
  }
}

/** Runs a program of `bench/programs` and reads the JSON that it prints. */
export async function runProgram<T>(name: string, args: readonly string[]): Promise<T> {
  const program = fileURLToPath(new URL(`../programs/${name}.ts`, import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...args], { maxBuffer: 2 ** 28 })
  return (stdout === '' ? undefined : JSON.parse(stdout)) as T
}
/** `path` ends in .flv. */
export async function makeClip(path: string, order: ClipOrder): Promise<void> {
  await runProgram('make-clip', [path, JSON.stringify(order)])
}

/** H.264 and AAC in an FLV file. */
export function readClip(path: string): Clip {
  const tracks: Track[] = []
  const frames: Frame[] = []
  const demuxer = new FlvDemuxer({
    onTrack: (track) => tracks.push(track),
    onFrame: (frame) => frames.push({ ...frame, data: frame.data.slice() }),
  })
  demuxer.push(readFileSync(path))
  demuxer.flush()
  return { tracks, frames }
}
