import { type monitorEventLoopDelay, performance } from 'node:perf_hooks'
import type { StreamReport, ViewerReport, WorkerReport } from '../control/index.ts'
import type { Delivery, HlsService } from '../pipeline/delivery/index.ts'
import type { OwnedStream, SegmentPool, StreamHub } from '../pipeline/stream/index.ts'
import type { LadderService } from '../pipeline/transcode/index.ts'

export type ReportSources = {
  readonly hub: StreamHub
  readonly delivery: Delivery
  readonly hls: HlsService
  readonly pool: SegmentPool
  readonly ladders: LadderService
  readonly madePictures: number
  readonly loopDelay: ReturnType<typeof monitorEventLoopDelay>
}

let lastUtilization = performance.eventLoopUtilization()

export function makeReport({
  hub,
  delivery,
  hls,
  pool,
  ladders,
  madePictures,
  loopDelay,
}: ReportSources): WorkerReport {
  const nowMs = Date.now()
  const utilization = performance.eventLoopUtilization(lastUtilization)
  lastUtilization = performance.eventLoopUtilization()
  const loopDelayP99Ms = loopDelay.percentile(99) / 1e6
  loopDelay.reset()
  return {
    streams: [...hub.ownedStreams].map((owned) => streamReport(owned, nowMs)),
    viewers: countViewers(delivery, hls),
    sentBytes: delivery.counters.sentBytes + hls.sentBytes,
    moves: delivery.counters.moves,
    closed: [...delivery.counters.closed],
    flushIntervalMs: delivery.flushIntervalMs,
    poolBytes: pool.usedCount * pool.segmentBytes,
    loopDelayP99Ms: Number.isFinite(loopDelayP99Ms) ? loopDelayP99Ms : 0,
    loopUtilization: utilization.utilization,
    transcode: { totals: ladders.counters.totals, ladders: ladders.reports, madePictures },
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

function countViewers(delivery: Delivery, hls: HlsService): ViewerReport[] {
  const counts = new Map<string, ViewerReport>()
  for (const { stream, viewer } of delivery.viewers()) {
    const key = `${stream} ${viewer.protocol}`
    counts.set(key, { stream, protocol: viewer.protocol, count: (counts.get(key)?.count ?? 0) + 1 })
  }
  for (const { stream, count } of hls.viewerCounts()) counts.set(`${stream} hls`, { stream, protocol: 'hls', count })
  return [...counts.values()]
}
