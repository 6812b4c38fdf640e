import { setTimeout as delay } from 'node:timers/promises'
import { type Column, formatTable, percentile } from '../support/figures.ts'
import { Probe } from '../support/probe.ts'
import { Publisher } from '../support/publisher.ts'
import type { Protocol } from '../support/requests.ts'
import { BenchSource } from '../support/source.ts'
import { MillraceTarget } from '../support/targets.ts'

export type JoinOptions = {
  readonly protocols: readonly Protocol[]
  readonly joins: number
  readonly sets: readonly string[]
}
export type JoinRow = {
  readonly protocol: Protocol
  readonly firstPictureP50Ms: number
  readonly firstPictureP95Ms: number
  readonly firstPictureP99Ms: number
  readonly failed: number
}

const STREAM = 'live/bench'
/** Not a divisor of the keyframe distance, so that joins fall everywhere in it. */
const STEP_MS = 37

/** How long a viewer waits for its first picture, wherever in the keyframe distance it comes. */
export async function join(options: JoinOptions, say: (line: string) => void): Promise<JoinRow[]> {
  await using target = await MillraceTarget.start({ label: 'millrace', sets: options.sets, workers: 1 })
  const publisher = new Publisher(new BenchSource())
  publisher.add(await target.publish(STREAM))
  await delay(5000)
  const rows: JoinRow[] = []
  for (const protocol of options.protocols) {
    say(`join: ${options.joins} viewers of ${protocol}`)
    rows.push(await joinBy(protocol, target, publisher, options.joins))
  }
  publisher.close()
  return rows
}

async function joinBy(protocol: Protocol, target: MillraceTarget, publisher: Publisher, joins: number) {
  const found: (number | undefined)[] = []
  for (let at = 0; at < joins; at++) {
    const probe = new Probe({ ...target.viewers(protocol), stream: STREAM }, publisher)
    await delay(STEP_MS)
    for (let tries = 0; tries < 100 && probe.firstPictureMs === undefined; tries++) await delay(20)
    found.push(probe.firstPictureMs)
    probe.close()
  }
  const times = found.filter((ms) => ms !== undefined)
  return {
    protocol,
    firstPictureP50Ms: percentile(times, 0.5) ?? Number.NaN,
    firstPictureP95Ms: percentile(times, 0.95) ?? Number.NaN,
    firstPictureP99Ms: percentile(times, 0.99) ?? Number.NaN,
    failed: found.length - times.length,
  }
}

const COLUMNS: readonly Column<JoinRow>[] = [
  { title: 'protocol', text: ({ protocol }) => protocol },
  {
    title: 'first picture p50/p95/p99 ms',
    text: (row) =>
      [row.firstPictureP50Ms, row.firstPictureP95Ms, row.firstPictureP99Ms].map((ms) => ms.toFixed(1)).join(' / '),
  },
  { title: 'failed', text: ({ failed }) => String(failed) },
]

export function formatJoin(rows: readonly JoinRow[]): string {
  return formatTable(COLUMNS, rows)
}
