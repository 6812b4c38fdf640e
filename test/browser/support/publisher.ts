import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
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
  static start(url: string, { picture = PICTURE, seconds = CLIP_SECONDS }: LoopedClip = {}): LoopPublisher {
    return new LoopPublisher(hasCommand('ffmpeg') ? loopClips([[clipPath(picture, seconds), url]]) : encodeLive(url))
  }

  /** Several of one encoder, in step; needs the ffmpeg command. */
  static startLadder(members: readonly { readonly url: string; readonly picture: string }[]): LoopPublisher {
    return new LoopPublisher(loopClips(members.map(({ url, picture }) => [clipPath(picture, CLIP_SECONDS), url])))
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
function clipPath(picture: string, seconds: number): string {
  const key = `${picture} ${seconds}`
  const known = madeClips.get(key)
  if (known !== undefined) return known
  const folder = mkdtempSync(join(tmpdir(), 'millrace-publish-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'clip.flv')
  makeClip(picture, seconds, path)
  madeClips.set(key, path)
  return path
}

function makeClip(picture: string, seconds: number, path: string): void {
  const sources = ['-f', 'lavfi', '-i', picture, '-f', 'lavfi', '-i', TONE, '-t', String(seconds)]
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
  const audio = ['-c:a', 'aac', '-ac', '2', '-b:a', '128k']
  execFileSync('ffmpeg', ['-v', 'error', '-nostdin', ...sources, ...video, ...audio, path])
}

function loopClips(clips: readonly (readonly [path: string, url: string])[]): ChildProcess {
  const inputs = clips.flatMap(([path]) => ['-re', '-stream_loop', '-1', '-i', path])
  const outputs = clips.flatMap(([, url], at) => ['-map', String(at), '-c', 'copy', '-f', 'flv', url])
  return spawn('ffmpeg', ['-v', 'error', '-nostdin', ...inputs, ...outputs], { stdio: ['ignore', 'ignore', 'pipe'] })
}

function encodeLive(url: string): ChildProcess {
  return spawn(process.execPath, [AV_PUBLISHER, url], { stdio: ['ignore', 'ignore', 'pipe'] })
}
