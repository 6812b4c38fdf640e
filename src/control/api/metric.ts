import type { WorkerReport } from '../stats.ts'
import type { ApiContext } from './api-context.ts'

export type Row = { readonly labels: Readonly<Record<string, string>>; readonly value: number }
export type Metric = {
  readonly name: string
  readonly help: string
  readonly labels: readonly string[]
  rows(context: ApiContext): Iterable<Row>
}

export function* perWorker({ stats }: ApiContext, value: (report: WorkerReport) => number): Iterable<Row> {
  for (const [worker, report] of stats.reports) yield { labels: { worker: String(worker) }, value: value(report) }
}
