import { setTimeout as delay } from 'node:timers/promises'
import { Drain } from '../support/drain.ts'
import { percentile } from '../support/figures.ts'
import { Probe } from '../support/probe.ts'
import { cpuTime, residentBytes } from '../support/processes.ts'
import { Publisher } from '../support/publisher.ts'
import type { Protocol } from '../support/requests.ts'
import { BenchSource } from '../support/source.ts'
import { type BenchTarget, MillraceTarget } from '../support/targets.ts'

export type ViewerLoad = {
  readonly protocol: Protocol
  readonly viewers: number
  readonly stalled: number
  /** Between the start of the stream and the first viewer. */
  readonly idleSeconds: number
  readonly warmUpSeconds: number
  readonly windowSeconds: number
}

/** Figures of one run of one server with one number of viewers. Shares are 0 to 1. */
export type ViewerFigures = {
  readonly cpuSecondsPerGB: number
  readonly userSecondsPerGB: number
  readonly systemSecondsPerGB: number
  readonly cpuShare: number
  readonly starvedShare: number
  readonly droppedViewers: number
  readonly latencyP50Ms: number
  readonly latencyP95Ms: number
  readonly latencyP99Ms: number
  readonly picturesMatched: number
  readonly picturesUnknown: number
  readonly gaps: number
  readonly firstByteP50Ms: number
  readonly firstByteP99Ms: number
  /** NaN where the server had not come to rest before. */
  readonly memoryPerViewerBytes: number
  readonly loopDelayP99Ms: number
  readonly flushIntervalMs: number
  /** JavaScript heap that the server allocated, over the frames that all viewers got together. */
  readonly allocatedBytesPerDelivery: number
  readonly moves: number
  readonly publisherLatestMs: number
  /** Of the drain and of this process, on the core of the load. */
  readonly loadCpuShare: number
}

const STREAM = 'live/bench'
const PROBES = 20
const RAMP_PER_SECOND = 500
/** So long after its start Millrace has given back what that had taken: before, there is nothing to compare memory with. */
const CALM_SECONDS = 30
const SETTLE_MS = 1500
const COMPILED_WARM_UP_SECONDS = 10
const GIGABYTE = 1e9

/** Publishes, lets the viewers in, waits until it is calm, and measures one window. */
export async function measureViewers(target: BenchTarget, load: ViewerLoad): Promise<ViewerFigures> {
  const entrance = target.viewers(load.protocol)
  if (entrance === undefined) throw new Error(`${target.label} does not serve ${load.protocol}`)
  const publisher = new Publisher(new BenchSource())
  publisher.add(await target.publish(STREAM))
  await delay(load.idleSeconds * 1000)
  const idleBytes = residentBytes(target.pid)
  const { viewers, stalled } = load
  await using drain = new Drain({
    ...entrance,
    stream: STREAM,
    viewers: viewers + stalled,
    perSecond: RAMP_PER_SECOND,
    stalled,
  })
  const probes: Probe[] = []
  try {
    // All through the crowd: a server that goes through its viewers in order serves some first and some last.
    const stepMs = ((viewers + stalled) / RAMP_PER_SECOND / PROBES) * 1000
    for (let i = 0; i < PROBES; i++) {
      await delay(stepMs)
      probes.push(new Probe({ ...entrance, stream: STREAM }, publisher))
    }
    const warmUp = target.isCompiled ? Math.min(load.warmUpSeconds, COMPILED_WARM_UP_SECONDS) : load.warmUpSeconds
    await delay(warmUp * 1000)
    return await measureWindow({ target, load, publisher, drain, probes, idleBytes })
  } finally {
    for (const probe of probes) probe.close()
    publisher.close()
  }
}

type Running = {
  readonly target: BenchTarget
  readonly load: ViewerLoad
  readonly publisher: Publisher
  readonly drain: Drain
  readonly probes: readonly Probe[]
  readonly idleBytes: number
}

async function measureWindow({ target, load, publisher, drain, probes, idleBytes }: Running): Promise<ViewerFigures> {
  const allocatedBefore = await allocatedBytes(target)
  const framesBefore = publisher.sentFrames
  // What that cost is not of the window.
  await delay(SETTLE_MS)
  await drain.mark()
  const before = cpuTime(target.pid)
  const loadBefore = cpuTime(drain.pid).totalSeconds + ownCpuSeconds()
  for (const probe of probes) Object.assign(probe, { latenciesMs: [], unknownCount: 0, gapCount: 0 })
  const publishedBefore = publisher.sentBytes
  await delay(load.windowSeconds * 1000)
  const after = cpuTime(target.pid)
  const window = await drain.mark()
  const published = publisher.sentBytes - publishedBefore
  const gigabytes = (window.bytes + published * probes.length) / GIGABYTE
  const latencies = probes.flatMap((probe) => probe.latenciesMs)
  const isCalm = load.idleSeconds >= CALM_SECONDS || !(target instanceof MillraceTarget)
  const cpuSeconds = after.totalSeconds - before.totalSeconds
  const deliveries = (publisher.sentFrames - framesBefore) * (load.viewers + probes.length)
  const allocated = (await allocatedBytes(target)) - allocatedBefore
  return {
    cpuSecondsPerGB: cpuSeconds / gigabytes,
    userSecondsPerGB: (after.userSeconds - before.userSeconds) / gigabytes,
    systemSecondsPerGB: (after.systemSeconds - before.systemSeconds) / gigabytes,
    cpuShare: cpuSeconds / window.windowSeconds,
    starvedShare: window.starved / Math.max(1, load.viewers),
    droppedViewers: window.dropped,
    latencyP50Ms: percentile(latencies, 0.5) ?? Number.NaN,
    latencyP95Ms: percentile(latencies, 0.95) ?? Number.NaN,
    latencyP99Ms: percentile(latencies, 0.99) ?? Number.NaN,
    picturesMatched: latencies.length,
    picturesUnknown: probes.reduce((sum, { unknownCount }) => sum + unknownCount, 0),
    gaps: probes.reduce((sum, { gapCount }) => sum + gapCount, 0),
    firstByteP50Ms: window.firstByteP50Ms,
    firstByteP99Ms: window.firstByteP99Ms,
    memoryPerViewerBytes: isCalm
      ? (residentBytes(target.pid) - idleBytes) / Math.max(1, load.viewers + load.stalled)
      : Number.NaN,
    publisherLatestMs: publisher.latestMs,
    loadCpuShare: (cpuTime(drain.pid).totalSeconds + ownCpuSeconds() - loadBefore) / window.windowSeconds,
    allocatedBytesPerDelivery: allocated / deliveries,
    ...(await serverMetrics(target)),
  }
}

function ownCpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

/** As of its newest report, which comes every second. */
async function allocatedBytes(target: BenchTarget): Promise<number> {
  return target instanceof MillraceTarget ? await target.metric('millrace_allocated_bytes_total') : Number.NaN
}

async function serverMetrics(target: BenchTarget) {
  if (!(target instanceof MillraceTarget)) return { loopDelayP99Ms: Number.NaN, flushIntervalMs: Number.NaN, moves: 0 }
  return {
    loopDelayP99Ms: (await target.metric('millrace_event_loop_delay_p99_seconds')) * 1000,
    flushIntervalMs: (await target.metric('millrace_flush_interval_seconds')) * 1000,
    moves: await target.metric('millrace_viewer_moves_total'),
  }
}
