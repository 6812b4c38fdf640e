import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Browser, BrowserContextOptions } from 'playwright-core'
import { skipWithoutNodeAv } from '../interop/support/av.ts'
import { poll } from '../support/poll.ts'
import { TestServer } from '../support/server.ts'
import { DESKTOP, launchBrowser, PHONE, skipWithoutChromium, WatchedPage } from './support/browser.ts'
import { LoopPublisher } from './support/publisher.ts'

const STREAM = 'live/demo'
/** In the page: of the picture in the list. */
const LUMA_OF_PICTURE = `(() => {
  const canvas = new OffscreenCanvas(48, 27)
  const context = canvas.getContext('2d')
  context.drawImage(document.querySelector('.snapshot-frame img'), 0, 0, 48, 27)
  const { data } = context.getImageData(0, 0, 48, 27)
  const luma = Array.from({ length: 48 * 27 }, (_, at) => 0.3 * data[4 * at] + 0.6 * data[4 * at + 1] + 0.1 * data[4 * at + 2])
  return [Math.min(...luma), Math.max(...luma)]
})()`
const SCHEMES = ['light', 'dark'] as const
const DEVICES = { desktop: DESKTOP, phone: PHONE } as const satisfies Record<string, BrowserContextOptions>

type Look = { readonly name: string; readonly url: string; readonly ready: (watched: WatchedPage) => Promise<unknown> }

/** Opens a page in both schemes on both devices: nothing overflows, nothing fails, and a screenshot of each is kept. */
async function look(browser: Browser, { name, url, ready }: Look): Promise<void> {
  const looks = SCHEMES.flatMap((colorScheme) =>
    Object.entries(DEVICES).map(async ([device, options]) => {
      await using watched = await WatchedPage.open(browser, { ...options, colorScheme })
      await watched.page.goto(url)
      await ready(watched)
      const overflowPx = await watched.page.evaluate('document.documentElement.scrollWidth - window.innerWidth')
      assert.ok(Number(overflowPx) <= 0, `${name} is ${overflowPx} px too wide on a ${device}`)
      assert.deepEqual(watched.faults, [])
      await watched.screenshot(`${name}-${colorScheme}-${device}`)
    }),
  )
  await Promise.all(looks)
}

test('the pages fit and look after themselves', { skip: skipWithoutChromium() }, async (t) => {
  await using server = await TestServer.start(['streams.**.record=true', 'hls.segmentMs=1000'])
  await using browser = await launchBrowser()

  await t.test('the list tells how to publish while it is empty', () =>
    look(browser, {
      name: 'empty',
      url: server.http(''),
      ready: async ({ page }) => {
        await page.getByText('Nothing flows yet').waitFor()
        await page.getByText(server.rtmp('live/demo')).waitFor()
      },
    }),
  )

  await using _publisher = LoopPublisher.start(server.rtmp(STREAM))
  await server.live(STREAM)

  await t.test('the list shows a stream with what it carries', () =>
    look(browser, {
      name: 'list',
      url: server.http(''),
      ready: async ({ page }) => {
        await page.getByRole('heading', { name: STREAM }).waitFor()
        await page.getByText('1280 × 720 · 30 fps · H.264 + AAC').waitFor()
        await page.getByText('Live', { exact: true }).first().waitFor()
      },
    }),
  )

  await t.test('the list shows the newest picture of the stream', { skip: skipWithoutNodeAv() }, async () => {
    await using watched = await WatchedPage.open(browser)
    await watched.page.goto(server.http(''))
    await watched.until("document.querySelector('.snapshot-frame img')?.naturalWidth === 480")
    const [darkest, lightest] = await watched.page.evaluate<[number, number]>(LUMA_OF_PICTURE)
    assert.ok(lightest - darkest > 30, `the colours go from one side to the other: ${darkest} to ${lightest}`)
  })

  await t.test('the player shows the stream and its facts', () =>
    look(browser, {
      name: 'player',
      url: server.http(`${STREAM}?protocol=ws-flv`),
      ready: async (watched) => {
        await watched.until("window.__millrace?.state === 'playing' && document.querySelector('video').currentTime > 1")
        await watched.page.getByText('avc1.').waitFor()
        await watched.page.getByText(server.http(`${STREAM}/index.m3u8`)).waitFor()
      },
    }),
  )

  await t.test('a card leads to the player, and back leads to the list', async () => {
    await using watched = await WatchedPage.open(browser)
    await watched.page.goto(server.http(''))
    await watched.page.getByRole('link', { name: 'demo' }).click()
    await watched.until("window.__millrace?.state === 'playing'")
    assert.equal(new URL(watched.page.url()).pathname, `/${STREAM}`)
    await watched.page.goBack()
    await watched.page.getByRole('heading', { name: 'Live now' }).waitFor()
    assert.deepEqual(watched.faults, [])
  })

  await t.test('colours change by hand and stay', async () => {
    await using watched = await WatchedPage.open(browser, { ...DESKTOP, colorScheme: 'light' })
    await watched.page.goto(server.http(''))
    const toggle = watched.page.getByRole('button', { name: /^Colours/ })
    await toggle.click()
    await toggle.click()
    const ground = () => watched.page.evaluate('getComputedStyle(document.documentElement).backgroundColor')
    assert.equal(await ground(), 'rgb(10, 17, 18)')
    await watched.page.reload()
    await toggle.waitFor()
    assert.equal(await ground(), 'rgb(10, 17, 18)')
  })

  await t.test('a recording is listed with a picture, and plays', async () => {
    await poll('a recording with something in it', async () => {
      const { recordings } = await server.json<{ recordings: { durationSeconds: number }[] }>('api/v1/recordings')
      return recordings.find(({ durationSeconds }) => durationSeconds > 4)
    })
    const hasPicture = "document.querySelector('.recording-picture img')?.naturalWidth === 240"
    const ready = async (watched: WatchedPage) => {
      await watched.page.getByRole('button', { name: `Play the recording of ${STREAM}` }).waitFor()
      if (!skipWithoutNodeAv()) await watched.until(hasPicture)
    }
    await look(browser, { name: 'recordings', url: server.http('recordings'), ready })
    await using watched = await WatchedPage.open(browser)
    await watched.page.goto(server.http('recordings'))
    await watched.page
      .getByRole('button', { name: `Play the recording of ${STREAM}` })
      .first()
      .click()
    await watched.until("document.querySelector('dialog video')?.currentTime > 1")
    if (!skipWithoutNodeAv()) {
      const poster = await watched.page.evaluate<string>("document.querySelector('dialog video').poster")
      assert.equal((await fetch(poster)).headers.get('content-type'), 'image/jpeg')
    }
    await watched.screenshot('recording-playing')
    await watched.page.keyboard.press('Escape')
    await watched.page.locator('dialog').waitFor({ state: 'detached' })
    assert.deepEqual(watched.faults, [])
  })
})
