import { performance } from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'
import type { StreamReport, ViewerReport, WorkerReport } from '../control/index.ts'
import type { Delivery, SegmentedService } from '../pipeline/delivery/index.ts'
import type { OwnedStream, SegmentPool, StreamHub } from '../pipeline/stream/index.ts'
import type { CodecUse, LadderService } from '../pipeline/transcode/index.ts'
import { LoopDelay } from './loop-delay.ts'
import type { Pictures } from './pictures.ts'

const REPORT_MS = 1000

export type ReportSources = {
  readonly hub: StreamHub
  readonly delivery: Delivery
  readonly segmented: SegmentedService
  readonly pool: SegmentPool
  readonly ladders: LadderService
  readonly pictures: Pictures
  readonly codecs: CodecUse
}

/** What a worker tells the control thread of itself: once a second, and as soon as somebody would miss something. */
export class WorkerReporter {
  readonly #sources: ReportSources
  readonly #send: (report: WorkerReport) => void
  readonly #timer: NodeJS.Timeout
  readonly #loopDelay = new LoopDelay()
  #utilization = performance.eventLoopUtilization()
  #load = { loopDelayP99Ms: 0, loopUtilization: 0 }
  #scheduled = false

  constructor(sources: ReportSources, send: (report: WorkerReport) => void) {
    this.#sources = sources
    this.#send = send
    this.#timer = setInterval(() => this.#everySecond(), REPORT_MS)
    this.#timer.unref()
  }

  /** The tracks of a stream are known, for example: whoever asks now shall see them. */
  soon(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#send(this.#report())
    })
  }

  #everySecond(): void {
    const { utilization } = performance.eventLoopUtilization(this.#utilization)
    this.#utilization = performance.eventLoopUtilization()
    this.#load = { loopDelayP99Ms: this.#loopDelay.p99Ms(), loopUtilization: utilization }
    this.#send(this.#report())
  }
  #report(): WorkerReport {
    const { hub, delivery, segmented, pool, ladders, pictures, codecs } = this.#sources
    const { madeCount: madePictures, decodedCount: decodedPictures } = pictures
    const nowMs = Date.now()
    return {
      streams: [...hub.ownedStreams].map((owned) => streamReport(owned, nowMs)),
      viewers: countViewers(delivery),
      sessions: [...segmented.audience.sessions()],
      sentBytes: delivery.counters.sentBytes + segmented.sentBytes,
      moves: delivery.counters.moves,
      closed: [...delivery.counters.closed],
      flushIntervalMs: delivery.flushIntervalMs,
      poolBytes: pool.usedCount * pool.segmentBytes,
      ...this.#load,
      allocatedBytes: getHeapStatistics().total_allocated_bytes ?? 0,
      transcode: {
        totals: ladders.counters.totals,
        ladders: ladders.reports,
        processes: codecs.usages,
        madePictures,
        decodedPictures,
      },
    }
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

function countViewers(delivery: Delivery): ViewerReport[] {
  const counts = new Map<string, ViewerReport>()
  for (const { stream, viewer } of delivery.viewers()) {
    const key = `${stream} ${viewer.protocol}`
    counts.set(key, { stream, protocol: viewer.protocol, count: (counts.get(key)?.count ?? 0) + 1 })
  }
  return [...counts.values()]
}
