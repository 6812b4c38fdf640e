import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import type { Frame } from '../../src/media/model/index.ts'
import { MESSAGE, type RungOrder, slotOf } from '../../src/pipeline/transcode/channel/job-messages.ts'
import { CodecProcess } from '../../src/pipeline/transcode/index.ts'
import { rungOrder } from '../../src/pipeline/transcode/ladder/rung-plan.ts'
import { resolveProfile } from '../../src/platform/config/index.ts'
import { makeLogger } from '../../src/platform/telemetry/index.ts'
import { type Clip, runProgram } from './clips.ts'
import { percentile } from './figures.ts'

export type LadderCost = {
  /** CPU time of everything that took part, without the start of the processes. */
  readonly cpuSeconds: number
  readonly wallSeconds: number
  /** Pictures, of all rungs. */
  readonly encodedFrames: number
}
export type LadderLatency = {
  /** Of the first rung, and of the last that has the picture. */
  readonly firstP50Ms: number
  readonly lastP50Ms: number
  readonly lastP99Ms: number
  readonly pictures: number
}

export type BareOrder = {
  readonly rungs: readonly { readonly size: readonly [number, number]; readonly kbps: number }[]
  readonly preset: string
  readonly keySeconds: number
  readonly audioKbps: number
}
export type BareCost = LadderCost

/** What is measured, with the same settings on all sides. */
export const MEASURED: BareOrder = {
  rungs: [
    { size: [1280, 720], kbps: 2500 },
    { size: [854, 480], kbps: 1200 },
    { size: [640, 360], kbps: 700 },
  ],
  preset: 'veryfast',
  keySeconds: 2,
  audioKbps: 128,
}

export function measuredOrders(): RungOrder[] {
  return MEASURED.rungs.map(({ size, kbps }, slot) => {
    const video = { size: size.join('x'), bitrateKbps: kbps, preset: MEASURED.preset }
    const profile = resolveProfile({ r: { video, audio: { codec: 'aac', bitrateKbps: MEASURED.audioKbps } } }, 'r')
    return rungOrder({ profile, slot, afterTicks: undefined }, false)
  })
}

/** The ladder in a codec process, fed over its channel as fast as it goes; the channel's cost on this side included. */
export async function measureLadder({ tracks, frames }: Clip): Promise<LadderCost> {
  await using codec = new CodecProcess({ log: makeLogger(() => {}), purpose: 'bench' })
  const ended = Promise.withResolvers<void>()
  const cost = { first: 0, last: 0, frames: 0 }
  let started = { ms: 0, cpu: process.cpuUsage() }
  const job = codec.run(
    { request: { kind: 'ladder' } },
    {
      onStarted: () => {
        started = { ms: performance.now(), cpu: process.cpuUsage() }
        job.send(MESSAGE.rungs, { rungs: measuredOrders() })
        for (const { config, ...track } of tracks) job.send(MESSAGE.inputTrack, { track }, config)
        for (const { data, ...header } of frames) job.send(MESSAGE.inputFrame, header, data)
        job.send(MESSAGE.finish, {})
      },
      onFrame: ({ trackId }) => {
        cost.frames += trackId % 2
      },
      onProgress: ({ cpuMs }) => {
        cost.first ||= cpuMs
        cost.last = cpuMs
      },
      onEnd: (end) => (end.outcome === 'done' ? ended.resolve() : ended.reject(new Error(JSON.stringify(end)))),
    },
  )
  await ended.promise
  const { user, system } = process.cpuUsage(started.cpu)
  return {
    cpuSeconds: (cost.last - cost.first) / 1000 + (user + system) / 1e6,
    wallSeconds: (performance.now() - started.ms) / 1000,
    encodedFrames: cost.frames,
  }
}

/** The same by FFmpeg's libraries in one loop of calls, in a process with nothing else in it. */
export function measureBare(path: string): Promise<LadderCost> {
  return runProgram<BareCost>('bare-ladder', [path, JSON.stringify(MEASURED)])
}

