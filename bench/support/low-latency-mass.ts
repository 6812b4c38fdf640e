import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { LOAD_CPU, nativeProgram, pinned, start, stopProcess } from './processes.ts'

export type MassFigures = { readonly parts: number; readonly lists: number; readonly refusals: number }

/** Viewers of Low-Latency HLS that cost little and measure nothing: a process of its own. */
export class LowLatencyMass implements AsyncDisposable {
  readonly pid: number
  readonly #child: ChildProcess

  constructor(port: number, stream: string, viewers: number) {
    const args = [String(port), `/${stream}/`, String(viewers)]
    this.#child = start(...pinned(LOAD_CPU, nativeProgram('llhls'), args))
    this.pid = this.#child.pid ?? 0
  }
  /** From now on is counted. */
  reset(): void {
    this.#child.kill('SIGUSR1')
  }
  /** Ends it. */
  async end(): Promise<MassFigures> {
    const { stdout } = this.#child
    if (!stdout || this.#child.exitCode !== null) throw new Error('the viewers broke off')
    const said = once(createInterface(stdout), 'line')
    this.#child.kill('SIGTERM')
    const [line] = (await said) as [string]
    return JSON.parse(line) as MassFigures
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await stopProcess(this.#child)
  }
}
