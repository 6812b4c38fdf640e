import { Gauge, Registry } from 'prom-client'
import type { ApiContext } from './api-context.ts'
import { CODEC_METRICS } from './codec-metrics.ts'
import { type Metric, perWorker } from './metric.ts'

const METRICS: readonly Metric[] = [
  {
    name: 'millrace_streams',
    help: 'Live streams by state',
    labels: ['state'],
    *rows({ registry }) {
      const all = [...registry.streams]
      yield { labels: { state: 'live' }, value: all.filter(({ session }) => session).length }
      yield { labels: { state: 'waiting' }, value: all.filter(({ session }) => !session).length }
    },
  },
  {
    name: 'millrace_stream_received_bytes',
    help: 'Media bytes received of a stream',
    labels: ['stream'],
    *rows({ registry, stats }) {
      for (const { name } of registry.streams)
        yield { labels: { stream: name }, value: stats.stream(name)?.receivedBytes ?? 0 }
    },
  },
  {
    name: 'millrace_viewers',
    help: 'Viewers of a stream by protocol',
    labels: ['stream', 'protocol'],
    *rows({ registry, stats }) {
      for (const { name } of registry.streams) {
        for (const [protocol, value] of Object.entries(stats.viewers(name)))
          yield { labels: { stream: name, protocol }, value }
      }
    },
  },
  {
    name: 'millrace_sent_bytes_total',
    help: 'Media bytes written to viewers',
    labels: ['worker'],
    rows: (context) => perWorker(context, (report) => report.sentBytes),
  },
  {
    name: 'millrace_viewer_moves_total',
    help: 'Viewers moved to the newest keyframe because they were too far behind',
    labels: ['worker'],
    rows: (context) => perWorker(context, (report) => report.moves),
  },
  {
    name: 'millrace_viewers_closed_total',
    help: 'Viewers that left, by reason',
    labels: ['worker', 'reason'],
    *rows({ stats }) {
      for (const [worker, { closed }] of stats.reports) {
        for (const [reason, value] of closed) yield { labels: { worker: String(worker), reason }, value }
      }
    },
  },
  {
    name: 'millrace_flush_interval_seconds',
    help: 'Present time between flushes to viewers; 0 means at once',
    labels: ['worker'],
    rows: (context) => perWorker(context, (report) => report.flushIntervalMs / 1000),
  },
  {
    name: 'millrace_log_memory_bytes',
    help: 'Shared memory in use by the logs of streams',
    labels: ['worker'],
    rows: (context) => perWorker(context, (report) => report.poolBytes),
  },
  {
    name: 'millrace_event_loop_delay_p99_seconds',
    help: 'Delay of the event loop over the last 20 to 40 seconds, 99th percentile',
    labels: ['worker'],
    rows: (context) => perWorker(context, (report) => report.loopDelayP99Ms / 1000),
  },
  {
    name: 'millrace_event_loop_utilization',
    help: 'Share of the last second that the event loop was busy',
    labels: ['worker'],
    rows: (context) => perWorker(context, (report) => report.loopUtilization),
  },
  {
    name: 'millrace_allocated_bytes_total',
    help: 'Bytes that the JavaScript of a worker has allocated since its start',
    labels: ['worker'],
    rows: (context) => perWorker(context, (report) => report.allocatedBytes),
  },
  ...CODEC_METRICS,
]

/** Everything that can be counted, in the text format of Prometheus. */
export async function metricsText(
  context: ApiContext,
): Promise<{ readonly contentType: string; readonly text: string }> {
  const registry = new Registry()
  for (const { name, help, labels, rows } of METRICS) {
    const gauge = new Gauge({ name, help, labelNames: [...labels], registers: [registry] })
    for (const row of rows(context)) gauge.set({ ...row.labels }, row.value)
  }
  const memory = new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Resident memory of the server process',
    registers: [registry],
  })
  memory.set(process.memoryUsage.rss())
  return { contentType: registry.contentType, text: await registry.metrics() }
}
