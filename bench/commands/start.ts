import { setTimeout as delay } from 'node:timers/promises'
import { formatTable, median } from '../support/figures.ts'
import { residentBytes } from '../support/processes.ts'
import { BUNDLED_MAIN, MillraceTarget } from '../support/targets.ts'

export type StartRow = { readonly workers: number; readonly acceptMs: number; readonly idleBytes: number }

/** V8 gives back what the start has left when nothing has been going on for half a minute. */
const CALM_MS = 40_000

/** From the start of the process to the first listener that accepts, and the memory of a server with nothing to do. */
export async function startUp(runs: number, say: (line: string) => void): Promise<StartRow[]> {
  const rows: StartRow[] = []
  for (const workers of [1, 2]) {
    const found: StartRow[] = []
    for (let run = 0; run <= runs; run++) {
      say(`start: ${workers} workers, run ${run} of ${runs}${run === 0 ? ' (fills the caches)' : ''}`)
      await using target = await MillraceTarget.start({
        label: 'millrace',
        sets: [],
        workers,
        cpus: '0,1',
        main: BUNDLED_MAIN,
      })
      if (run === 0) continue
      await delay(CALM_MS)
      found.push({ workers, acceptMs: target.acceptMs, idleBytes: residentBytes(target.pid) })
    }
    const of = (key: 'acceptMs' | 'idleBytes') => median(found.map((row) => row[key]))
    rows.push({ workers, acceptMs: of('acceptMs'), idleBytes: of('idleBytes') })
  }
  return rows
}

export function formatStart(rows: readonly StartRow[]): string {
  return formatTable(
    [
      { title: 'workers', text: ({ workers }) => String(workers) },
      { title: 'first accept ms', text: ({ acceptMs }) => acceptMs.toFixed(0) },
      { title: 'idle MB', text: ({ idleBytes }) => (idleBytes / 1e6).toFixed(0) },
    ],
    rows,
  )
}
