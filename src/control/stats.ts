import type { CmafTrackInfo } from '../pipeline/packaging/index.ts'
import type { CodecTotals, CodecUsage, LadderReport } from '../pipeline/transcode/index.ts'

export type StreamReport = {
  readonly name: string
  readonly tracks: readonly (CmafTrackInfo & { readonly bitsPerSecond: number; readonly framesPerSecond: number })[]
  readonly receivedBytes: number
  readonly lastArrivalMs: number
  /** Outputs that are being packaged at the moment. */
  readonly outputs: readonly string[]
}
export type ViewerReport = { readonly stream: string; readonly protocol: string; readonly count: number }
/** Viewers of HLS and DASH: the same number on several workers is the same viewer. */
export type SessionReport = { readonly stream: string; readonly ids: readonly number[] }
/** Once a second from every worker, and at once when the tracks of a stream are known or change. Counters only grow while the worker lives. */
export type WorkerReport = {
  readonly streams: readonly StreamReport[]
  readonly viewers: readonly ViewerReport[]
  readonly sessions: readonly SessionReport[]
  readonly sentBytes: number
  readonly moves: number
  readonly closed: readonly (readonly [reason: string, count: number])[]
  readonly flushIntervalMs: number
  readonly poolBytes: number
  readonly loopDelayP99Ms: number
  readonly loopUtilization: number
  /** Bytes that the worker's JavaScript has allocated since its start; 0 where the runtime does not tell. */
  readonly allocatedBytes: number
  readonly transcode: {
    readonly totals: CodecTotals
    readonly ladders: readonly LadderReport[]
    /** Codec processes of everything else. */
    readonly processes: readonly CodecUsage[]
    /** Pictures of streams and recordings that were made, and what was decoded for them. */
    readonly madePictures: number
    readonly decodedPictures: number
  }
}

/** The newest report of every worker. */
export class WorkerStats {
  readonly reports = new Map<number, WorkerReport>()
  /** CPU cores that codec processes use, and may use; `by` what they are for. */
  codecCores: { readonly used: number; readonly budget: number; readonly by: Readonly<Record<string, number>> } = {
    used: 0,
    budget: 0,
    by: {},
  }
  /** Why the load governor holds offline work (imports) at the moment. */
  offlineHeld: string | undefined

  set(worker: number, report: WorkerReport): void {
    this.reports.set(worker, report)
  }
  delete(worker: number): void {
    this.reports.delete(worker)
  }
  stream(name: string): StreamReport | undefined {
    for (const { streams } of this.reports.values()) {
      const found = streams.find((stream) => stream.name === name)
      if (found) return found
    }
    return undefined
  }
  /** The renditions of a stream that run. */
  ladder(source: string): LadderReport | undefined {
    for (const { transcode } of this.reports.values()) {
      const found = transcode.ladders.find((ladder) => ladder.source === source)
      if (found) return found
    }
    return undefined
  }
  /** Viewers of a stream by protocol, over all workers; `hls` stands for DASH too. */
  viewers(name: string): Record<string, number> {
    const counts: Record<string, number> = {}
    const sessions = new Set<number>()
    for (const report of this.reports.values()) {
      for (const { stream, protocol, count } of report.viewers)
        if (stream === name) counts[protocol] = (counts[protocol] ?? 0) + count
      for (const { stream, ids } of report.sessions) if (stream === name) for (const id of ids) sessions.add(id)
    }
    return sessions.size > 0 ? { ...counts, hls: sessions.size } : counts
  }
}
