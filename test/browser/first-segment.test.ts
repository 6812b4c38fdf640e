import assert from 'node:assert/strict'
import { test } from 'node:test'
import { poll } from '../support/poll.ts'
import { skipWithoutFfmpeg } from '../support/requirements.ts'
import { TestServer } from '../support/server.ts'
import { launchBrowser, skipWithoutChromium } from './support/browser.ts'
import { errorsOf, isLate } from './support/judged.ts'
import { OpenPlayer, type Stage } from './support/played.ts'
import { PlayerHost } from './support/player-host.ts'
import { hostOf, type PlayedForm } from './support/players.ts'
import { LoopPublisher } from './support/publisher.ts'

const FORMS: readonly PlayedForm[] = [
  { name: 'LL-HLS', player: 'shaka', file: 'index.m3u8', mode: 'low' },
  { name: 'LL-HLS', player: 'hls', file: 'index.m3u8', mode: 'low' },
  { name: 'DASH', player: 'dash', file: 'manifest.mpd', mode: 'normal' },
]

test('a stream plays as soon as its lists are there', {
  skip: skipWithoutChromium() || skipWithoutFfmpeg(),
}, async (t) => {
  // Long enough that there is no second one when a page has loaded its player.
  const server = await TestServer.start(['hls.segmentMs=4000'])
  const host = await PlayerHost.start()
  t.after(() => host[Symbol.asyncDispose]())
  const browser = await launchBrowser()
  t.after(() => browser.close())
  // Judges what the server has listed: last, so that nothing is left running.
  t.after(() => server[Symbol.asyncDispose]())
  const stage: Stage = { browser, host, server }
  await Promise.all(
    FORMS.map(async (form, at) => {
      const folder = `live/${form.player}`
      await using _publisher = LoopPublisher.start(server.rtmp(folder))
      const isListed = async () => (await fetch(server.http(`${folder}/${form.file}`))).ok
      await poll('the first list', async () => ((await isListed()) ? true : undefined))
      await using player = await OpenPlayer.start(stage, form, { folder, host: hostOf(at) })
      await player.until('window.watched().playedSeconds > 2')
      const played = await player.played()
      assert.deepEqual(isLate(played, form) ? [] : errorsOf(played, form), [], form.player)
      assert.ok(played.playedSeconds > 2, `${form.player} played ${played.playedSeconds} s`)
    }),
  )
})
