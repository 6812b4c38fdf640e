import { setTimeout as delay } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import { launchBrowser, WatchedPage } from '../../test/browser/support/browser.ts'
import { PlayerHost } from '../../test/browser/support/player-host.ts'
import { hostOf, LOW_LATENCY, type PlayedForm, START, WATCH, type Watched } from '../../test/browser/support/players.ts'
import { LoopPublisher, PICTURE } from '../../test/browser/support/publisher.ts'
import { type Column, formatTable, percentile } from '../support/figures.ts'
import { MillraceTarget } from '../support/targets.ts'

export type PlayersOptions = {
  readonly seconds: number
  /** One player after the other, each with the machine to itself; else all at once. */
  readonly inTurn: boolean
  readonly sets: readonly string[]
}

export type PlayersRow = {
  readonly form: string
  readonly playedSeconds: number
  readonly frames: number
  /** Times that the player ran out of media after its first picture. */
  readonly stalls: number
  readonly errors: readonly string[]
  /** From a picture's arrival at the server to its showing, every 100 ms since the first picture. */
  readonly latencyP50Seconds: number
  readonly latencyP95Seconds: number
  readonly latencyMaxSeconds: number
}

const STREAM = 'live/demo'
const SETS = ['hls.segmentMs=1000', 'hls.partMs=333']
/** The window that a stream has which has run for a while. */
const SEGMENTS_BEFORE = 6
/** The clip is not to start over while players watch. */
const SPARE_SECONDS = 40

type Say = (line: string) => void

/** Real players in Chromium, each as close to the live edge as it can be. */
export async function players(options: PlayersOptions, say: Say): Promise<PlayersRow[]> {
  const groups = options.inTurn ? LOW_LATENCY.map((form) => [form]) : [LOW_LATENCY]
  const rows: PlayersRow[] = []
  for (const forms of groups) rows.push(...(await watch(forms, options, say)))
  return rows
}

async function watch(forms: readonly PlayedForm[], options: PlayersOptions, say: Say): Promise<PlayersRow[]> {
  const { seconds } = options
  const sets = [...SETS, ...options.sets]
  await using server = await MillraceTarget.start({ label: 'millrace', sets, workers: 1, cpus: '0-1' })
  await using host = await PlayerHost.start()
  say('making the clip')
  const picture = PICTURE.replace('1280x720', '640x360')
  await using _publisher = LoopPublisher.start(server.rtmpUrl(STREAM), { picture, seconds: seconds + SPARE_SECONDS })
  await windowOf(SEGMENTS_BEFORE, `http://127.0.0.1:${server.httpPort}/${STREAM}/t1.m3u8`)
  const browser = await launchBrowser()
  try {
    const pages = await Promise.all(forms.map((form, at) => open({ browser, host, server }, form, at)))
    say(`${forms.map(({ name, player }) => `${name} in ${player}`).join(', ')}: ${seconds} s`)
    await delay(seconds * 1000)
    return await Promise.all(pages.map(rowOf))
  } finally {
    await browser.close()
  }
}

async function windowOf(segments: number, playlist: string): Promise<void> {
  for (;;) {
    const response = await fetch(playlist).catch(() => undefined)
    const text = response?.ok ? await response.text() : ''
    if (text.split('#EXTINF').length > segments) return
    await delay(200)
  }
}

type Opened = { readonly form: PlayedForm; readonly page: Page }

type Stage = { readonly browser: Browser; readonly host: PlayerHost; readonly server: MillraceTarget }

async function open({ browser, host, server }: Stage, form: PlayedForm, at: number): Promise<Opened> {
  const { page } = await WatchedPage.open(browser)
  await page.goto(host.url)
  await page.addScriptTag({ url: `/${form.player}.js` })
  const url = `http://${hostOf(at)}:${server.httpPort}/${STREAM}/${form.file}`
  await page.evaluate(`(() => { ${WATCH} ${START[form.player](url, form.mode)} })()`)
  return { form, page }
}

async function rowOf({ form, page }: Opened): Promise<PlayersRow> {
  const { errors, stalls, latencies, playedSeconds, frameCount } = await page.evaluate<Watched>('window.watched()')
  const latency = (share: number) => percentile(latencies, share) ?? Number.NaN
  return {
    form: `${form.name} in ${form.player}`,
    playedSeconds,
    frames: frameCount,
    stalls: stalls.length,
    errors,
    latencyP50Seconds: latency(0.5),
    latencyP95Seconds: latency(0.95),
    latencyMaxSeconds: latency(1),
  }
}

const COLUMNS: readonly Column<PlayersRow>[] = [
  { title: 'player', text: ({ form }) => form },
  { title: 'played s', text: ({ playedSeconds }) => playedSeconds.toFixed(0) },
  { title: 'pictures', text: ({ frames }) => String(frames) },
  { title: 'stalls', text: ({ stalls }) => String(stalls) },
  {
    title: 'latency p50/p95/max s',
    text: ({ latencyP50Seconds, latencyP95Seconds, latencyMaxSeconds }) =>
      [latencyP50Seconds, latencyP95Seconds, latencyMaxSeconds].map((seconds) => seconds.toFixed(2)).join(' / '),
  },
  { title: 'errors', text: ({ errors }) => [...new Set(errors)].join('; ') },
]

export function formatPlayers(rows: readonly PlayersRow[]): string {
  return formatTable(COLUMNS, rows)
}
