import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { type ClientRequest, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { makeClip, streamedClip } from '../support/clips.ts'
import { type Column, formatTable, percentile } from '../support/figures.ts'
import { MillraceTarget } from '../support/targets.ts'

export type PictureRow = {
  readonly picture: string
  readonly asked: number
  /** Decodes that it took. */
  readonly made: number
  readonly p50Ms: number
  readonly mostMs: number
}

const BURST = 500
const SIZE = '1920x1080'
const KINDS = ['snapshot.jpg', 'snapshot.webp', 'snapshot.jpg?width=640'] as const
const MADE = 'millrace_pictures_decoded_total'
/** Asked for first, and not measured: the codec process starts with it. */
const WARM_UP = 'warm'

/** Pictures of 1080p: one at a time, each of a keyframe that was not asked for before, and a burst for one. */
export async function pictures(runs: number, say: (line: string) => void): Promise<PictureRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-pictures-'))
  await using target = await MillraceTarget.start({ label: 'millrace', sets: [], workers: 1, cpus: '0,1' })
  const pushes: ClientRequest[] = []
  try {
    const path = join(folder, 'clip.flv')
    say(`pictures: making a clip of ${SIZE}`)
    await makeClip(path, { ...streamedClip(1, SIZE), kbps: 8000 })
    const clip = readFileSync(path)
    const { port } = target.viewers('flv')
    const open = async (name: string) => {
      pushes.push(await push(port, name, clip))
      return (file: string) => get(`http://127.0.0.1:${port}/live/${name}/${file}`)
    }
    await (await open(WARM_UP))('snapshot.jpg')
    const rows: PictureRow[] = []
    for (const [at, kind] of KINDS.entries()) {
      say(`pictures: ${runs} of ${kind}`)
      const before = await settledMetric(target)
      const times: number[] = []
      for (let run = 0; run < runs; run++) times.push(await (await open(`k${at}-${run}`))(kind))
      rows.push(rowOf(kind, times, (await settledMetric(target)) - before))
    }
    say(`pictures: ${BURST} ask for one`)
    const ask = await open('burst')
    const before = await settledMetric(target)
    const times = await Promise.all(Array.from({ length: BURST }, () => ask('snapshot.jpg')))
    rows.push(rowOf(`snapshot.jpg, ${BURST} at once`, times, (await settledMetric(target)) - before))
    return rows
  } finally {
    for (const each of pushes) each.destroy()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Workers report once a second. */
async function settledMetric(target: MillraceTarget): Promise<number> {
  await delay(2500)
  return target.metric(MADE)
}
function rowOf(picture: string, times: readonly number[], made: number): PictureRow {
  return { picture, asked: times.length, made, p50Ms: percentile(times, 0.5) ?? Number.NaN, mostMs: Math.max(...times) }
}

/** The stream is live while the request is open. */
async function push(port: number, name: string, clip: Uint8Array): Promise<ClientRequest> {
  const pushing = request(`http://127.0.0.1:${port}/live/${name}.flv`, { method: 'POST' })
  pushing.on('error', () => {})
  pushing.write(clip)
  for (let tries = 0; tries < 100; tries++) {
    await delay(20)
    const { status } = await fetch(`http://127.0.0.1:${port}/api/v1/streams/live/${name}`)
    if (status === 200) break
  }
  // The stream is known before its frames are all there.
  await delay(300)
  return pushing
}
async function get(url: string): Promise<number> {
  const startedMs = performance.now()
  const response = await fetch(url)
  await response.arrayBuffer()
  if (response.status !== 200) throw new Error(`${url}: ${response.status}`)
  return performance.now() - startedMs
}

const COLUMNS: readonly Column<PictureRow>[] = [
  { title: `picture of ${SIZE}`, text: ({ picture }) => picture },
  { title: 'asked for', text: ({ asked }) => String(asked) },
  { title: 'decoded', text: ({ made }) => String(made) },
  { title: 'p50 ms', text: ({ p50Ms }) => p50Ms.toFixed(0) },
  { title: 'most ms', text: ({ mostMs }) => mostMs.toFixed(0) },
]
export function formatPictures(rows: readonly PictureRow[]): string {
  return formatTable(COLUMNS, rows)
}
