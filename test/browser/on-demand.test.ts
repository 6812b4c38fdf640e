import assert from 'node:assert/strict'
import { test } from 'node:test'
import { skipWithoutNodeAv } from '../interop/support/av.ts'
import { skipWithoutFfmpeg } from '../support/requirements.ts'
import { TestServer } from '../support/server.ts'
import { launchBrowser, skipWithoutChromium } from './support/browser.ts'
import { errorsOf, told } from './support/judged.ts'
import { OpenPlayer, type Stage } from './support/played.ts'
import { PlayerHost } from './support/player-host.ts'
import { chooseHeight, LOW_LATENCY, type PlayedForm } from './support/players.ts'
import { LoopPublisher } from './support/publisher.ts'

const [, LL_DASH] = LOW_LATENCY
const FORMS: readonly PlayedForm[] = [
  // The playlist of a rung begins where the rung began: up to a segment behind what the player has.
  { name: 'HLS', player: 'hls', file: 'index.m3u8', mode: 'normal', gaps: 'expected' },
  { name: 'DASH', player: 'shaka', file: 'manifest.mpd', mode: 'normal' },
  ...(LL_DASH ? [LL_DASH] : []),
]
/** Every player finds one asleep. */
const HEIGHTS = [90, 108, 126]
const SETS = [
  'hls.segmentMs=1000',
  'hls.windowSegments=20',
  ...HEIGHTS.flatMap((height) => {
    const video = `profiles.small${height}.video`
    return [`${video}.size=${(height * 16) / 9}x${height}`, `${video}.preset=ultrafast`, `${video}.bitrateKbps=200`]
  }),
  `streams.**.ladder=[${HEIGHTS.map((height) => `small${height}`)}]`,
]

async function takesAndPlaysOn(player: OpenPlayer, form: PlayedForm, height: number): Promise<void> {
  await player.until('window.watched().playedSeconds > 2')
  await player.page.evaluate(`(() => { ${chooseHeight(form.player, height)} })()`)
  await player.until(`document.querySelector('video').videoHeight === ${height}`)
  await player.playsOn(3)
  const played = await player.played()
  assert.equal(played.heights.at(-1), height, `${played.heights}`)
  assert.deepEqual(errorsOf(played, form), [], told(played))
}

test('a player that takes a rung which nobody watches starts it, is refused nothing, and plays on', {
  skip: skipWithoutChromium() || skipWithoutFfmpeg() || skipWithoutNodeAv(),
}, async (t) => {
  const server = await TestServer.start(SETS)
  await using _publisher = LoopPublisher.start(server.rtmp('live/demo'))
  await server.live('live/demo')
  const host = await PlayerHost.start()
  t.after(() => host[Symbol.asyncDispose]())
  const browser = await launchBrowser()
  t.after(() => browser.close())
  // Judges what the server has listed: last, so that nothing is left running.
  t.after(() => server[Symbol.asyncDispose]())
  const all: Stage = { browser, host, server }
  for (const [at, form] of FORMS.entries()) {
    await t.test(`${form.name} in ${form.player}`, async (inner) => {
      await using player = await OpenPlayer.start(all, form, { folder: 'live/demo', host: '127.0.0.1' })
      await takesAndPlaysOn(player, form, HEIGHTS[at] ?? 0)
      inner.diagnostic(told(await player.played()))
    })
  }
})
