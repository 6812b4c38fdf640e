import { type Column, formatTable, medianOf } from '../support/figures.ts'
import type { Protocol } from '../support/requests.ts'
import { type BenchTarget, LimitTarget, MillraceTarget, NginxRtmpTarget } from '../support/targets.ts'
import { measureViewers, type ViewerFigures, type ViewerLoad } from './measure-viewers.ts'

export type FanoutOptions = {
  readonly protocol: Protocol
  readonly viewers: readonly number[]
  /** Values of `delivery.flush`. */
  readonly flush: readonly string[]
  readonly runs: number
  readonly stalled: number
  readonly workers: number
  readonly cpus: string | undefined
  readonly compare: string | undefined
  readonly idleSeconds: number
  readonly warmUpSeconds: number
  readonly windowSeconds: number
  readonly sets: readonly string[]
}

export type FanoutRow = {
  readonly server: string
  readonly viewers: number
  /** CPU-seconds per GB over those of `limit` with the same viewers and interval. */
  readonly ratio: number
  readonly figures: ViewerFigures
  readonly runs: readonly ViewerFigures[]
}

type Contender = { readonly label: string; readonly limitMs: number; readonly start: () => Promise<BenchTarget> }

/** All contenders in turn, `runs` times over, for every number of viewers; medians. */
export async function fanout(options: FanoutOptions, say: (line: string) => void): Promise<FanoutRow[]> {
  const rows: FanoutRow[] = []
  for (const viewers of options.viewers) {
    const runs = new Map<string, ViewerFigures[]>()
    for (let run = 1; run <= options.runs; run++) {
      for (const { label, start } of contenders(options)) {
        say(`${options.protocol}: ${viewers} viewers, run ${run} of ${options.runs}: ${label}`)
        await using target = await start()
        const figures = await measureViewers(target, loadOf(options, viewers))
        runs.set(label, [...(runs.get(label) ?? []), figures])
      }
    }
    rows.push(...rowsOf(options, viewers, runs))
  }
  return rows
}

function loadOf(options: FanoutOptions, viewers: number): ViewerLoad {
  const { protocol, stalled, idleSeconds, warmUpSeconds, windowSeconds } = options
  return { protocol, viewers, stalled, idleSeconds, warmUpSeconds, windowSeconds }
}

function rowsOf(options: FanoutOptions, viewers: number, runs: ReadonlyMap<string, ViewerFigures[]>): FanoutRow[] {
  const medians = new Map([...runs].map(([label, figures]) => [label, medianOf(figures)]))
  return contenders(options).map(({ label, limitMs }) => {
    const figures = medians.get(label)
    const floor = medians.get(limitLabel(limitMs))
    if (!figures) throw new Error(`no figures of ${label}`)
    const ratio = figures.cpuSecondsPerGB / (floor?.cpuSecondsPerGB ?? Number.NaN)
    return { server: label, viewers, ratio, figures, runs: runs.get(label) ?? [] }
  })
}

function limitLabel(flushMs: number): string {
  return flushMs === 0 ? 'limit, every frame' : `limit, ${flushMs} ms`
}

/** `auto` is put beside the floor that flushes every 100 ms. */
function contenders(options: FanoutOptions): Contender[] {
  const ours = options.flush.map((flush): Contender => {
    const label = `millrace, flush ${flush}`
    const sets = [`delivery.flush=${flush}`, ...options.sets]
    const cpus = options.cpus === undefined ? {} : { cpus: options.cpus }
    const start = () => MillraceTarget.start({ label, sets, workers: options.workers, ...cpus })
    return { label, limitMs: flush === 'auto' ? 100 : Number(flush), start }
  })
  const floors = [...new Set(ours.map(({ limitMs }) => limitMs))].map(
    (limitMs): Contender => ({ label: limitLabel(limitMs), limitMs, start: () => LimitTarget.start(limitMs) }),
  )
  return [...floors, ...ours, ...others(options.compare, floors)]
}

function others(compare: string | undefined, floors: readonly Contender[]): Contender[] {
  if (compare === 'nginx-rtmp') return [{ label: 'nginx-rtmp', limitMs: 100, start: () => NginxRtmpTarget.start() }]
  if (compare !== 'bare-node') return []
  return floors.map(({ limitMs }) => ({
    label: limitLabel(limitMs).replace('limit', 'bare node'),
    limitMs,
    start: () => LimitTarget.start(limitMs, 'bare node'),
  }))
}

const COLUMNS: readonly Column<FanoutRow>[] = [
  { title: 'server', text: ({ server }) => server },
  { title: 'viewers', text: ({ viewers }) => String(viewers) },
  { title: 'CPU-s/GB', text: ({ figures }) => figures.cpuSecondsPerGB.toFixed(3) },
  { title: '× limit', text: ({ ratio }) => ratio.toFixed(2) },
  {
    title: 'user + sys',
    text: ({ figures }) => `${figures.userSecondsPerGB.toFixed(2)} + ${figures.systemSecondsPerGB.toFixed(2)}`,
  },
  { title: 'core', text: ({ figures }) => `${(figures.cpuShare * 100).toFixed(0)} %` },
  {
    title: 'latency p50/p95/p99 ms',
    text: ({ figures: { latencyP50Ms, latencyP95Ms, latencyP99Ms } }) =>
      [latencyP50Ms, latencyP95Ms, latencyP99Ms].map((ms) => ms.toFixed(1)).join(' / '),
  },
  { title: 'starved', text: ({ figures }) => `${(figures.starvedShare * 100).toFixed(1)} %` },
  { title: 'gaps', text: ({ figures }) => String(figures.gaps + figures.picturesUnknown) },
  {
    title: 'first byte p50/p99 ms',
    text: ({ figures }) => `${figures.firstByteP50Ms.toFixed(1)} / ${figures.firstByteP99Ms.toFixed(1)}`,
  },
  { title: 'kB/viewer', text: ({ figures }) => (figures.memoryPerViewerBytes / 1000).toFixed(1) },
  { title: 'B alloc/frame', text: ({ figures }) => figures.allocatedBytesPerDelivery.toFixed(1) },
  { title: 'loop p99 ms', text: ({ figures }) => figures.loopDelayP99Ms.toFixed(0) },
  { title: 'flush ms', text: ({ figures }) => figures.flushIntervalMs.toFixed(0) },
  { title: 'load core', text: ({ figures }) => `${(figures.loadCpuShare * 100).toFixed(0)} %` },
]

export function formatFanout(rows: readonly FanoutRow[]): string {
  return formatTable(COLUMNS, rows)
}
