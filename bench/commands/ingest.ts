import { setTimeout as delay } from 'node:timers/promises'
import { type Column, formatTable, medianOf } from '../support/figures.ts'
import { cpuTime, residentBytes } from '../support/processes.ts'
import { Publisher } from '../support/publisher.ts'
import { BenchSource } from '../support/source.ts'
import { MillraceTarget } from '../support/targets.ts'

export type IngestOptions = {
  readonly publishers: readonly number[]
  readonly runs: number
  readonly warmUpSeconds: number
  readonly windowSeconds: number
  readonly sets: readonly string[]
}

export type IngestFigures = {
  readonly cpuShare: number
  readonly cpuSecondsPerGB: number
  readonly megabitsPerSecond: number
  /** Bytes of the media that the server took in, over those that were sent to it in the same time. */
  readonly takenShare: number
  readonly liveStreams: number
  readonly recordedSegments: number
  readonly memoryBytes: number
  readonly loopDelayP99Ms: number
  readonly publisherLatestMs: number
}
export type IngestRow = {
  readonly publishers: number
  readonly recording: 'on' | 'off'
  readonly figures: IngestFigures
}

const OPENED_AT_ONCE = 20

/** Publishers in real time over RTMP, with and without recording, on one core. */
export async function ingest(options: IngestOptions, say: (line: string) => void): Promise<IngestRow[]> {
  const rows: IngestRow[] = []
  for (const publishers of options.publishers) {
    for (const recording of ['off', 'on'] as const) {
      const runs: IngestFigures[] = []
      for (let run = 1; run <= options.runs; run++) {
        say(`ingest: ${publishers} publishers, recording ${recording}, run ${run} of ${options.runs}`)
        runs.push(await measureIngest(publishers, recording, options))
      }
      rows.push({ publishers, recording, figures: medianOf(runs) })
    }
  }
  return rows
}

async function measureIngest(count: number, recording: 'on' | 'off', options: IngestOptions): Promise<IngestFigures> {
  const sets = [`streams.**.record=${recording === 'on'}`, 'memory.poolBytes=6000000000', ...options.sets]
  await using target = await MillraceTarget.start({ label: 'millrace', sets, workers: 1 })
  const publisher = new Publisher(new BenchSource())
  try {
    for (let first = 0; first < count; first += OPENED_AT_ONCE) {
      const names = Array.from({ length: Math.min(OPENED_AT_ONCE, count - first) }, (_, at) => `live/s${first + at}`)
      for (const open of await Promise.all(names.map((name) => target.publish(name)))) publisher.add(open)
    }
    await delay(options.warmUpSeconds * 1000)
    return await measureWindow(target, publisher, count, options.windowSeconds)
  } finally {
    publisher.close()
  }
}

async function measureWindow(target: MillraceTarget, publisher: Publisher, count: number, seconds: number) {
  const takenBefore = await target.metric('millrace_stream_received_bytes')
  const sentBefore = publisher.sentBytes
  const before = cpuTime(target.pid).totalSeconds
  const startedMs = performance.now()
  await delay(seconds * 1000)
  const cpuSeconds = cpuTime(target.pid).totalSeconds - before
  const tookSeconds = (performance.now() - startedMs) / 1000
  const sentBytes = (publisher.sentBytes - sentBefore) * count
  // The server reports once a second: what was sent in the last one may be missing.
  await delay(1500)
  const takenBytes = (await target.metric('millrace_stream_received_bytes')) - takenBefore
  const lateBytes = (publisher.sentBytes - sentBefore) * count
  return {
    cpuShare: cpuSeconds / tookSeconds,
    cpuSecondsPerGB: cpuSeconds / (sentBytes / 1e9),
    megabitsPerSecond: (sentBytes * 8) / 1e6 / tookSeconds,
    takenShare: takenBytes / lateBytes,
    liveStreams: await target.metric('millrace_streams'),
    recordedSegments: await target.metric('millrace_recorded_segments_total'),
    memoryBytes: residentBytes(target.pid),
    loopDelayP99Ms: (await target.metric('millrace_event_loop_delay_p99_seconds')) * 1000,
    publisherLatestMs: publisher.latestMs,
  }
}

const COLUMNS: readonly Column<IngestRow>[] = [
  { title: 'publishers', text: ({ publishers }) => String(publishers) },
  { title: 'recording', text: ({ recording }) => recording },
  { title: 'Mbit/s', text: ({ figures }) => figures.megabitsPerSecond.toFixed(0) },
  { title: 'core', text: ({ figures }) => `${(figures.cpuShare * 100).toFixed(0)} %` },
  { title: 'CPU-s/GB', text: ({ figures }) => figures.cpuSecondsPerGB.toFixed(2) },
  { title: 'taken in', text: ({ figures }) => `${(figures.takenShare * 100).toFixed(1)} %` },
  { title: 'live', text: ({ figures }) => String(figures.liveStreams) },
  { title: 'MB', text: ({ figures }) => (figures.memoryBytes / 1e6).toFixed(0) },
  { title: 'loop p99 ms', text: ({ figures }) => figures.loopDelayP99Ms.toFixed(0) },
  { title: 'publisher late ms', text: ({ figures }) => figures.publisherLatestMs.toFixed(0) },
]

export function formatIngest(rows: readonly IngestRow[]): string {
  return formatTable(COLUMNS, rows)
}
