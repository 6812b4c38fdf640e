import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { parseMediaPlaylist } from '../../src/media/formats/hls/index.ts'
import { poll } from '../support/poll.ts'
import { skipWithoutFfmpeg } from '../support/requirements.ts'
import { TestServer } from '../support/server.ts'
import { launchBrowser, skipWithoutChromium, WatchedPage } from './support/browser.ts'
import { PlayerHost } from './support/player-host.ts'
import { hostOf, LOW_LATENCY, type PlayedForm, START, WATCH, type Watched } from './support/players.ts'
import { LoopPublisher, PICTURE } from './support/publisher.ts'

const LIVE: readonly PlayedForm[] = [
  ...LOW_LATENCY,
  { name: 'HLS', player: 'hls', file: 'index.m3u8', mode: 'normal' },
  { name: 'DASH', player: 'dash', file: 'manifest.mpd', mode: 'normal' },
  { name: 'DASH', player: 'shaka', file: 'manifest.mpd', mode: 'normal' },
]
const RECORDED: readonly PlayedForm[] = [
  { name: 'recorded HLS', player: 'hls', file: 'index.m3u8', mode: 'normal' },
  { name: 'recorded DASH', player: 'dash', file: 'manifest.mpd', mode: 'normal' },
  { name: 'recorded DASH', player: 'shaka', file: 'manifest.mpd', mode: 'normal' },
]
const PLAYED_SECONDS = 3
const SHOWN_FRAMES = 30
/** Players work their way to the live edge first. */
const SETTLING_SAMPLES = 15

/** `refusals`: answers of 400 and above. */
type Played = Watched & { readonly refusals: readonly string[] }
type Place = { readonly folder: string; readonly host: string }
type Stage = { readonly browser: Browser; readonly host: PlayerHost; readonly server: TestServer }

async function play(
  { browser, host, server }: Stage,
  { player, file, mode }: PlayedForm,
  { folder, host: serverHost }: Place,
): Promise<Played> {
  await using watched = await WatchedPage.open(browser)
  const { page } = watched
  const refusals: string[] = []
  page.on('response', (response) => {
    if (response.status() >= 400) refusals.push(`${response.status()} ${response.url()}`)
  })
  await page.goto(host.url)
  await page.addScriptTag({ url: `/${player}.js` })
  await page.evaluate(
    `(() => { ${WATCH} ${START[player](server.http(`${folder}/${file}`).replace('127.0.0.1', serverHost), mode)} })()`,
  )
  const done = `(window.watched().playedSeconds > ${PLAYED_SECONDS} && window.watched().frameCount > ${SHOWN_FRAMES}) || window.watched().errors.some((error) => error.startsWith('fatal'))`
  await page.waitForFunction(done, undefined, { polling: 100, timeout: 40_000 }).catch(() => {})
  return { ...(await page.evaluate<Watched>('window.watched()')), refusals }
}

/**
 * With both cores busy dash.js 5 now and then asks for one segment of a track and never for another, while it goes on
 * reading the manifest: nothing was refused and no error was told. Such a player is started once more, and it is said.
 */
function stoodStill({ errors, refusals, playedSeconds, frameCount }: Played): boolean {
  return errors.length + refusals.length === 0 && (playedSeconds <= PLAYED_SECONDS || frameCount <= SHOWN_FRAMES)
}

function percentile(values: readonly number[], share: number): string {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]?.toFixed(2) ?? '–'
}

async function playsWell(t: TestContext, stage: Stage, form: PlayedForm, place: Place): Promise<void> {
  let played = await play(stage, form, place)
  if (form.player === 'dash' && stoodStill(played)) {
    t.diagnostic(`${form.name} in dash stood still after ${played.frameCount} frames; started once more`)
    played = await play(stage, form, place)
  }
  const { errors, stalls, latencies, playedSeconds, frameCount, refusals } = played
  const settled = latencies.slice(SETTLING_SAMPLES)
  const latency =
    settled.length > 0 ? `, latency ${percentile(settled, 0.5)} s p50 ${percentile(settled, 0.95)} s p95` : ''
  t.diagnostic(
    `${form.name} in ${form.player}: ${frameCount} frames, ${stalls.length} stalls${latency} ${[...errors, ...refusals].join('; ')}`,
  )
  assert.deepEqual(
    errors.filter((error) => error.startsWith('fatal')),
    [],
    `${form.name} in ${form.player}`,
  )
  assert.ok(playedSeconds > PLAYED_SECONDS, `${form.name} in ${form.player} played ${playedSeconds} s`)
  assert.ok(frameCount > SHOWN_FRAMES, `${form.name} in ${form.player} showed ${frameCount} frames`)
}

