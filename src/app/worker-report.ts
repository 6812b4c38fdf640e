import { type monitorEventLoopDelay, performance } from 'node:perf_hooks'
import type { StreamReport, ViewerReport, WorkerReport } from '../control/index.ts'
import type { Delivery, SegmentedService } from '../pipeline/delivery/index.ts'
import type { OwnedStream, SegmentPool, StreamHub } from '../pipeline/stream/index.ts'

export type ReportSources = {
  readonly hub: StreamHub
  readonly delivery: Delivery
  readonly segmented: SegmentedService
  readonly pool: SegmentPool
  readonly loopDelay: ReturnType<typeof monitorEventLoopDelay>
}

let lastUtilization = performance.eventLoopUtilization()

export function makeReport({ hub, delivery, segmented, pool, loopDelay }: ReportSources): WorkerReport {
  const nowMs = Date.now()
  const utilization = performance.eventLoopUtilization(lastUtilization)
  lastUtilization = performance.eventLoopUtilization()
  const loopDelayP99Ms = loopDelay.percentile(99) / 1e6
  loopDelay.reset()
  return {
    streams: [...hub.ownedStreams].map((owned) => streamReport(owned, nowMs)),
    viewers: countViewers(delivery, segmented),
    sentBytes: delivery.counters.sentBytes + segmented.sentBytes,
    moves: delivery.counters.moves,
    closed: [...delivery.counters.closed],
    flushIntervalMs: delivery.flushIntervalMs,
    poolBytes: pool.usedCount * pool.segmentBytes,
    loopDelayP99Ms: Number.isFinite(loopDelayP99Ms) ? loopDelayP99Ms : 0,
    loopUtilization: utilization.utilization,
  }
}

function streamReport({ stream, formats }: OwnedStream, nowMs: number): StreamReport {
  return {
    name: stream.name,
    tracks: stream.stats(nowMs).map(({ track, bitsPerSecond, framesPerSecond }) => {
      const { config: _, ...info } = track
      return { ...info, bitsPerSecond, framesPerSecond }
    }),
    receivedBytes: stream.receivedBytes,
    lastArrivalMs: stream.lastArrivalMs,
    outputs: formats,
  }
}

function countViewers(delivery: Delivery, segmented: SegmentedService): ViewerReport[] {
  const counts = new Map<string, ViewerReport>()
  for (const { stream, viewer } of delivery.viewers()) {
    const key = `${stream} ${viewer.protocol}`
    counts.set(key, { stream, protocol: viewer.protocol, count: (counts.get(key)?.count ?? 0) + 1 })
  }
  for (const { stream, count } of segmented.audience.counts())
    counts.set(`${stream} hls`, { stream, protocol: 'hls', count })
  return [...counts.values()]
}
