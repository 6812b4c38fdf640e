import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT, skipUnless } from '../../support/requirements.ts'
import type { AvMethods, AvReply } from './av-messages.ts'

export const skipWithoutNodeAv = (): string | false =>
  skipUnless(existsSync(join(ROOT, 'node_modules/node-av')), 'node-av')

type Waiter = { readonly resolve: (result: unknown) => void; readonly reject: (error: Error) => void }

/** FFmpeg 8.1 in a process of its own: makes, copies, reads and publishes. */
export class Av implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #waiters = new Map<number, Waiter>()
  #count = 0
  stderr = ''

  constructor() {
    this.#child = fork(join(import.meta.dirname, 'av-child.ts'), { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
    this.#child.stderr?.on('data', (bytes: Buffer) => {
      this.stderr += bytes.toString()
    })
    this.#child.on('message', (reply: AvReply) => this.#onReply(reply))
    this.#child.on('exit', (code, signal) => this.#fail(`FFmpeg's process ended (${code ?? signal}): ${this.stderr}`))
  }

  call<M extends keyof AvMethods>(method: M, params: Parameters<AvMethods[M]>[0]): Promise<ReturnType<AvMethods[M]>> {
    const id = ++this.#count
    return new Promise((resolve, reject) => {
      this.#waiters.set(id, { resolve: (result) => resolve(result as ReturnType<AvMethods[M]>), reject })
      this.#child.send({ id, method, params }, (error) => error && this.#fail(error.message))
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exited
  }

  #onReply(reply: AvReply): void {
    const waiter = this.#waiters.get(reply.id)
    this.#waiters.delete(reply.id)
    if ('error' in reply) waiter?.reject(new Error(`FFmpeg: ${reply.error}`))
    else waiter?.resolve(reply.result)
  }
  #fail(message: string): void {
    for (const { reject } of this.#waiters.values()) reject(new Error(message))
    this.#waiters.clear()
  }
}
