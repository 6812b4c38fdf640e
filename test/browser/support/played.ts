import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import type { TestServer } from '../../support/server.ts'
import { WatchedPage } from './browser.ts'
import type { PlayerHost } from './player-host.ts'
import { hostOf, type PlayedForm, START, WATCH, type Watched } from './players.ts'

const PLAYED_SECONDS = 3
const SHOWN_FRAMES = 30
/** Players work their way to the live edge first. */
const SETTLING_SAMPLES = 15
const DEADLINE_MS = 40_000

export type Stage = { readonly browser: Browser; readonly host: PlayerHost; readonly server: TestServer }

/** What is done with a player that plays. */
export type Act = (player: OpenPlayer) => Promise<void>

type Place = { readonly folder: string; readonly host: string }

/** A player in a page of its own. */
export class OpenPlayer implements AsyncDisposable {
  readonly page: Page
  /** Answers of 400 and above. */
  readonly refusals: string[] = []
  readonly #watched: WatchedPage

  private constructor(watched: WatchedPage) {
    this.#watched = watched
    this.page = watched.page
    this.page.on('response', (response) => {
      if (response.status() >= 400) this.refusals.push(`${response.status()} ${response.url()}`)
    })
  }
  static async start({ browser, host, server }: Stage, form: PlayedForm, place: Place): Promise<OpenPlayer> {
    const opened = new OpenPlayer(await WatchedPage.open(browser))
    const { page } = opened
    await page.goto(host.url)
    await page.addScriptTag({ url: `/${form.player}.js` })
    const url = server.http(`${place.folder}/${form.file}`).replace('127.0.0.1', place.host)
    await page.evaluate(`(() => { ${WATCH} ${START[form.player](url, form.mode)} })()`)
    return opened
  }
  watched(): Promise<Watched> {
    return this.page.evaluate<Watched>('window.watched()')
  }
  /** Waits until `expression` is true in the page, or the player has given up. */
  async until(expression: string): Promise<void> {
    const isOver = `(${expression}) || window.watched().errors.some((error) => error.startsWith('fatal'))`
    await this.page.waitForFunction(isOver, undefined, { polling: 100, timeout: DEADLINE_MS }).catch(() => {})
  }
  /** It goes on from where it is. */
  async playsOn(seconds: number): Promise<void> {
    const from = await this.page.evaluate<number>(`document.querySelector('video').currentTime`)
    await this.until(`document.querySelector('video').currentTime > ${from + seconds}`)
    const to = await this.page.evaluate<number>(`document.querySelector('video').currentTime`)
    const { errors } = await this.watched()
    assert.ok(to > from + seconds, `stands at ${to} since ${from}; ${[...errors, ...this.refusals].join('; ')}`)
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#watched[Symbol.asyncDispose]()
  }
}

type Played = Watched & { readonly refusals: readonly string[]; readonly stoodStill: boolean }

async function play(stage: Stage, form: PlayedForm, place: Place, act: Act | undefined): Promise<Played> {
  await using player = await OpenPlayer.start(stage, form, place)
  await player.until(
    `window.watched().playedSeconds > ${PLAYED_SECONDS} && window.watched().frameCount > ${SHOWN_FRAMES}`,
  )
  const first = await player.watched()
  const stoodStill = first.errors.length + player.refusals.length === 0 && !hasPlayed(first)
  if (!act || !hasPlayed(first)) return { ...first, refusals: player.refusals, stoodStill }
  await act(player)
  return { ...(await player.watched()), refusals: player.refusals, stoodStill }
}

function hasPlayed({ playedSeconds, frameCount }: Watched): boolean {
  return playedSeconds > PLAYED_SECONDS && frameCount > SHOWN_FRAMES
}

function percentile(values: readonly number[], share: number): string {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]?.toFixed(2) ?? '–'
}

async function playsWell(t: TestContext, stage: Stage, form: PlayedForm, place: Place, act?: Act): Promise<void> {
  let played = await play(stage, form, place, act)
  const title = `${form.name} in ${form.player}`
  // With both cores busy dash.js 5 now and then asks for one segment of a track and never for another, while it goes on
  // reading the manifest: nothing was refused and no error was told. It is started once more, and it is said.
  if (form.player === 'dash' && played.stoodStill) {
    t.diagnostic(`${title} stood still after ${played.frameCount} frames; started once more`)
    played = await play(stage, form, place, act)
  }
  const { errors, stalls, latencies, playedSeconds, frameCount, refusals } = played
  const settled = latencies.slice(SETTLING_SAMPLES)
  const latency =
    settled.length > 0 ? `, latency ${percentile(settled, 0.5)} s p50 ${percentile(settled, 0.95)} s p95` : ''
  t.diagnostic(
    `${title}: ${frameCount} frames, ${stalls.length} stalls${latency} ${[...errors, ...refusals].join('; ')}`,
  )
  assert.deepEqual(
    errors.filter((error) => error.startsWith('fatal')),
    [],
    title,
  )
  // Who has sought back stands before it began.
  if (!act) assert.ok(playedSeconds > PLAYED_SECONDS, `${title} played ${playedSeconds} s`)
  assert.ok(frameCount > SHOWN_FRAMES, `${title} showed ${frameCount} frames`)
}

/** Two at a time: as many as the machine has cores. */
export async function playAll(
  t: TestContext,
  stage: Stage,
  forms: readonly PlayedForm[],
  folder: string,
  act?: (form: PlayedForm) => Act | undefined,
): Promise<void> {
  for (let at = 0; at < forms.length; at += 2) {
    await Promise.all(
      forms
        .slice(at, at + 2)
        .map((form, player) => playsWell(t, stage, form, { folder, host: hostOf(player) }, act?.(form))),
    )
  }
}
