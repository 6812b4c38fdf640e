import { type ChildProcess, spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { extname } from 'node:path'
import type { Duplex } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { Logger } from '../../../platform/telemetry/index.ts'
import type { Message } from '../channel/message.ts'
import { MessagePipe } from '../channel/message-pipe.ts'
import { LogLines } from './log-lines.ts'

export type ChildHandlers = {
  readonly onMessage: (message: Message) => void
  /** Once: the process is gone and nothing more comes. */
  readonly onExit: (reason: string) => void
}

const CHANNEL_FD = 3
const LEAST_THREADS = 4
/** Decoders read what strangers send; they need none of the server's secrets. */
const PASSED_ENVIRONMENT = [
  'PATH',
  'HOME',
  'TMPDIR',
  'TEMP',
  'TMP',
  'TZ',
  'LANG',
  'LC_ALL',
  'LD_LIBRARY_PATH',
  'SystemRoot',
  'AV_FROM_SOURCE',
  'NODE_COMPILE_CACHE',
  'NODE_V8_COVERAGE',
]

/** One running codec process and the channel to it. */
export class ChildLink {
  readonly #child: ChildProcess
  readonly #handlers: ChildHandlers
  readonly #pipe: MessagePipe | undefined
  #problem: string | undefined
  #gone = false

  /** `args`: after the package of the codecs. */
  constructor(
    { library, args = [] }: { readonly library: string; readonly args?: readonly string[] },
    log: Logger,
    handlers: ChildHandlers,
  ) {
    this.#handlers = handlers
    this.#child = spawn(process.execPath, [entryPath(), library, ...args], {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
      env: childEnvironment(),
      windowsHide: true,
    })
    this.#child.on('error', (error) => this.#exited(`could not start: ${error.message}`))
    // 'close' comes after the last byte of every pipe, so no result is lost that was sent before the exit.
    this.#child.on('close', (code, signal) => this.#exited(this.#problem ?? exitReason(code, signal)))
    if (this.#child.stderr) new LogLines(log).read(this.#child.stderr)
    this.#pipe = this.#openPipe()
  }

  get pid(): number | undefined {
    return this.#child.pid
  }
  send(type: number, header: Message['header'], payload?: Uint8Array): void {
    this.#pipe?.send(type, header, payload)
  }
  /** Takes nothing more from the child, which finds its channel full. A death shows only after `resume`. */
  pause(): void {
    this.#pipe?.pause()
  }
  resume(): void {
    this.#pipe?.resume()
  }
  /** The child ends by itself once its channel is closed; it need not be in a state to notice anything else. */
  close(): void {
    this.#pipe?.close()
  }
  /** For a process that may be frozen. `reason` is what `onExit` tells. */
  kill(reason: string): void {
    this.#problem ??= reason
    this.#child.kill('SIGKILL')
  }

  #openPipe(): MessagePipe | undefined {
    const stream = this.#child.stdio[CHANNEL_FD] as Duplex | null | undefined
    if (!stream) return undefined
    return new MessagePipe(stream, {
      onMessage: (message) => this.#handlers.onMessage(message),
      onClose: (error) => error && this.kill(`sent something broken: ${error.message}`),
    })
  }
  #exited(reason: string): void {
    if (this.#gone) return
    this.#gone = true
    this.#pipe?.close()
    this.#handlers.onExit(reason)
  }
}

function exitReason(code: number | null, signal: string | null): string {
  return signal ? `ended by ${signal}` : `ended with code ${code}`
}

/** Beside this file as source or compiled. */
function entryPath(): string {
  const extension = extname(fileURLToPath(import.meta.url))
  return fileURLToPath(new URL(`../child/codec-process${extension}`, import.meta.url))
}

function childEnvironment(): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = {}
  for (const name of PASSED_ENVIRONMENT) {
    const value = process.env[name]
    if (value !== undefined) environment[name] = value
  }
  // The decoder and the encoders of a ladder work on these at the same time.
  environment.UV_THREADPOOL_SIZE = String(Math.max(LEAST_THREADS, availableParallelism()))
  return environment
}
