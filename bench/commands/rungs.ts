import { mkdtempSync, rmSync } from 'node:fs'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { FlvDemuxer, FlvMuxer } from '../../src/media/formats/flv/index.ts'
import { type Clip, makeClip, readClip, streamedClip } from '../support/clips.ts'
import { type Column, formatTable, percentile } from '../support/figures.ts'
import { MillraceTarget } from '../support/targets.ts'

export type RungTimes = {
  /** From the request of a rendition that does not run, nor its codec process, to its first picture. */
  readonly startMs: readonly number[]
  /** The longest time without a picture of the rendition after its codec process was killed. */
  readonly goesOnMs: readonly number[]
}

const RUNG = '360p'
const BEFORE_REQUEST_MS = 3000
const BEFORE_KILL_MS = 2000
const AFTER_KILL_MS = 6000
const CLIP_SECONDS = 13

/** How soon a rung on demand starts, and goes on after its process was killed: another source each time. */
export async function rungs(runs: number, say: (line: string) => void): Promise<RungTimes> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-rungs-'))
  const sets = [`streams.live/**.ladder=[${RUNG}]`, 'log.level=debug']
  await using target = await MillraceTarget.start({ label: 'millrace', sets, workers: 1, cpus: '0,1' })
  try {
    const path = join(folder, 'clip.flv')
    say(`rungs: making ${CLIP_SECONDS} s of 1280×720`)
    await makeClip(path, streamedClip(CLIP_SECONDS))
    const clip = readClip(path)
    const [startMs, goesOnMs]: [number[], number[]] = [[], []]
    for (let run = 1; run <= runs; run++) {
      say(`rungs: ${run} of ${runs}`)
      const found = await oneSource(target, clip, `live/r${run}`)
      startMs.push(found.startMs)
      goesOnMs.push(found.goesOnMs)
    }
    return { startMs, goesOnMs }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function oneSource(target: MillraceTarget, clip: Clip, name: string) {
  const { port } = target.viewers('flv')
  const pushing = request(`http://127.0.0.1:${port}/${name}.flv`, { method: 'POST' })
  pushing.on('error', () => {})
  const stop = new AbortController()
  const pushed = pushInRealTime(pushing, clip, stop.signal)
  await delay(BEFORE_REQUEST_MS)
  const askedMs = performance.now()
  const arrivals: number[] = []
  const viewer = request(`http://127.0.0.1:${port}/${name}/${RUNG}.flv`, (response) => watch(response, arrivals))
  viewer.on('error', () => {})
  viewer.end()
  while (arrivals.length === 0 && performance.now() - askedMs < 10_000) await delay(5)
  const startMs = (arrivals[0] ?? Number.POSITIVE_INFINITY) - askedMs
  await delay(BEFORE_KILL_MS)
  process.kill(codecPid(target, name), 'SIGKILL')
  const killedMs = performance.now()
  await delay(AFTER_KILL_MS)
  const late = arrivals.filter((ms) => ms > killedMs - 500)
  const goesOnMs = Math.max(...late.map((ms, at) => (late[at + 1] ?? performance.now()) - ms))
  stop.abort()
  viewer.destroy()
  pushing.destroy()
  await pushed
  return { startMs, goesOnMs }
}

/** When each picture came. */
function watch(response: IncomingMessage, arrivals: number[]): void {
  const video = new Set<number>()
  const demuxer = new FlvDemuxer({
    onTrack: ({ id, kind }) => kind === 'video' && video.add(id),
    onFrame: ({ trackId }) => video.has(trackId) && arrivals.push(performance.now()),
  })
  response.on('error', () => {})
  response.on('data', (bytes: Buffer) => demuxer.push(bytes))
}

async function pushInRealTime(to: ClientRequest, { tracks, frames }: Clip, signal: AbortSignal): Promise<void> {
  const muxer = new FlvMuxer()
  muxer.setTracks(tracks)
  to.write(Buffer.from(muxer.preamble()))
  const clocks = new Map(tracks.map(({ id, clockRateHz }) => [id, clockRateHz]))
  const startedMs = performance.now()
  for (const frame of frames) {
    const waitMs = startedMs + (frame.dtsTicks / (clocks.get(frame.trackId) ?? 1)) * 1000 - performance.now()
    if (waitMs > 1) await delay(waitMs)
    if (signal.aborted) return
    to.write(Buffer.concat(muxer.frame(frame)))
  }
}

/** As the server's log says it. */
function codecPid(target: MillraceTarget, stream: string): number {
  const lines = target.output.split('\n').filter((line) => line.includes('"codec.started"'))
  const started = lines.map((line) => JSON.parse(line) as { readonly stream?: string; readonly pid: number })
  const pid = started.findLast((line) => line.stream === stream)?.pid
  if (pid === undefined) throw new Error(`no codec process of ${stream}`)
  return pid
}

type Row = { readonly what: string; readonly times: readonly number[] }
const COLUMNS: readonly Column<Row>[] = [
  { title: '', text: ({ what }) => what },
  { title: 'runs', text: ({ times }) => String(times.length) },
  { title: 'p50 ms', text: ({ times }) => (percentile(times, 0.5) ?? Number.NaN).toFixed(0) },
  { title: 'most ms', text: ({ times }) => Math.max(...times).toFixed(0) },
]
export function formatRungs({ startMs, goesOnMs }: RungTimes): string {
  return formatTable(COLUMNS, [
    { what: 'a rung that does not run, to its first picture', times: startMs },
    { what: 'no picture after SIGKILL of the codec process', times: goesOnMs },
  ])
}
