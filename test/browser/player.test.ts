import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TestServer } from '../support/server.ts'
import { launchBrowser, skipWithoutChromium, WatchedPage } from './support/browser.ts'
import { PLAYING, playsOn, VIDEO } from './support/playing.ts'
import { LoopPublisher } from './support/publisher.ts'

const PROTOCOLS = ['hls', 'http-flv', 'ws-flv', 'http-ts', 'ws-mp4', 'http-mp4'] as const
const STREAM = 'live/demo'

test('the player plays a stream with picture and sound', { skip: skipWithoutChromium(), concurrency: 3 }, async (t) => {
  await using server = await TestServer.start(['hls.segmentMs=1000'])
  await using publisher = LoopPublisher.start(server.rtmp(STREAM))
  await server.live(STREAM)
  await using browser = await launchBrowser()

  const plays = PROTOCOLS.map((protocol) =>
    t.test(`over ${protocol}`, async () => {
      await using watched = await WatchedPage.open(browser)
      await watched.page.goto(server.http(`${STREAM}?protocol=${protocol}`))
      await playsOn(watched)
      assert.equal(await watched.page.evaluate('window.__millrace.protocol'), protocol)
      assert.equal(await watched.page.evaluate(`${VIDEO}.videoWidth`), 1280)
      assert.deepEqual(watched.faults, [])
      await watched.screenshot(`player-${protocol}`)
    }),
  )
  await Promise.all(plays)

  await t.test('over the protocol that is chosen on the page, also next time', async () => {
    await using watched = await WatchedPage.open(browser)
    await watched.page.goto(server.http(STREAM))
    await watched.until(`${PLAYING} && window.__millrace.protocol === 'hls'`)
    await watched.page.getByRole('radio', { name: 'WS-FLV' }).check()
    await watched.until(`${PLAYING} && window.__millrace.protocol === 'ws-flv'`)
    await watched.page.reload()
    await watched.until(`${PLAYING} && window.__millrace.protocol === 'ws-flv'`)
    assert.deepEqual(watched.faults, [])
  })

  await t.test('muted until somebody wants sound', async () => {
    await using watched = await WatchedPage.open(browser)
    await watched.page.goto(server.http(`${STREAM}?protocol=http-flv`))
    await watched.until(PLAYING)
    assert.equal(await watched.page.evaluate(`${VIDEO}.muted`), true)
    await watched.page.getByRole('button', { name: 'Tap for sound' }).click()
    await watched.until(`${VIDEO}.muted === false`)
    await playsOn(watched)
    assert.deepEqual(watched.faults, [])
  })
  assert.equal(publisher.stderr, '')
})

test('the player starts again when its publisher comes back', {
  skip: skipWithoutChromium(),
  concurrency: 3,
}, async (t) => {
  await using server = await TestServer.start(['streams.**.graceMs=0', 'hls.segmentMs=1000'])
  await using browser = await launchBrowser()

  const plays = PROTOCOLS.map((protocol) =>
    t.test(`over ${protocol}`, async () => {
      const name = `again/${protocol}`
      await using watched = await WatchedPage.open(browser)
      await watched.page.goto(server.http(`${name}?protocol=${protocol}`))
      await watched.page.getByText('This stream is not live right now').waitFor()
      {
        await using _first = LoopPublisher.start(server.rtmp(name))
        await playsOn(watched)
      }
      await watched.until("window.__millrace?.state === 'error'")
      await watched.page.getByText('This stream is not live right now').waitFor()
      await using _second = LoopPublisher.start(server.rtmp(name))
      await playsOn(watched)
      assert.deepEqual(
        watched.faults.filter((fault) => fault.startsWith('page error')),
        [],
      )
    }),
  )
  await Promise.all(plays)
})

test('a page on a server that is gone says so and comes back', { skip: skipWithoutChromium() }, async () => {
  await using browser = await launchBrowser()
  await using watched = await WatchedPage.open(browser)
  const port = await (async () => {
    await using server = await TestServer.start()
    await watched.page.goto(server.http(''))
    await watched.page.getByText('Nothing flows yet').waitFor()
    assert.deepEqual(watched.faults, [])
    return server.port('http')
  })()
  const message = watched.page.getByRole('heading', { name: 'The server does not answer' })
  await message.waitFor()
  await watched.screenshot('list-server-gone')
  await using _again = await TestServer.start([`http.port=${port}`])
  await message.waitFor({ state: 'detached' })
})
