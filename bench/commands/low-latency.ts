import { setTimeout as delay } from 'node:timers/promises'
import { type Column, formatTable, percentile } from '../support/figures.ts'
import { LowLatencyMass, type MassFigures } from '../support/low-latency-mass.ts'
import { LowLatencyViewer, type Observations } from '../support/low-latency-viewer.ts'
import { cpuTime } from '../support/processes.ts'
import { Publisher } from '../support/publisher.ts'
import { BenchSource } from '../support/source.ts'
import { MillraceTarget } from '../support/targets.ts'

export type LowLatencyOptions = {
  readonly viewers: readonly number[]
  readonly warmUpSeconds: number
  readonly windowSeconds: number
  readonly sets: readonly string[]
}
export type LowLatencyRow = {
  readonly viewers: number
  /** Share of the one core of the server. */
  readonly cpuShare: number
  readonly loadCpuShare: number
  readonly playlistP50Ms: number
  readonly playlistP95Ms: number
  readonly partP50Ms: number
  readonly partP95Ms: number
  readonly partP99Ms: number
  /** Parts that arrived, over those that should have. */
  readonly arrivedShare: number
  readonly refusals: number
}

const STREAM = 'live/bench'
const PART_MS = 1000 / 3
/** So many of the viewers take times; the others only ask. */
const WATCHED = 10

/** Viewers of one stream by Low-Latency HLS, each with two requests that wait; the server on one core. */
export async function lowLatency(options: LowLatencyOptions, say: (line: string) => void): Promise<LowLatencyRow[]> {
  const rows: LowLatencyRow[] = []
  for (const viewers of options.viewers) {
    say(`low latency: ${viewers} viewers`)
    rows.push(await measure(viewers, options))
  }
  return rows
}

async function measure(count: number, options: LowLatencyOptions): Promise<LowLatencyRow> {
  const { warmUpSeconds, windowSeconds, sets } = options
  await using target = await MillraceTarget.start({ label: 'millrace', sets, workers: 1 })
  const publisher = new Publisher(new BenchSource())
  publisher.add(await target.publish(STREAM))
  const seen: Observations = { partEndsMs: new Map(), lists: new Map(), playlistsMs: [], arrivals: [], refusals: 0 }
  const first = await fetch(`http://127.0.0.1:${target.httpPort}/${STREAM}/index.m3u8`)
  if (!first.ok) throw new Error(`the playlist is answered ${first.status}`)
  const watched = Math.min(count, WATCHED)
  await using mass = new LowLatencyMass(target.httpPort, STREAM, count - watched)
  const viewers: LowLatencyViewer[] = []
  try {
    // They come while the others do, so that they are anywhere among them.
    for (let at = 0; at < watched; at++) {
      viewers.push(new LowLatencyViewer(target.httpPort, STREAM, seen))
      await delay(count / WATCHED)
    }
    await delay(warmUpSeconds * 1000)
    Object.assign(seen, { playlistsMs: [], arrivals: [], refusals: 0 })
    mass.reset()
    const seconds = () => ({ server: cpuTime(target.pid).totalSeconds, mass: cpuTime(mass.pid).totalSeconds })
    const [before, load] = [seconds(), process.cpuUsage()]
    await delay(windowSeconds * 1000)
    const { user, system } = process.cpuUsage(load)
    const after = seconds()
    const others = await mass.end()
    return {
      viewers: count,
      cpuShare: (after.server - before.server) / windowSeconds,
      loadCpuShare: ((user + system) / 1e6 + after.mass - before.mass) / windowSeconds,
      ...figuresOf(seen, { others, viewerSeconds: count * windowSeconds }),
    }
  } finally {
    for (const viewer of viewers) viewer.close()
    publisher.close()
  }
}

function figuresOf(
  { playlistsMs, arrivals, partEndsMs, refusals }: Observations,
  { others, viewerSeconds }: { readonly others: MassFigures; readonly viewerSeconds: number },
) {
  const partsMs = arrivals.flatMap(({ uri, atMs }) => {
    const endMs = partEndsMs.get(uri)
    return endMs === undefined ? [] : [atMs - endMs]
  })
  const of = (values: readonly number[], share: number) => percentile(values, share) ?? Number.NaN
  return {
    playlistP50Ms: of(playlistsMs, 0.5),
    playlistP95Ms: of(playlistsMs, 0.95),
    partP50Ms: of(partsMs, 0.5),
    partP95Ms: of(partsMs, 0.95),
    partP99Ms: of(partsMs, 0.99),
    arrivedShare: (arrivals.length + others.parts) / ((viewerSeconds * 1000) / PART_MS),
    refusals: refusals + others.refusals,
  }
}

const ms = (...values: readonly number[]) => values.map((value) => value.toFixed(0)).join(' / ')

const COLUMNS: readonly Column<LowLatencyRow>[] = [
  { title: 'viewers', text: ({ viewers }) => String(viewers) },
  { title: 'core', text: ({ cpuShare }) => `${(cpuShare * 100).toFixed(0)} %` },
  { title: 'playlist p50/p95 ms', text: (row) => ms(row.playlistP50Ms, row.playlistP95Ms) },
  { title: 'part p50/p95/p99 ms', text: (row) => ms(row.partP50Ms, row.partP95Ms, row.partP99Ms) },
  { title: 'parts arrived', text: ({ arrivedShare }) => `${(arrivedShare * 100).toFixed(1)} %` },
  { title: 'refused', text: ({ refusals }) => String(refusals) },
  { title: 'load core', text: ({ loadCpuShare }) => `${(loadCpuShare * 100).toFixed(0)} %` },
]

export function formatLowLatency(rows: readonly LowLatencyRow[]): string {
  return formatTable(COLUMNS, rows)
}
