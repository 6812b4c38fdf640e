import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { hasCommand } from '../../support/requirements.ts'

/** Moving colour, and a tone that is not the same twice a second. */
export const PICTURE = 'gradients=s=1280x720:r=30:n=4:c0=0x0a1a2a:c1=0x0b6b66:c2=0x4fd1c3:c3=0x10211f:speed=0.02'
export const TONE = 'sine=f=330:b=4:r=48000'

const AV_PUBLISHER = fileURLToPath(new URL('./av-publisher.ts', import.meta.url))
const CLIP_SECONDS = 6

export type LoopedClip = {
  /** A source of FFmpeg's lavfi. */
  readonly picture?: string
  /** Where it starts over the times are not exactly those of an encoder that goes on: longer where that matters. */
  readonly seconds?: number
  readonly sampleRateHz?: number
}

/** Publishes H.264 with B-frames and AAC over RTMP until it is disposed of. */
export class LoopPublisher implements AsyncDisposable {
  readonly #child: ChildProcess
  #stderr = ''

  private constructor(child: ChildProcess) {
    this.#child = child
    child.stderr?.on('data', (bytes: Buffer) => {
      this.#stderr += bytes.toString()
    })
  }

  /** By the ffmpeg command where there is one, else by the FFmpeg inside node-av. */
  static start(url: string, clip: LoopedClip = {}): LoopPublisher {
    return new LoopPublisher(hasCommand('ffmpeg') ? loopClips([[clipPath(clip), url]]) : encodeLive(url))
  }

  /** Several of one encoder, in step; who is thrown out comes back after a while. Needs the ffmpeg command. */
  static startLadder(members: readonly { readonly url: string; readonly picture: string }[]): LoopPublisher {
    return new LoopPublisher(loopClips(members.map(({ url, picture }) => [clipPath({ picture }), url])))
  }

  /** Of a clip that is there already, at once; needs the ffmpeg command. */
  static startClip(url: string, path: string): LoopPublisher {
    return new LoopPublisher(loopClips([[path, url]]))
  }

  /** What it complained about. */
  get stderr(): string {
    return this.#stderr
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exited
  }
}

const madeClips = new Map<string, string>()

/** Made once, removed when the tests of this process are over. */
function madeOnce(key: string, make: (path: string) => void): string {
  const known = madeClips.get(key)
  if (known !== undefined) return known
  const folder = mkdtempSync(join(tmpdir(), 'millrace-publish-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'clip.flv')
  make(path)
  madeClips.set(key, path)
  return path
}

function clipPath(clip: LoopedClip): string {
  return madeOnce(JSON.stringify(clip), (path) => makeClip(clip, path))
}

/** Clips one behind the other: what they do not share changes in mid-stream. Needs the ffmpeg command. */
export function joinedPath(clips: readonly LoopedClip[]): string {
  return madeOnce(JSON.stringify(clips), (path) => {
    const muxed = clips.map((clip) => readFileSync(clipPath(clip)))
    const startsMs = clips.map((_, at) => clips.slice(0, at).reduce((sum, clip) => sum + secondsOf(clip) * 1000, 0))
    writeFileSync(path, Buffer.concat(muxed.map((flv, at) => (at === 0 ? flv : laterTags(flv, startsMs[at] ?? 0)))))
  })
}

const FLV_HEADER_BYTES = 13
const TAG_OVERHEAD_BYTES = 15

/** The tags of an FLV file for behind another. Adobe FLV Specification v10.1, E.4.1. */
function laterTags(flv: Buffer, byMs: number): Buffer {
  const tags = Buffer.from(flv.subarray(FLV_HEADER_BYTES))
  for (let at = 0; at < tags.length; at += TAG_OVERHEAD_BYTES + tags.readUIntBE(at + 1, 3))
    tags.writeUIntBE(tags.readUIntBE(at + 4, 3) + byMs, at + 4, 3)
  return tags
}

function secondsOf({ seconds = CLIP_SECONDS }: LoopedClip): number {
  return seconds
}

function makeClip(clip: LoopedClip, path: string): void {
  const { picture = PICTURE, sampleRateHz = 48_000 } = clip
  const sources = ['-f', 'lavfi', '-i', picture, '-f', 'lavfi', '-i', TONE, '-t', String(secondsOf(clip))]
  const video = [
    '-c:v',
    'libx264',
    '-preset',
    'veryfast',
    '-bf',
    '2',
    '-g',
    '30',
    '-sc_threshold',
    '0',
    '-pix_fmt',
    'yuv420p',
  ]
  const audio = ['-c:a', 'aac', '-ar', String(sampleRateHz), '-ac', '2', '-b:a', '128k']
  execFileSync('ffmpeg', ['-v', 'error', '-nostdin', ...sources, ...video, ...audio, path])
}

/** Each output has a queue of its own, which connects again when it was thrown out. */
const RECOVERING = [
  ...['-f', 'fifo', '-fifo_format', 'flv', '-attempt_recovery', '1', '-recovery_wait_time', '4'],
  ...['-drop_pkts_on_overflow', '1', '-restart_with_keyframe', '1'],
]

function loopClips(clips: readonly (readonly [path: string, url: string])[]): ChildProcess {
  const inputs = clips.flatMap(([path]) => ['-re', '-stream_loop', '-1', '-i', path])
  const format = clips.length > 1 ? RECOVERING : ['-f', 'flv']
  const outputs = clips.flatMap(([, url], at) => ['-map', String(at), '-c', 'copy', ...format, url])
  return spawn('ffmpeg', ['-v', 'error', '-nostdin', ...inputs, ...outputs], { stdio: ['ignore', 'ignore', 'pipe'] })
}

function encodeLive(url: string): ChildProcess {
  return spawn(process.execPath, [AV_PUBLISHER, url], { stdio: ['ignore', 'ignore', 'pipe'] })
}