/** The same by an `ffmpeg` command, the outputs thrown away: one thread, the same encoders and settings. */
export async function measureFfmpegCommand(path: string, ffmpeg: string): Promise<LadderCost> {
  const startedMs = performance.now()
  const shell = `TIMEFORMAT='%U %S'; time "$0" "$@"`
  const child = spawn('bash', ['-c', shell, ffmpeg, ...commandArguments(path)], { stdio: ['ignore', 'ignore', 'pipe'] })
  let stderr = ''
  child.stderr.on('data', (bytes: Buffer) => {
    stderr += bytes.toString()
  })
  const [code] = (await once(child, 'close')) as [number]
  if (code !== 0) throw new Error(`ffmpeg: ${stderr}`)
  const [user = 0, system = 0] = (stderr.trim().split('\n').at(-1) ?? '').split(' ').map(Number)
  return { cpuSeconds: user + system, wallSeconds: (performance.now() - startedMs) / 1000, encodedFrames: Number.NaN }
}
function commandArguments(path: string): string[] {
  const { rungs, preset, keySeconds, audioKbps } = MEASURED
  const splits = rungs.map((_, at) => `[s${at}]`).join('')
  const scales = rungs.map(({ size }, at) => `[s${at}]scale=${size.join(':')},setsar=1,format=yuv420p[v${at}]`)
  const outputs = rungs.flatMap(({ kbps }, at) => [
    ...['-map', `[v${at}]`, '-c:v', 'libx264', '-preset', preset, '-tune', 'zerolatency', '-bf', '0'],
    ...['-x264-params', 'scenecut=0:keyint=infinite:sliced-threads=0', '-forced-idr', '1', '-threads', '1'],
    ...['-force_key_frames', `expr:gte(t,n_forced*${keySeconds})`, '-b:v', `${kbps}k`, '-maxrate', `${kbps * 1.25}k`],
    ...['-bufsize', `${kbps * 1.5}k`],
    // The ladder encodes its sound once, so the command does.
    ...(at === 0 ? ['-map', '0:a', '-c:a', 'aac', '-aac_coder', 'fast', '-b:a', `${audioKbps}k`] : []),
    ...['-f', 'null', '-'],
  ])
  const graph = `[0:v]split=${rungs.length}${splits};${scales.join(';')}`
  const quiet = ['-hide_banner', '-loglevel', 'error', '-nostdin']
  const threads = ['-filter_threads', '1', '-filter_complex_threads', '1', '-threads', '1']
  return [...quiet, ...threads, '-i', path, '-filter_complex', graph, ...outputs]
}

/** `jobs` ladders in real time, each in a codec process of its own: from a picture given until the rungs have it back. */
export async function measureLatency(clip: Clip, jobs: number, seconds: number): Promise<LadderLatency> {
  const all = await Promise.all(Array.from({ length: jobs }, (_, at) => runLive(clip, { seconds, phase: at / jobs })))
  const [first, last] = [all.flatMap((each) => each.first), all.flatMap((each) => each.last)]
  const of = (times: readonly number[], share: number) => percentile(times, share) ?? Number.NaN
  return {
    firstP50Ms: of(first, 0.5),
    lastP50Ms: of(last, 0.5),
    lastP99Ms: of(last, 0.99),
    pictures: last.length,
  }
}

const OPENING_SECONDS = 2

type Latencies = { readonly first: number[]; readonly last: number[] }

async function runLive({ tracks, frames }: Clip, options: { readonly seconds: number; readonly phase: number }) {
  await using codec = new CodecProcess({ log: makeLogger(() => {}), purpose: 'bench' })
  const ready = Promise.withResolvers<void>()
  const sentMs = new Map<number, number>()
  const latencies: Latencies = { first: [], last: [] }
  let outCount = 0
  const job = codec.run(
    { request: { kind: 'ladder' } },
    {
      onStarted: ready.resolve,
      onFrame: ({ trackId, ptsTicks }) => {
        outCount++
        const since = trackId % 2 === 1 ? sentMs.get(ptsTicks) : undefined
        if (since === undefined) return
        if (slotOf(trackId) === 0) latencies.first.push(performance.now() - since)
        if (slotOf(trackId) === MEASURED.rungs.length - 1) latencies.last.push(performance.now() - since)
      },
      onEnd: () => {},
    },
  )
  await ready.promise
  job.send(MESSAGE.rungs, { rungs: measuredOrders() })
  for (const { config, ...track } of tracks) job.send(MESSAGE.inputTrack, { track }, config)
  const clocks = new Map(tracks.map(({ id, clockRateHz }) => [id, clockRateHz]))
  const secondsOf = ({ dtsTicks, trackId }: Omit<Frame, 'data'>) => dtsTicks / (clocks.get(trackId) ?? 1)
  const video = tracks.find(({ kind }) => kind === 'video')?.id
  // What opens decoder and encoders, and warms up the code, is not what a stream feels.
  const opening = frames.filter((frame) => secondsOf(frame) < OPENING_SECONDS)
  for (const { data, ...header } of opening) job.send(MESSAGE.inputFrame, header, data)
  for (let before = -1; outCount > before || outCount === 0; await delay(500)) before = outCount
  // Jobs whose pictures come at the same moment would wait for each other more than streams do.
  const startedMs = performance.now() + options.phase * 33 - OPENING_SECONDS * 1000
  for (const { data, ...header } of frames.slice(opening.length)) {
    const dueSeconds = secondsOf(header)
    if (dueSeconds > options.seconds) break
    const waitMs = startedMs + dueSeconds * 1000 - performance.now()
    if (waitMs > 1) await delay(waitMs)
    if (header.trackId === video) sentMs.set(header.ptsTicks, performance.now())
    job.send(MESSAGE.inputFrame, header, data)
  }
  job.cancel()
  return latencies
}
