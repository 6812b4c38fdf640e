import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Frame } from '../../src/media/model/index.ts'
import { MESSAGE, type RungOrder } from '../../src/pipeline/transcode/channel/job-messages.ts'
import { CodecProcess } from '../../src/pipeline/transcode/index.ts'
import { rungOrder } from '../../src/pipeline/transcode/ladder/rung-plan.ts'
import { resolveProfile } from '../../src/platform/config/index.ts'
import { makeLogger } from '../../src/platform/telemetry/index.ts'
import type { Clip } from '../support/clips.ts'
import { formatTable } from '../support/figures.ts'
import { RungRecord } from '../support/rung-record.ts'
import { LOOP_SECONDS, loopFrames, soundAfterPicture, syncClip } from '../support/sync-clip.ts'

export type SoakOptions = {
  /** Of media. */
  readonly minutes: number
  /** 1 is real time; 0 as fast as it goes. */
  readonly speed: number
}
export type SoakRung = {
  readonly name: string
  readonly pictures: number
  /** Pictures of the source that it lacks, or that have other times. */
  readonly wrongPictures: number
  /** The largest distance of a packet of sound from where the number of samples before it says that it is. */
  readonly stampErrorMs: number
  /** The largest distance of a tone from its white picture, beyond what the source has itself. */
  readonly syncErrorMs: number
  readonly tones: number
}
export type SoakReport = {
  readonly mediaMinutes: number
  readonly wallMinutes: number
  readonly cpuSeconds: number
  /** Of the codec process: [minute of media, bytes]. */
  readonly rss: readonly (readonly [number, number])[]
  readonly rungs: readonly SoakRung[]
}

/** Looked at: so many repetitions of the clip at the start, every ten minutes, and at the end. */
const LOOKED_AT = 2
const MINUTES_BETWEEN = 10
/** Frames that the job has not done yet. */
const MAX_OUTSTANDING = 200

const PROFILES = {
  'H.264, AAC at 48 kHz': {
    video: { codec: 'h264', size: '320x180', bitrateKbps: 250 },
    audio: { codec: 'aac', bitrateKbps: 96, sampleRateHz: 48_000 },
  },
  'H.265, Opus': {
    video: { codec: 'h265', size: '160x90', bitrateKbps: 100 },
    audio: { codec: 'opus', bitrateKbps: 64 },
  },
} as const

function orders(): RungOrder[] {
  return Object.entries(PROFILES).map(([name, settings], slot) =>
    rungOrder({ profile: resolveProfile({ [name]: settings }, name), slot, afterTicks: undefined }, false),
  )
}

