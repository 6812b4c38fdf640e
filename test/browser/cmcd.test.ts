import { test } from 'node:test'
import { poll } from '../support/poll.ts'
import { TestServer } from '../support/server.ts'
import { launchBrowser, skipWithoutChromium, WatchedPage } from './support/browser.ts'
import { PlayerHost } from './support/player-host.ts'
import { LoopPublisher } from './support/publisher.ts'

/** Each player told to say its session, and nothing else that is not its default. */
const PLAYERS = {
  hls: (folder: string) => `
    const player = new Hls({ cmcd: {} })
    player.loadSource('${folder}/index.m3u8')
    player.attachMedia(document.querySelector('video'))`,
  shaka: (folder: string) => `
    const player = new shaka.Player()
    player.configure({ cmcd: { enabled: true } })
    player.attach(document.querySelector('video')).then(() => player.load('${folder}/manifest.mpd'))`,
  dash: (folder: string) => `
    const player = dashjs.MediaPlayer().create()
    player.updateSettings({ debug: { logLevel: 0 }, streaming: { cmcd: { enabled: true } } })
    player.initialize(document.querySelector('video'), '${folder}/manifest.mpd', true)`,
} as const

test('hls.js, shaka-player and dash.js in one browser are three viewers by their CMCD sessions', {
  skip: skipWithoutChromium(),
}, async () => {
  await using server = await TestServer.start(['hls.segmentMs=1000', 'workers=2'])
  await using host = await PlayerHost.start()
  await using _publisher = LoopPublisher.start(server.rtmp('live/demo'))
  await server.live('live/demo')
  const browser = await launchBrowser()
  try {
    const pages: WatchedPage[] = []
    for (const [name, start] of Object.entries(PLAYERS)) {
      const watched = await WatchedPage.open(browser)
      pages.push(watched)
      await watched.page.goto(host.url)
      await watched.page.addScriptTag({ url: `/${name}.js` })
      await watched.page.evaluate(`(() => { ${start(server.http('live/demo'))} })()`)
    }
    await poll('three viewers', async () => {
      type Viewers = { readonly viewers: { readonly byProtocol: Readonly<Record<string, number>> } }
      const { viewers } = await server.json<Viewers>('api/v1/streams/live/demo')
      return viewers.byProtocol.hls === 3 ? true : undefined
    })
    for (const page of pages) await page[Symbol.asyncDispose]()
  } finally {
    await browser.close()
  }
})
