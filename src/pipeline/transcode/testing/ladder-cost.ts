// What a three-rung ladder costs: for the benchmark, which compares it with FFmpeg doing the same.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { FlvDemuxer } from '../../../media/formats/flv/index.ts'
import type { Frame, Track } from '../../../media/model/index.ts'
import { resolveProfile } from '../../../platform/config/index.ts'
import { makeLogger } from '../../../platform/telemetry/index.ts'
import { MESSAGE, type RungOrder } from '../channel/job-messages.ts'
import { CodecProcess } from '../index.ts'
import { rungOrder } from '../ladder/rung-plan.ts'

export type LadderCost = {
  /** CPU time of everything that took part, without the start of the processes. */
  readonly cpuSeconds: number
  readonly wallSeconds: number
  readonly encodedFrames: number
}
export type LadderLatency = { readonly p50Ms: number; readonly p99Ms: number }

/** The rungs that are measured, with the same settings on both sides. */
export const MEASURED_RUNGS = [
  { size: [1280, 720], kbps: 2500 },
  { size: [854, 480], kbps: 1200 },
  { size: [640, 360], kbps: 700 },
] as const
const PRESET = 'veryfast'

function orders(): RungOrder[] {
  return MEASURED_RUNGS.map(({ size, kbps }, slot) => {
    const video = { size: size.join('x'), bitrateKbps: kbps, preset: PRESET }
    const profile = resolveProfile({ r: { video, audio: { codec: 'aac', bitrateKbps: 128 } } }, 'r')
    return rungOrder({ profile, slot, afterTicks: undefined }, false)
  })
}

type Source = { readonly tracks: readonly Track[]; readonly frames: readonly Frame[] }

/** H.264 and AAC in an FLV file. */
export function readFlvSource(path: string): Source {
  const tracks: Track[] = []
  const frames: Frame[] = []
  const demuxer = new FlvDemuxer({
    onTrack: (track) => tracks.push(track),
    onFrame: (frame) => frames.push({ ...frame, data: frame.data.slice() }),
  })
  demuxer.push(readFileSync(path))
  demuxer.flush()
  return { tracks, frames }
}

/** The ladder in a codec process, fed over its channel as fast as it goes; the channel's cost on this side included. */
export async function measureLadder({ tracks, frames }: Source): Promise<LadderCost> {
  await using codec = new CodecProcess({ log: makeLogger(() => {}), purpose: 'bench' })
  const ended = Promise.withResolvers<void>()
  const cost = { first: 0, last: 0, frames: 0 }
  let started = { ms: 0, cpu: process.cpuUsage() }
  const job = codec.run(
    { request: { kind: 'ladder' } },
    {
      onStarted: () => {
        started = { ms: performance.now(), cpu: process.cpuUsage() }
        job.send(MESSAGE.rungs, { rungs: orders() })
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

/** From a frame given to the codec process until the largest rung has it back, in real time. */
export async function measureLatency({ tracks, frames }: Source, seconds: number): Promise<LadderLatency> {
  await using codec = new CodecProcess({ log: makeLogger(() => {}), purpose: 'bench' })
  const ready = Promise.withResolvers<void>()
  const sentMs = new Map<number, number>()
  const latencies: number[] = []
  const job = codec.run(
    { request: { kind: 'ladder' } },
    {
      onStarted: ready.resolve,
      onFrame: ({ trackId, ptsTicks }) => {
        const since = trackId === 1 ? sentMs.get(ptsTicks) : undefined
        if (since !== undefined) latencies.push(performance.now() - since)
      },
      onEnd: () => {},
    },
  )
  await ready.promise
  job.send(MESSAGE.rungs, { rungs: orders() })
  for (const { config, ...track } of tracks) job.send(MESSAGE.inputTrack, { track }, config)
  const clocks = new Map(tracks.map(({ id, clockRateHz }) => [id, clockRateHz]))
  const startedMs = performance.now()
  for (const { data, ...header } of frames) {
    const dueSeconds = header.dtsTicks / (clocks.get(header.trackId) ?? 1)
    if (dueSeconds > seconds) break
    const waitMs = startedMs + dueSeconds * 1000 - performance.now()
    if (waitMs > 1) await new Promise((resolve) => setTimeout(resolve, waitMs))
    sentMs.set(header.ptsTicks, performance.now())
    job.send(MESSAGE.inputFrame, header, data)
  }
  job.cancel()
  latencies.sort((a, b) => a - b)
  const at = (share: number) => latencies[Math.floor((latencies.length - 1) * share)] ?? Number.NaN
  return { p50Ms: at(0.5), p99Ms: at(0.99) }
}

/** The same by the `ffmpeg` command, the outputs thrown away: one thread, the same encoders and settings. */
export async function measureFfmpegCommand(path: string, ffmpeg = 'ffmpeg'): Promise<LadderCost> {
  const splits = MEASURED_RUNGS.map((_, at) => `[s${at}]`).join('')
  const scales = MEASURED_RUNGS.map(({ size }, at) => `[s${at}]scale=${size.join(':')},setsar=1,format=yuv420p[v${at}]`)
  const outputs = MEASURED_RUNGS.flatMap(({ kbps }, at) => [
    ...['-map', `[v${at}]`, '-map', '0:a', '-c:v', 'libx264', '-preset', PRESET, '-tune', 'zerolatency', '-bf', '0'],
    ...['-x264-params', 'scenecut=0:keyint=infinite:sliced-threads=0', '-forced-idr', '1', '-threads', '1'],
    ...['-force_key_frames', 'expr:gte(t,n_forced*2)', '-b:v', `${kbps}k`, '-maxrate', `${kbps * 1.25}k`],
    ...['-bufsize', `${kbps * 1.5}k`, '-c:a', 'aac', '-aac_coder', 'fast', '-b:a', '128k', '-f', 'null', '-'],
  ])
  const graph = `[0:v]split=${MEASURED_RUNGS.length}${splits};${scales.join(';')}`
  const quiet = [
    '-hide_banner',
    '-loglevel',
    'error',
    '-nostdin',
    '-filter_threads',
    '1',
    '-filter_complex_threads',
    '1',
  ]
  const args = [...quiet, '-threads', '1', '-i', path, '-filter_complex', graph, ...outputs]
  const startedMs = performance.now()
  const shell = `TIMEFORMAT='%U %S'; time "$0" "$@"`
  const child = spawn('bash', ['-c', shell, ffmpeg, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
  let stderr = ''
  child.stderr.on('data', (bytes: Buffer) => {
    stderr += bytes.toString()
  })
  const [code] = (await once(child, 'close')) as [number]
  if (code !== 0) throw new Error(`ffmpeg: ${stderr}`)
  const [user = 0, system = 0] = (stderr.trim().split('\n').at(-1) ?? '').split(' ').map(Number)
  return { cpuSeconds: user + system, wallSeconds: (performance.now() - startedMs) / 1000, encodedFrames: Number.NaN }
}
