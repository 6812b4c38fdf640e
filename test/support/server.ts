import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { checkLists } from './check-lists.ts'
import { poll } from './poll.ts'
import { ROOT } from './requirements.ts'

export type LogLine = { readonly level: string; readonly event: string; readonly [field: string]: unknown }

/** All servers of a test run with so many media workers, whatever a test asks for. */
const WORKERS = process.env.MILLRACE_TEST_WORKERS

type Waiter = { readonly matches: (line: LogLine) => boolean; readonly resolve: (line: LogLine) => void }

/** A real server in a process of its own, on free ports. Ends with the test that started it. */
export class TestServer implements AsyncDisposable {
  readonly lines: LogLine[] = []
  readonly storagePath: string
  stderr = ''
  readonly #child: ChildProcess
  readonly #waiters = new Set<Waiter>()
  readonly #ports = new Map<string, number>()
  readonly #ownsStorage: boolean

  private constructor(child: ChildProcess, storage: { readonly path: string; readonly isOwn: boolean }) {
    this.#child = child
    this.storagePath = storage.path
    this.#ownsStorage = storage.isOwn
    if (child.stdout) createInterface(child.stdout).on('line', (text) => this.#onLine(text))
    child.stderr?.on('data', (bytes: Buffer) => {
      this.stderr += bytes.toString()
    })
  }

  /** `sets` as on the command line. Resolves when all listeners accept. */
  static async start(sets: readonly string[] = [], options: TestServerOptions = {}): Promise<TestServer> {
    const path = options.storagePath ?? mkdtempSync(join(tmpdir(), 'millrace-test-'))
    const all = ['http.port=0', 'rtmp.port=0', 'log.format=json', 'log.level=debug', `storage.path=${path}`, ...sets]
    if (WORKERS !== undefined) all.push(`workers=${WORKERS}`)
    const args = [
      'src/main.ts',
      'start',
      ...all.flatMap((set) => ['--set', set]),
      ...(options.demo ? [] : ['--no-demo']),
    ]
    const env = { ...process.env, MILLRACE_POISON_FREED: '1', ...options.env }
    const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] })
    const server = new TestServer(child, { path, isOwn: options.storagePath === undefined })
    const exited = once(child, 'exit').then(() => {
      throw new Error(`the server ended at its start: ${server.stderr}`)
    })
    exited.catch(() => {})
    const hasTls = sets.some((set) => set.startsWith('tls.'))
    const expected = hasTls ? ['http', 'https', 'rtmp', 'rtmps'] : ['http', 'rtmp']
    for (const listener of expected) {
      const line = await Promise.race([
        server.log((each) => each.event === 'listening' && each.listener === listener),
        exited,
      ])
      server.#ports.set(listener, Number(line.port))
    }
    return server
  }

  get pid(): number {
    return this.#child.pid ?? -1
  }
  port(listener: 'http' | 'https' | 'rtmp' | 'rtmps'): number {
    return this.#ports.get(listener) ?? 0
  }
  /** `http://127.0.0.1:port/path` */
  http(path: string): string {
    return `http://127.0.0.1:${this.port('http')}/${path}`
  }
  ws(path: string): string {
    return `ws://127.0.0.1:${this.port('http')}/${path}`
  }
  rtmp(path: string): string {
    return `rtmp://127.0.0.1:${this.port('rtmp')}/${path}`
  }
  async json<T>(path: string): Promise<T> {
    const response = await fetch(this.http(path))
    return (await response.json()) as T
  }

  /** The first line, past or to come, that matches. */
  log(matches: (line: LogLine) => boolean): Promise<LogLine> {
    const past = this.lines.find(matches)
    if (past) return Promise.resolve(past)
    return new Promise((resolve) => this.#waiters.add({ matches, resolve }))
  }
  /** Resolves when `stream` has a publisher whose tracks are known. */
  async live(stream: string): Promise<void> {
    // The line is written when every worker knows the stream.
    await this.log((line) => line.event === 'stream.started' && line.stream === stream)
    await poll(`the tracks of ${stream}`, async () => {
      const answer = await fetch(this.http(`api/v1/streams/${stream}`))
      const { tracks } = (await answer.json()) as { tracks?: readonly unknown[] }
      return tracks && tracks.length > 0 ? true : undefined
    })
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = once(this.#child, 'exit')
    this.#child.kill(signal)
    await exited
  }
  /** Whatever a test was about: the lists that it leaves behind keep to their standards. */
  async [Symbol.asyncDispose](): Promise<void> {
    const isAlive = this.#child.exitCode === null && this.#child.signalCode === null && this.#ports.has('rtmp')
    const problems = isAlive ? await checkLists(this.http('')) : []
    await this.stop()
    if (this.#ownsStorage) rmSync(this.storagePath, { recursive: true, force: true })
    assert.deepEqual(problems, [])
  }

  #onLine(text: string): void {
    if (!text.startsWith('{')) return
    const line = JSON.parse(text) as LogLine
    this.lines.push(line)
    for (const waiter of this.#waiters) {
      if (!waiter.matches(line)) continue
      this.#waiters.delete(waiter)
      waiter.resolve(line)
    }
  }
}

export type TestServerOptions = {
  readonly demo?: 'demo'
  readonly env?: NodeJS.ProcessEnv
  /** Kept at the end; absent: a fresh folder that is removed. */
  readonly storagePath?: string
}
