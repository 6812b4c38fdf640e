import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { LOAD_CPU, nativeProgram, pinned, start, stopProcess } from './processes.ts'

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
  readonly port: number
  readonly viewers: number
  readonly perSecond: number
  readonly request: Uint8Array
  /** So many of them never read. */
  readonly stalled?: number
}

/** Viewers that cost next to nothing: a process of its own that throws away what it gets. */
export class Drain implements AsyncDisposable {
  readonly pid: number
  readonly #child: ChildProcess
  readonly #folder = mkdtempSync(join(tmpdir(), 'millrace-drain-'))
  readonly #waiting: ((window: DrainWindow) => void)[] = []

  constructor({ port, viewers, perSecond, request, stalled = 0 }: DrainOptions) {
    const file = join(this.#folder, 'request')
    writeFileSync(file, request)
    const args = ['127.0.0.1', port, viewers, perSecond, file, stalled].map(String)
    this.#child = start(...pinned(LOAD_CPU, nativeProgram('drain'), args))
    this.pid = this.#child.pid ?? 0
    if (!this.#child.stdout) throw new Error('the drain has no output')
    createInterface(this.#child.stdout).on('line', (line) => this.#waiting.shift()?.(JSON.parse(line) as DrainWindow))
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
