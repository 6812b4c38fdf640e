/** Percentile of numbers in any order; undefined of none. */
export function percentile(values: readonly number[], share: number): number | undefined {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.round(share * (sorted.length - 1))]
}
/** The mean of the middle two where their number is even; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const [lower, upper] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[Math.floor(sorted.length / 2)]]
  return ((lower ?? Number.NaN) + (upper ?? Number.NaN)) / 2
}

/** The medians, field by field, of runs that measured the same. */
export function medianOf<T extends Readonly<Record<string, number>>>(runs: readonly T[]): T {
  const [first] = runs
  if (!first) throw new Error('no runs')
  return Object.fromEntries(Object.keys(first).map((key) => [key, median(runs.map((run) => run[key] ?? 0))])) as T
}

export type Column<Row> = { readonly title: string; readonly text: (row: Row) => string }

/** A Markdown table, columns padded, so that it reads well on a terminal too. */
export function formatTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const cells = [columns.map(({ title }) => title), ...rows.map((row) => columns.map(({ text }) => text(row)))]
  const widths = columns.map((_, at) => Math.max(...cells.map((line) => (line[at] ?? '').length)))
  const lines = cells.map((line) => `| ${line.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`)
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`
  return [lines[0], rule, ...lines.slice(1)].join('\n')
}
