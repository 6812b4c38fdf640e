import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'

export type Outcome = { readonly code: number; readonly stdout: string; readonly stderr: string }

/** An outside program; ended with the test that started it. */
export class Command implements AsyncDisposable {
  readonly outcome: Promise<Outcome>
  readonly #child: ChildProcess

  constructor(program: string, args: readonly string[]) {
    this.#child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    const output = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const) {
      this.#child[name]?.on('data', (bytes: Buffer) => {
        output[name] += bytes.toString()
      })
    }
    this.outcome = once(this.#child, 'close').then(([code, signal]) => ({ code: code ?? (signal ? -1 : 0), ...output }))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGKILL')
    await this.outcome
  }
}

/** Runs a program to its end. */
export async function run(program: string, args: readonly string[]): Promise<Outcome> {
  await using command = new Command(program, args)
  return await command.outcome
}
