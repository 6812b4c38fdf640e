import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import type { TestServer } from '../../support/server.ts'
import { WatchedPage } from './browser.ts'
import { errorsOf, isLate, type Played, seenStalls, told } from './judged.ts'
import type { PlayerHost } from './player-host.ts'
import { hostOf, type PlayedForm, START, WATCH, type Watched } from './players.ts'

const PLAYED_SECONDS = 3
const SHOWN_FRAMES = 30
const DEADLINE_MS = 40_000
const MAX_STARTS = 3

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
  async played(): Promise<Played> {
    // Of answers the refusals tell.
    const faults = this.#watched.faults.filter((fault) => !fault.startsWith('Failed to load resource: the server'))
    return { ...(await this.watched()), refusals: [...this.refusals, ...faults] }
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

/** `began`: before anything was done with it. */
type Begun = Played & { readonly began: boolean }

async function play(stage: Stage, form: PlayedForm, place: Place, act: Act | undefined): Promise<Begun> {
  await using player = await OpenPlayer.start(stage, form, place)
  await player.until(
    `window.watched().playedSeconds > ${PLAYED_SECONDS} && window.watched().frameCount > ${SHOWN_FRAMES}`,
  )
  const { playedSeconds, frameCount } = await player.watched()
  const began = playedSeconds > PLAYED_SECONDS && frameCount > SHOWN_FRAMES
  if (act && began) await act(player)
  return { ...(await player.played()), began }
}

/**
 * Why it is started once more. A machine that is too busy stalls a player now and then, a list that is wrong each time.
 * With both cores busy dash.js 5 at times asks for one segment of a track and never for another while it goes on reading
 * the manifest: nothing was refused and no error was told.
 */
function anotherChance(played: Begun, form: PlayedForm): string | undefined {
  if (isLate(played, form)) return 'stalled'
  if (errorsOf(played, form).length > 0) return undefined
  return form.player === 'dash' && !played.began ? 'stood still' : undefined
}

async function playsWell(t: TestContext, stage: Stage, form: PlayedForm, place: Place, act?: Act): Promise<void> {
  const title = `${form.name} in ${form.player}`
  let played = await play(stage, form, place, act)
  for (let starts = 1; starts < MAX_STARTS; starts++) {
    const why = anotherChance(played, form)
    if (why === undefined) break
    t.diagnostic(`${title} ${why}, is started once more: ${told(played)}`)
    played = await play(stage, form, place, act)
  }
  t.diagnostic(`${title}: ${told(played)}`)
  assert.deepEqual(errorsOf(played, form), [], title)
  assert.ok(played.began, `${title} played ${played.playedSeconds} s and showed ${played.frameCount} frames`)
  assert.deepEqual(seenStalls(played, form), [], title)
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
