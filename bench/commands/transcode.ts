import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ffmpegPath, isFfmpegAvailable } from 'node-av/ffmpeg'
import { makeClip, readClip, streamedClip } from '../support/clips.ts'
import { type Column, formatTable, median } from '../support/figures.ts'
import {
  type LadderCost,
  type LadderLatency,
  measureBare,
  measureFfmpegCommand,
  measureLadder,
  measureLatency,
} from '../support/ladder-cost.ts'
import { LOAD_CPU, pinSelf } from '../support/processes.ts'

export type TranscodeOptions = {
  readonly runs: number
  /** Of the clip. */
  readonly seconds: number
}
export type TranscodeReport = {
  readonly mediaSeconds: number
  readonly costs: readonly (LadderCost & { readonly name: string })[]
  /** Millrace's CPU time by that of the same libraries without it. */
  readonly ratio: number
  /** In real time, so many jobs at once. */
  readonly live: readonly (LadderLatency & { readonly cores: 'all' | 'one'; readonly jobs: number })[]
}

type Contender = { readonly name: string; readonly measure: () => Promise<LadderCost> }

/** What a three-rung ladder costs beside FFmpeg doing the same, and how long a picture takes through it. */
export async function transcode(
  { runs, seconds }: TranscodeOptions,
  say: (line: string) => void,
): Promise<TranscodeReport> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-transcode-'))
  try {
    const path = join(folder, 'clip.flv')
    say(`transcode: making ${seconds} s of 1280×720, 30 pictures a second`)
    await makeClip(path, streamedClip(seconds))
    const clip = readClip(path)
    const contenders: Contender[] = [
      { name: 'millrace', measure: () => measureLadder(clip) },
      { name: 'the same libraries, bare', measure: () => measureBare(path) },
      ...ffmpegCommand(path),
    ]
    const costs = await inTurn(contenders, runs, say)
    const [own, bare] = costs
    const ratio = (own?.cpuSeconds ?? Number.NaN) / (bare?.cpuSeconds ?? Number.NaN)
    const fitting = Math.max(1, Math.floor(seconds / (own?.cpuSeconds ?? seconds)))
    const live = []
    for (const [cores, jobs] of [['all', 1] as const, ['one', fitting] as const]) {
      say(`transcode: ${jobs} in real time, cores: ${cores}`)
      if (cores === 'one') pinSelf(LOAD_CPU)
      live.push({ cores, jobs, ...(await measureLatency(clip, jobs, Math.min(seconds, 20))) })
    }
    return { mediaSeconds: seconds, costs, ratio, live }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The command of node-av's own build where its package could fetch it; else the one on PATH, which is another build. */
function ffmpegCommand(path: string): Contender[] {
  const command = isFfmpegAvailable() ? ffmpegPath() : 'ffmpeg'
  try {
    const [line = ''] = execFileSync(command, ['-version']).toString().split('\n')
    const version = /^ffmpeg version (\S+)/.exec(line)?.[1] ?? 'unknown'
    return [{ name: `ffmpeg command, ${version}`, measure: () => measureFfmpegCommand(path, command) }]
  } catch {
    return []
  }
}

async function inTurn(contenders: readonly Contender[], runs: number, say: (line: string) => void) {
  const found = contenders.map((): LadderCost[] => [])
  for (let run = 1; run <= runs; run++) {
    for (const [at, { name, measure }] of contenders.entries()) {
      say(`transcode: ${name}, run ${run} of ${runs}`)
      found[at]?.push(await measure())
    }
  }
  return contenders.map(({ name }, at) => {
    const of = (key: keyof LadderCost) => median((found[at] ?? []).map((cost) => cost[key]))
    return { name, cpuSeconds: of('cpuSeconds'), wallSeconds: of('wallSeconds'), encodedFrames: of('encodedFrames') }
  })
}

type Cost = TranscodeReport['costs'][number]
type Live = TranscodeReport['live'][number]

export function formatTranscode({ mediaSeconds, costs, live }: TranscodeReport): string {
  const own = costs[0]?.cpuSeconds ?? Number.NaN
  const perSecond = (seconds: number) => (seconds / mediaSeconds).toFixed(3)
  const costColumns: Column<Cost>[] = [
    { title: 'ladder of three rungs by', text: ({ name }) => name },
    { title: 'CPU-s per second of video', text: ({ cpuSeconds }) => perSecond(cpuSeconds) },
    { title: 'Millrace ÷ this', text: ({ cpuSeconds }) => (own / cpuSeconds).toFixed(2) },
    { title: 'jobs a core could carry', text: ({ cpuSeconds }) => (mediaSeconds / cpuSeconds).toFixed(1) },
    { title: 'pictures', text: ({ encodedFrames }) => (Number.isNaN(encodedFrames) ? '' : String(encodedFrames)) },
  ]
  const liveColumns: Column<Live>[] = [
    { title: 'jobs in real time', text: ({ jobs }) => String(jobs) },
    { title: 'cores', text: ({ cores }) => cores },
    { title: 'first rung p50 ms', text: ({ firstP50Ms }) => firstP50Ms.toFixed(1) },
    { title: 'last rung p50 ms', text: ({ lastP50Ms }) => lastP50Ms.toFixed(1) },
    { title: 'last rung p99 ms', text: ({ lastP99Ms }) => lastP99Ms.toFixed(1) },
  ]
  return `${formatTable(costColumns, costs)}\n\n${formatTable(liveColumns, live)}`
}
