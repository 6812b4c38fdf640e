import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { accepting, freePort } from './ports.ts'
import { nativeProgram, pinned, SERVER_CPU, start, stopProcess } from './processes.ts'
import { flvTarget, rtmpTarget, type TagTarget } from './publisher.ts'
import type { Protocol } from './requests.ts'

export type ViewerEntrance = { readonly protocol: Protocol; readonly port: number }

/** A server under test. */
export interface BenchTarget extends AsyncDisposable {
  readonly label: string
  readonly pid: number
  /** Runs as fast from its start as it ever will. */
  readonly isCompiled: boolean
  /** What viewers of a protocol are to speak here, and where; undefined where the server cannot serve them. */
  viewers(protocol: Protocol): ViewerEntrance | undefined
  publish(stream: string): Promise<TagTarget>
}

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
/** What `npm start` runs; made by `prebench`. */
export const BUNDLED_MAIN = fileURLToPath(new URL('../../build/main.js', import.meta.url))
const READY_MS = 15_000

export type MillraceOptions = {
  readonly label: string
  readonly sets: readonly string[]
  readonly workers: number
  /** Cores as taskset names them; the server's one core where absent. */
  readonly cpus?: string
  readonly nodeArgs?: readonly string[]
  /** The program; the sources where absent. */
  readonly main?: string
}

export class MillraceTarget implements BenchTarget {
  readonly label: string
  readonly isCompiled = false
  readonly storagePath = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
  readonly #child: ChildProcess
  readonly #ports = new Map<string, number>()
  /** From the start of the process to the first listener that accepts. */
  acceptMs = 0
  output = ''

  private constructor({
    label,
    sets,
    workers,
    cpus = String(SERVER_CPU),
    nodeArgs = [],
    main = MAIN,
  }: MillraceOptions) {
    this.label = label
    const all = [`workers=${workers}`, `storage.path=${this.storagePath}`, 'http.port=0', 'rtmp.port=0', ...sets]
    const args = [...nodeArgs, main, 'serve', ...[...all, 'log.format=json'].flatMap((set) => ['--set', set])]
    this.#child = start(...pinned(cpus, process.execPath, args))
  }
  static async start(options: MillraceOptions): Promise<MillraceTarget> {
    const startedMs = performance.now()
    const target = new MillraceTarget(options)
    await target.#listening(startedMs)
    return target
  }
  #listening(startedMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const { stdout } = this.#child
      if (!stdout) return reject(new Error('the server has no output'))
      const timer = setTimeout(() => reject(new Error('the server did not start')), READY_MS)
      createInterface(stdout).on('line', (text) => {
        this.output += `${text}\n`
        if (!text.includes('"listening"')) return
        const { listener, port } = JSON.parse(text) as { listener: string; port: number }
        if (this.#ports.size === 0) this.acceptMs = performance.now() - startedMs
        this.#ports.set(listener, port)
        if (!this.#ports.has('http') || !this.#ports.has('rtmp')) return
        clearTimeout(timer)
        resolve()
      })
    })
  }
  get pid(): number {
    return this.#child.pid ?? 0
  }
  get httpPort(): number {
    return this.#ports.get('http') ?? 0
  }
  rtmpUrl(stream: string): string {
    return `rtmp://127.0.0.1:${this.#ports.get('rtmp') ?? 0}/${stream}`
  }
  viewers(protocol: Protocol): ViewerEntrance {
    return { protocol, port: this.#ports.get(protocol === 'rtmp' ? 'rtmp' : 'http') ?? 0 }
  }
  publish(stream: string): Promise<TagTarget> {
    return rtmpTarget(this.#ports.get('rtmp') ?? 0, stream)
  }
  /** The sum of a metric over its labels; `label` narrows it. */
  async metric(name: string, label = ''): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${this.httpPort}/metrics`)).text()
    const lines = text.split('\n').filter((line) => line.startsWith(name) && line.includes(label))
    return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await stopProcess(this.#child)
    rmSync(this.storagePath, { recursive: true, force: true })
  }
}

const BARE_NODE = fileURLToPath(new URL('../programs/bare-node.ts', import.meta.url))
/** The floor: a C program that does nothing but the writes; and the same in Node. */
const FLOORS = {
  limit: () => [nativeProgram('limit')],
  'bare node': () => [process.execPath, BARE_NODE],
} as const
export type Floor = keyof typeof FLOORS

export class LimitTarget implements BenchTarget {
  readonly label: string
  readonly isCompiled: boolean
  readonly #child: ChildProcess
  readonly #port: number

  private constructor(port: number, floor: Floor, flushMs: number) {
    this.label = flushMs === 0 ? `${floor}, every frame` : `${floor}, ${flushMs} ms`
    this.isCompiled = floor === 'limit'
    this.#port = port
    const mode = flushMs === 0 ? ['frame'] : ['batch', String(flushMs)]
    const [program = '', ...args] = FLOORS[floor]()
    this.#child = start(...pinned(SERVER_CPU, program, [...args, String(port), ...mode]))
  }
  static async start(flushMs: number, floor: Floor = 'limit'): Promise<LimitTarget> {
    const port = await freePort()
    const target = new LimitTarget(port, floor, flushMs)
    await accepting(port)
    return target
  }
  get pid(): number {
    return this.#child.pid ?? 0
  }
  /** HTTP-FLV whatever is asked for: the floor of every protocol. */
  viewers(): ViewerEntrance {
    return { protocol: 'flv', port: this.#port }
  }
  publish(): Promise<TagTarget> {
    return flvTarget(this.#port + 1)
  }
  [Symbol.asyncDispose](): Promise<void> {
    return stopProcess(this.#child)
  }
}

/** Debian's nginx with its RTMP module, for comparison. */
export class NginxRtmpTarget implements BenchTarget {
  readonly label = 'nginx-rtmp'
  readonly isCompiled = true
  readonly #child: ChildProcess
  readonly #folder: string
  readonly #port: number

  private constructor(port: number) {
    this.#port = port
    this.#folder = mkdtempSync(join(tmpdir(), 'millrace-nginx-'))
    const config = join(this.#folder, 'nginx.conf')
    writeFileSync(
      config,
      `load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;
worker_processes 1; daemon off; pid ${this.#folder}/pid; error_log ${this.#folder}/error.log;
worker_rlimit_nofile 30000; events { worker_connections 25000; }
rtmp { server { listen 127.0.0.1:${port}; chunk_size 65536; application live { live on; wait_key on; } } }\n`,
    )
    this.#child = start(...pinned(SERVER_CPU, 'nginx', ['-c', config, '-p', this.#folder]))
  }
  static async start(): Promise<NginxRtmpTarget> {
    const port = await freePort()
    const target = new NginxRtmpTarget(port)
    await accepting(port)
    return target
  }
  get pid(): number {
    return this.#child.pid ?? 0
  }
  viewers(protocol: Protocol): ViewerEntrance | undefined {
    return protocol === 'rtmp' ? { protocol, port: this.#port } : undefined
  }
  publish(stream: string): Promise<TagTarget> {
    return rtmpTarget(this.#port, stream)
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await stopProcess(this.#child)
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
