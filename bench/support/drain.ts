import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { RELOAD_MS, TRACKS } from './hls-viewer.ts'
import { LOAD_CPU, nativeProgram, pinned, start, stopProcess } from './processes.ts'
import { type Protocol, viewerRequest } from './requests.ts'

/** What the drain counted since the mark before. */
export type DrainWindow = {
  readonly windowSeconds: number
  readonly bytes: number
  readonly open: number
  readonly started: number
  readonly dropped: number
  readonly starved: number
  readonly firstByteP50Ms: number
  readonly firstByteP99Ms: number
}
export type DrainOptions = {
  readonly protocol: Protocol
  readonly port: number
  readonly stream: string
  readonly viewers: number
  readonly perSecond: number
  /** So many of them never read. */
  readonly stalled: number
}

type Program = readonly [command: string, args: readonly string[]]

function hlsProgram({ port, stream, viewers, perSecond }: DrainOptions): Program {
  const args = [port, viewers, perSecond, `/${stream}/`, TRACKS.length, RELOAD_MS]
  return [nativeProgram('hlsdrain'), args.map(String)]
}

/** Viewers that cost next to nothing: a process of its own that throws away what it gets. */
export class Drain implements AsyncDisposable {
  readonly pid: number
  readonly #child: ChildProcess
  readonly #folder = mkdtempSync(join(tmpdir(), 'millrace-drain-'))
  readonly #waiting: ((window: DrainWindow) => void)[] = []

  constructor(options: DrainOptions) {
    const { protocol, stalled } = options
    if (protocol === 'hls' && stalled > 0) throw new Error('viewers of hls ask for each segment: none can stall')
    const program = protocol === 'hls' ? hlsProgram(options) : this.#streamProgram(options, protocol)
    this.#child = start(...pinned(LOAD_CPU, ...program))
    this.pid = this.#child.pid ?? 0
    if (!this.#child.stdout) throw new Error('the drain has no output')
    createInterface(this.#child.stdout).on('line', (line) => this.#waiting.shift()?.(JSON.parse(line) as DrainWindow))
  }

  /** Its viewers say everything at once, and read for ever. */
  #streamProgram(options: DrainOptions, protocol: Exclude<Protocol, 'hls'>): Program {
    const { port, stream, viewers, perSecond, stalled } = options
    const file = join(this.#folder, 'request')
    writeFileSync(file, viewerRequest(protocol, port, stream))
    return [nativeProgram('drain'), ['127.0.0.1', port, viewers, perSecond, file, stalled].map(String)]
  }
  /** Ends the present window and starts the next. */
  mark(): Promise<DrainWindow> {
    return new Promise((resolve, reject) => {
      this.#waiting.push(resolve)
      this.#child.once('exit', () => reject(new Error('the drain ended')))
      this.#child.stdin?.write('mark\n')
    })
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await stopProcess(this.#child)
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
