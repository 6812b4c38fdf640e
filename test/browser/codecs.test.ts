import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Av, skipWithoutNodeAv } from '../interop/support/av.ts'
import { MATERIALS } from '../interop/support/material.ts'
import { TestServer } from '../support/server.ts'
import { launchBrowser, skipWithoutChromium, WatchedPage } from './support/browser.ts'
import { playsOn } from './support/playing.ts'

const STREAM = 'live/av1'
/** FFmpeg reads no AV1 in MPEG-TS; mpegts.js does, and Chromium decodes it. */
const PROTOCOLS = ['http-ts', 'http-flv', 'http-mp4', 'hls'] as const

test('the player plays AV1 and Opus', {
  skip: skipWithoutChromium() || skipWithoutNodeAv(),
  concurrency: 2,
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-av1-'))
  try {
    await using server = await TestServer.start(['workers=2', 'hls.segmentMs=1000'])
    await using av = new Av()
    const { tracks = [] } = MATERIALS.find(({ name }) => name === 'AV1 + Opus') ?? {}
    const path = join(folder, 'av1.mp4')
    await av.call('make', { path, tracks, seconds: 3 })
    await av.call('publishForever', { from: path, url: server.rtmp(STREAM) })
    await server.live(STREAM)
    await using browser = await launchBrowser()
    const plays = PROTOCOLS.map((protocol) =>
      t.test(`over ${protocol}`, async () => {
        await using watched = await WatchedPage.open(browser)
        await watched.page.goto(server.http(`${STREAM}?protocol=${protocol}`))
        await playsOn(watched)
        assert.equal(await watched.page.evaluate('window.__millrace.protocol'), protocol)
        assert.equal(await watched.page.evaluate("document.querySelector('video').videoWidth"), 320)
        assert.deepEqual(watched.faults, [])
      }),
    )
    await Promise.all(plays)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