/** Two at a time: as many as the machine has cores. */
async function playAll(t: TestContext, stage: Stage, forms: readonly PlayedForm[], folder: string): Promise<void> {
  for (let at = 0; at < forms.length; at += 2) {
    await Promise.all(
      forms.slice(at, at + 2).map((form, player) => playsWell(t, stage, form, { folder, host: hostOf(player) })),
    )
  }
}

test('hls.js, shaka-player and dash.js play every form', { skip: skipWithoutChromium() }, async (t) => {
  await using server = await TestServer.start([
    'hls.segmentMs=1000',
    'hls.windowSegments=20',
    'streams.**.record=true',
    'streams.**.graceMs=0',
  ])
  await using host = await PlayerHost.start()
  const browser = await launchBrowser()
  t.after(() => browser.close())
  const stage = { browser, host, server }
  {
    await using _publisher = LoopPublisher.start(server.rtmp('live/demo'))
    await server.live('live/demo')
    // A window as a stream has it that has run for a while.
    await poll('some segments', async () => {
      const response = await fetch(server.http('live/demo/t1.m3u8'))
      return response.ok && parseMediaPlaylist(await response.text()).segments.length >= 5 ? true : undefined
    })
    await t.test('live and with low latency', async (inner) => await playAll(inner, stage, LIVE, 'live/demo'))
  }
  await t.test('recorded', async (inner) => {
    type Recordings = { readonly recordings: readonly { readonly id: string; readonly isOpen: boolean }[] }
    const id = await poll('the closed recording', async () => {
      const { recordings } = await server.json<Recordings>('api/v1/recordings')
      return recordings.find(({ isOpen }) => !isOpen)?.id
    })
    await playAll(inner, stage, RECORDED, `vod/${id}`)
  })
})

test('hls.js switches between the members of a ladder, up and down', {
  skip: skipWithoutChromium() || skipWithoutFfmpeg(),
}, async () => {
  await using server = await TestServer.start(['hls.segmentMs=1000', 'streams.live/x.variants=[live/x_low]'])
  await using host = await PlayerHost.start()
  await using _first = LoopPublisher.start(server.rtmp('live/x'))
  await using _second = LoopPublisher.start(server.rtmp('live/x_low'), {
    picture: PICTURE.replace('1280x720', '640x360'),
  })
  await server.live('live/x')
  await server.live('live/x_low')
  await poll('both members', async () => {
    const response = await fetch(server.http('live/x/index.m3u8'))
    return response.ok && (await response.text()).includes('x_low') ? true : undefined
  })
  const browser = await launchBrowser()
  try {
    await using watched = await WatchedPage.open(browser)
    const { page } = watched
    await page.goto(host.url)
    await page.addScriptTag({ url: '/hls.js' })
    await page.evaluate(`(() => { ${WATCH} ${START.hls(server.http('live/x/index.m3u8'), 'low')} })()`)
    await watched.until('window.watched().playedSeconds > 1')
    // hls.js has the lowest bit rate first.
    for (const [level, height] of [
      [0, 360],
      [1, 720],
    ] as const) {
      await page.evaluate(`player.nextLevel = ${level}`)
      await watched.until(`document.querySelector('video').videoHeight === ${height}`)
      const { playedSeconds } = await page.evaluate<Watched>('window.watched()')
      await watched.until(`window.watched().playedSeconds > ${playedSeconds + 1}`)
    }
    const { errors } = await page.evaluate<Watched>('window.watched()')
    assert.deepEqual(
      errors.filter((error) => error.startsWith('fatal')),
      [],
    )
  } finally {
    await browser.close()
  }
})
