import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Worker } from 'node:worker_threads'
import { type MillraceServer, startServer } from '../../src/app/server.ts'
import { loadConfig } from '../../src/platform/config/load-config.ts'
import type { LogLine } from '../../src/platform/telemetry/index.ts'
import { poll } from './poll.ts'

/** A server inside the test's own process, whose threads can be got at. */
export class InnerServer implements AsyncDisposable {
  readonly lines: LogLine[] = []
  /** Every media worker that was started, by its name (`media 0`); a later one takes the place of one that died. */
  readonly workers = new Map<string, Worker>()
  readonly #folder = mkdtempSync(join(tmpdir(), 'millrace-inner-'))
  readonly #onWorker = (worker: Worker) => this.workers.set(worker.threadName ?? '', worker)
  #server: MillraceServer | undefined

  static async start(sets: readonly string[]): Promise<InnerServer> {
    const inner = new InnerServer()
    process.on('worker', inner.#onWorker)
    const all = ['http.port=0', 'rtmp.port=0', 'api.adminToken=not-a-secret', `storage.path=${inner.#folder}`, ...sets]
    const config = await loadConfig({ sets: all, env: {} })
    inner.#server = await startServer({ config, writeLog: (line) => inner.lines.push(line) })
    return inner
  }
  http(path: string): string {
    const port = this.#server?.addresses.find(({ listener }) => listener === 'http')?.port
    return `http://127.0.0.1:${port}/${path}`
  }
  /** Lines of one event that concern a stream, or any. */
  linesOf(event: string, stream?: string): LogLine[] {
    return this.lines.filter((line) => line.event === event && (stream === undefined || line.fields.stream === stream))
  }
  /** Resolves with the owner of a stream that is live. */
  async live(stream: string): Promise<number> {
    const started = await poll(`${stream} to start`, () => this.linesOf('stream.started', stream).at(-1))
    await poll(`the tracks of ${stream}`, async () => {
      const response = await fetch(this.http(`api/v1/streams/${stream}`))
      const { tracks = [] } = (await response.json()) as { tracks?: readonly unknown[] }
      return tracks.length > 0 || undefined
    })
    return Number(started.fields.worker)
  }
  async [Symbol.asyncDispose](): Promise<void> {
    process.off('worker', this.#onWorker)
    await this.#server?.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