/** A ladder that runs for long: its memory, and whether sound and picture stay together. */
export async function soak(options: SoakOptions, say: (line: string) => void): Promise<SoakReport> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-soak-'))
  try {
    return await new SoakRun(options, await syncClip(join(folder, 'clip.flv')), say).run(join(folder, 'look.flv'))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

class SoakRun {
  readonly #options: SoakOptions
  readonly #clip: Clip
  readonly #say: (line: string) => void
  readonly #records = Object.keys(PROFILES).map((name, slot) => new RungRecord(name, slot))
  readonly #rss: (readonly [number, number])[] = []
  #rssBytes = 0
  #cpuMs = 0
  #outstanding = 0

  constructor(options: SoakOptions, clip: Clip, say: (line: string) => void) {
    this.#options = options
    this.#clip = clip
    this.#say = say
  }

  async run(lookFile: string): Promise<SoakReport> {
    const rounds = Math.max(LOOKED_AT, Math.ceil((this.#options.minutes * 60) / LOOP_SECONDS))
    const startedMs = performance.now()
    await this.#feed(rounds)
    const wallMinutes = (performance.now() - startedMs) / 60_000
    const source = [...loopFrames(this.#clip, 0), ...loopFrames(this.#clip, 1)]
    const own = await soundAfterPicture(lookFile, this.#clip.tracks, source)
    const ownSeconds = own.reduce((sum, each) => sum + each, 0) / own.length
    const rungs: SoakRung[] = []
    for (const record of this.#records) {
      const found: number[] = []
      for (const frames of record.kept) found.push(...(await soundAfterPicture(lookFile, record.tracks, frames)))
      const syncErrorMs = Math.max(...found.map((seconds) => Math.abs(seconds - ownSeconds) * 1000))
      rungs.push({ ...record.figures, tones: found.length, syncErrorMs })
    }
    const mediaMinutes = (rounds * LOOP_SECONDS) / 60
    return { mediaMinutes, wallMinutes, cpuSeconds: this.#cpuMs / 1000, rss: this.#rss, rungs }
  }

  async #feed(rounds: number): Promise<void> {
    await using codec = new CodecProcess({ log: makeLogger(() => {}), purpose: 'bench' })
    const [ready, ended] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const job = codec.run(
      { request: { kind: 'ladder' } },
      {
        onStarted: ready.resolve,
        onTrack: (track) => {
          for (const record of this.#records) record.onTrack(track)
        },
        onFrame: (frame) => {
          for (const record of this.#records) record.onFrame(frame)
        },
        onProgress: ({ consumed, rssBytes, cpuMs }) => {
          this.#outstanding -= consumed
          this.#rssBytes = rssBytes
          this.#cpuMs = cpuMs
        },
        onRungFailed: (slot, problem) => ended.reject(new Error(`rung ${slot}: ${problem}`)),
        onEnd: (end) => (end.outcome === 'done' ? ended.resolve() : ended.reject(new Error(JSON.stringify(end)))),
      },
    )
    ended.promise.catch(() => {})
    await ready.promise
    job.send(MESSAGE.rungs, { rungs: orders() })
    for (const { config, ...track } of this.#clip.tracks) job.send(MESSAGE.inputTrack, { track }, config)
    const startedMs = performance.now()
    for (let round = 0; round < rounds; round++) {
      this.#beginRound(round, rounds)
      for (const { data, ...header } of loopFrames(this.#clip, round)) {
        await this.#patience(header, startedMs)
        this.#outstanding++
        job.send(MESSAGE.inputFrame, header, data)
      }
    }
    job.send(MESSAGE.finish, {})
    await ended.promise
  }

  #beginRound(round: number, rounds: number): void {
    const between = Math.round((MINUTES_BETWEEN * 60) / LOOP_SECONDS)
    const isLookedAt = round % between === 0 || round === rounds - LOOKED_AT
    const fromSeconds = 1 + round * LOOP_SECONDS
    if (isLookedAt) for (const record of this.#records) record.keep(fromSeconds, fromSeconds + LOOKED_AT * LOOP_SECONDS)
    const minute = (round * LOOP_SECONDS) / 60
    if (Math.floor(minute) === Math.floor(minute - LOOP_SECONDS / 60) || this.#rssBytes === 0) return
    this.#rss.push([Math.floor(minute), this.#rssBytes])
    this.#say(`soak: minute ${Math.floor(minute)}, ${(this.#rssBytes / 2 ** 20).toFixed(1)} MiB`)
  }
  async #patience({ trackId, dtsTicks }: Omit<Frame, 'data'>, startedMs: number): Promise<void> {
    const { speed } = this.#options
    if (speed > 0) {
      const clockHz = this.#clip.tracks.find(({ id }) => id === trackId)?.clockRateHz ?? 1
      const waitMs = startedMs + ((dtsTicks / clockHz) * 1000) / speed - performance.now()
      if (waitMs > 1) await delay(waitMs)
    }
    while (this.#outstanding > MAX_OUTSTANDING) await delay(2)
  }
}

export function formatSoak({ mediaMinutes, wallMinutes, cpuSeconds, rss, rungs }: SoakReport): string {
  const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(1)
  const later = rss.slice(Math.floor(rss.length / 10))
  const [first, last] = [later[0]?.[1] ?? 0, later.at(-1)?.[1] ?? 0]
  const peak = Math.max(...rss.map(([, bytes]) => bytes))
  const head = `${mediaMinutes.toFixed(1)} minutes of media in ${wallMinutes.toFixed(1)} minutes, ${cpuSeconds.toFixed(0)} CPU-s
codec process: ${mib(first)} MiB after a tenth of it, ${mib(last)} MiB at the end, ${mib(peak)} MiB at most`
  const table = formatTable<SoakRung>(
    [
      { title: 'rung', text: ({ name }) => name },
      { title: 'pictures', text: ({ pictures }) => String(pictures) },
      { title: 'missing or moved', text: ({ wrongPictures }) => String(wrongPictures) },
      { title: 'stamps of sound off by ms', text: ({ stampErrorMs }) => stampErrorMs.toFixed(2) },
      { title: 'tone from picture, beyond the source, ms', text: ({ syncErrorMs }) => syncErrorMs.toFixed(2) },
      { title: 'tones', text: ({ tones }) => String(tones) },
    ],
    rungs,
  )
  return `${head}\n\n${table}`
}
