import { execFileSync } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { type Column, formatTable, medianOf } from '../support/figures.ts'
import { NginxFiles, ServeFiles, WebFolder } from '../support/file-servers.ts'
import { cpuTime, LOAD_CPU, nativeProgram, pinned } from '../support/processes.ts'
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

/**
 * Playlists and segments of one live stream, in turn: from Millrace's memory, from nginx's page cache, and from the
 * memory of a C program that does nothing but the writes.
 */
export async function files(options: FilesOptions, say: (line: string) => void): Promise<FilesRow[]> {
  await using target = await MillraceTarget.start({
    label: 'millrace',
    sets: ['hls.windowSegments=6', ...options.sets],
    workers: 1,
  })
  const publisher = new Publisher(new BenchSource())
  publisher.add(await target.publish(STREAM))
  const paths = await livePaths(target.httpPort)
  using folder = await WebFolder.copyOf(target.httpPort, [...paths.playlists, ...paths.segments])
  await using nginx = await NginxFiles.start(folder)
  await using serve = await ServeFiles.start(folder)
  const millrace = { pid: target.pid, port: target.httpPort }
  const servers: Readonly<Record<string, Served>> = { nginx, 'writev from C': serve, millrace }
  const rows: FilesRow[] = []
  for (const what of ['playlists', 'segments'] as const) {
    const runs = new Map(Object.keys(servers).map((name) => [name, [] as FilesFigures[]]))
    for (let run = 1; run <= options.runs; run++) {
      say(`files: ${what}, run ${run} of ${options.runs}`)
      for (const [name, served] of Object.entries(servers)) {
        // The segments that were copied have long left the live window.
        const list = served === millrace ? await livePaths(target.httpPort) : paths
        runs.get(name)?.push(await measure(served, list[what], options))
      }
    }
    const medians = [...runs].map(([server, figures]) => ({ what, server, figures: medianOf(figures) }))
    const ofNginx = medians[0]?.figures.answersPerCoreSecond ?? 0
    for (const row of medians) rows.push({ ...row, ratio: row.figures.answersPerCoreSecond / ofNginx })
  }
  publisher.close()
  return rows
}

type LivePaths = { readonly playlists: readonly string[]; readonly segments: readonly string[] }

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
    if (segments.length >= 2)
      return { playlists: [base + uri], segments: segments.slice(-2).map((name) => base + name) }
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
