import { type ChildProcess, execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Column, formatTable, medianOf } from '../support/figures.ts'
import { accepting, freePort } from '../support/ports.ts'
import { cpuTime, LOAD_CPU, nativeProgram, pinned, SERVER_CPU, start, stopProcess } from '../support/processes.ts'
import { Publisher } from '../support/publisher.ts'
import { BenchSource } from '../support/source.ts'
import { MillraceTarget } from '../support/targets.ts'

export type FilesOptions = {
  readonly runs: number
  readonly connections: number
  readonly seconds: number
  readonly sets: readonly string[]
}
export type FilesFigures = {
  /** Extrapolated to a whole core of the server. */
  readonly answersPerCoreSecond: number
  readonly cpuSecondsPerGB: number
  readonly cpuShare: number
  readonly failures: number
}
export type FilesRow = {
  readonly what: string
  readonly server: string
  /** Answers per core, over those of nginx in the same run. */
  readonly ratio: number
  readonly figures: FilesFigures
}

const STREAM = 'live/bench'
const WARM_UP_SECONDS = 3

/** Playlists and segments of one live stream, from Millrace's memory and from nginx's page cache, in turn. */
export async function files(options: FilesOptions, say: (line: string) => void): Promise<FilesRow[]> {
  await using target = await MillraceTarget.start({
    label: 'millrace',
    sets: ['hls.windowSegments=6', ...options.sets],
    workers: 1,
  })
  const publisher = new Publisher(new BenchSource())
  publisher.add(await target.publish(STREAM))
  const paths = await livePaths(target.httpPort)
  await using nginx = await NginxFiles.start(target.httpPort, [paths.playlist, ...paths.segments])
  const rows: FilesRow[] = []
  for (const [what, list] of [
    ['playlists', [paths.playlist]],
    ['segments', paths.segments],
  ] as const) {
    const runs = { millrace: [] as FilesFigures[], nginx: [] as FilesFigures[] }
    for (let run = 1; run <= options.runs; run++) {
      say(`files: ${what}, run ${run} of ${options.runs}`)
      runs.nginx.push(await measure({ pid: nginx.pid, port: nginx.port }, list, options))
      runs.millrace.push(await measure({ pid: target.pid, port: target.httpPort }, list, options))
    }
    const [ours, theirs] = [medianOf(runs.millrace), medianOf(runs.nginx)]
    rows.push({ what, server: 'nginx', ratio: 1, figures: theirs })
    rows.push({
      what,
      server: 'millrace',
      ratio: ours.answersPerCoreSecond / theirs.answersPerCoreSecond,
      figures: ours,
    })
  }
  publisher.close()
  return rows
}

type LivePaths = { readonly playlist: string; readonly segments: readonly string[] }

/** Waits for a window of segments. They leave it while the benchmark runs, so the window must be long enough. */
async function livePaths(port: number): Promise<LivePaths> {
  const base = `/${STREAM}/`
  for (let tries = 0; tries < 60; tries++) {
    await delay(500)
    const index = await fetch(`http://127.0.0.1:${port}${base}index.m3u8`)
    const uri = (await index.text()).split('\n').find((line) => line.endsWith('.m3u8'))
    if (!index.ok || !uri) continue
    const playlist = await (await fetch(`http://127.0.0.1:${port}${base}${uri}`)).text()
    const segments = playlist.split('\n').filter((line) => line.endsWith('.m4s') && !line.startsWith('#'))
    if (segments.length >= 2) return { playlist: base + uri, segments: segments.slice(-2).map((name) => base + name) }
  }
  throw new Error('no segments')
}

type Served = { readonly pid: number; readonly port: number }

async function measure(served: Served, paths: readonly string[], options: FilesOptions): Promise<FilesFigures> {
  const run = (seconds: number) => {
    const args = ['127.0.0.1', served.port, options.connections, seconds, ...paths].map(String)
    return JSON.parse(execFileSync(...pinned(LOAD_CPU, nativeProgram('httpload'), args)).toString()) as {
      readonly seconds: number
      readonly answers: number
      readonly failures: number
      readonly bytes: number
    }
  }
  run(WARM_UP_SECONDS)
  const before = cpuTime(served.pid).totalSeconds
  const { seconds, answers, failures, bytes } = run(options.seconds)
  const cpuSeconds = cpuTime(served.pid).totalSeconds - before
  return {
    answersPerCoreSecond: answers / cpuSeconds,
    cpuSecondsPerGB: cpuSeconds / (bytes / 1e9),
    cpuShare: cpuSeconds / seconds,
    failures,
  }
}

/** Debian's nginx with sendfile, serving copies of the same files. */
class NginxFiles implements AsyncDisposable {
  readonly port: number
  readonly #folder: string
  readonly #child: ChildProcess

  private constructor(port: number, folder: string) {
    this.port = port
    this.#folder = folder
    const config = join(folder, 'nginx.conf')
    writeFileSync(
      config,
      `worker_processes 1; daemon off; pid ${folder}/pid; error_log ${folder}/error.log;
events { worker_connections 4096; }
http { access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; open_file_cache max=100;
types { application/vnd.apple.mpegurl m3u8; video/mp4 m4s; }
server { listen 127.0.0.1:${port}; root ${folder}/www; } }\n`,
    )
    this.#child = start(...pinned(SERVER_CPU, 'nginx', ['-c', config, '-p', folder]))
  }
  static async start(fromPort: number, paths: readonly string[]): Promise<NginxFiles> {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-nginx-'))
    for (const path of paths) {
      const bytes = await (await fetch(`http://127.0.0.1:${fromPort}${path}`)).arrayBuffer()
      const file = join(folder, 'www', path)
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, new Uint8Array(bytes))
    }
    // The worker of a root's nginx runs as nobody.
    execFileSync('chmod', ['-R', 'a+rX', folder])
    const port = await freePort()
    const nginx = new NginxFiles(port, folder)
    await accepting(port)
    return nginx
  }
  get pid(): number {
    return this.#child.pid ?? 0
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await stopProcess(this.#child)
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

const COLUMNS: readonly Column<FilesRow>[] = [
  { title: 'what', text: ({ what }) => what },
  { title: 'server', text: ({ server }) => server },
  { title: 'answers/s per core', text: ({ figures }) => figures.answersPerCoreSecond.toFixed(0) },
  { title: '× nginx', text: ({ ratio }) => ratio.toFixed(2) },
  { title: 'CPU-s/GB', text: ({ figures }) => figures.cpuSecondsPerGB.toFixed(3) },
  { title: 'core', text: ({ figures }) => `${(figures.cpuShare * 100).toFixed(0)} %` },
  { title: 'failed', text: ({ figures }) => String(figures.failures) },
]

export function formatFiles(rows: readonly FilesRow[]): string {
  return formatTable(COLUMNS, rows)
}
