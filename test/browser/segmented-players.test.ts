import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { parseMediaPlaylist } from '../../src/media/formats/hls/index.ts'
import { poll } from '../support/poll.ts'
import { skipWithoutFfmpeg } from '../support/requirements.ts'
import { TestServer } from '../support/server.ts'
import { launchBrowser, skipWithoutChromium } from './support/browser.ts'
import { type Act, type OpenPlayer, playAll, type Stage } from './support/played.ts'
import { PlayerHost } from './support/player-host.ts'
import { chooseHeight, LOW_LATENCY, type PlayedForm } from './support/players.ts'
import { LoopPublisher, PICTURE } from './support/publisher.ts'

const PLAIN: readonly PlayedForm[] = [
  { name: 'HLS', player: 'hls', file: 'index.m3u8', mode: 'normal' },
  { name: 'DASH', player: 'dash', file: 'manifest.mpd', mode: 'normal' },
  { name: 'HLS', player: 'shaka', file: 'index.m3u8', mode: 'normal' },
  { name: 'DASH', player: 'shaka', file: 'manifest.mpd', mode: 'normal' },
]

/** All forms of one stream, asked for with a query. */
function withQuery(forms: readonly PlayedForm[], query: string, what: string): readonly PlayedForm[] {
  return forms.map((form) => ({ ...form, name: `${form.name} ${what}`, file: `${form.file}?${query}` }))
}

const BACK_SECONDS = 4
/** Back in what the player may seek to, and on from there. */
const rewinds: Act = async (player) => {
  await player.page.evaluate(`(() => {
    const video = document.querySelector('video')
    video.currentTime = Math.max(video.seekable.start(0) + 0.5, video.currentTime - ${BACK_SECONDS})
  })()`)
  await player.playsOn(2)
}

/** Not at the live edge, where it would be a few seconds behind. */
const isFarBehind: Act = async (player) => {
  const { latencies } = await player.watched()
  assert.ok(Math.min(...latencies) > 15, `${latencies[0]} s behind`)
}

async function stage(t: TestContext, sets: readonly string[]): Promise<Stage> {
  const server = await TestServer.start([...sets])
  const host = await PlayerHost.start()
  t.after(() => host[Symbol.asyncDispose]())
  const browser = await launchBrowser()
  t.after(() => browser.close())
  // Judges what the server has listed: last, so that nothing is left running.
  t.after(() => server[Symbol.asyncDispose]())
  return { browser, host, server }
}

async function segmentsOf(server: TestServer, count: number) {
  return await poll('some segments', async () => {
    const response = await fetch(server.http('live/demo/t1.m3u8'))
    const { segments } = response.ok ? parseMediaPlaylist(await response.text()) : { segments: [] }
    return segments.length >= count ? segments : undefined
  })
}

test('hls.js, shaka-player and dash.js play every form', { skip: skipWithoutChromium() }, async (t) => {
  const all = await stage(t, [
    'hls.segmentMs=1000',
    'hls.windowSegments=20',
    'streams.**.record=true',
    'streams.**.graceMs=0',
  ])
  const { server } = all
  {
    await using _publisher = LoopPublisher.start(server.rtmp('live/demo'))
    await server.live('live/demo')
    // A window as a stream has it that has run for a while.
    const [first] = await segmentsOf(server, 5)
    await t.test('live with low latency', async (inner) => {
      await playAll(inner, all, LOW_LATENCY, 'live/demo')
    })
    await t.test('live without low latency, and rewound', async (inner) => {
      await playAll(inner, all, PLAIN, 'live/demo', () => rewinds)
    })
    await t.test('a part of the past, at the address of the live stream', async (inner) => {
      const startMs = first?.programDateTimeMs ?? Number.NaN
      const query = `from=${startMs + 2000}&to=${startMs + 9000}`
      await playAll(inner, all, withQuery(PLAIN, query, 'of the past'), 'live/demo')
    })
    await t.test('the past up to now', async (inner) => {
      const atMs = (first?.programDateTimeMs ?? Number.NaN) + 1000
      const query = `at=${atMs}`
      await playAll(inner, all, withQuery(PLAIN, query, 'since a moment'), 'live/demo')
      // An MPD cannot say where to start: its address can. ISO/IEC 23009-1, C.4.
      const since = { name: 'DASH from a moment on', file: `manifest.mpd?${query}#t=posix:${Math.round(atMs / 1000)}` }
      const form: PlayedForm = { ...since, player: 'dash', mode: 'normal' }
      await playAll(inner, all, [form], 'live/demo', () => isFarBehind)
    })
  }
  await t.test('recorded', async (inner) => {
    type Recordings = { readonly recordings: readonly { readonly id: string; readonly isOpen: boolean }[] }
    const id = await poll('the closed recording', async () => {
      const { recordings } = await server.json<Recordings>('api/v1/recordings')
      return recordings.find(({ isOpen }) => !isOpen)?.id
    })
    await playAll(inner, all, PLAIN, `vod/${id}`)
  })
})

/** Of heights, until a player has played what it had when it was told to switch. */
const MAX_CHANGES = 6

/** What is shown a second after `height` was; players first play on what they have, which may be of both. */
async function settledHeight(player: OpenPlayer, height: number): Promise<number> {
  let shown = Number.NaN
  for (let tries = 0; shown !== height && tries < MAX_CHANGES; tries++) {
    await player.until(`document.querySelector('video').videoHeight === ${height}`)
    await player.playsOn(1)
    shown = await player.page.evaluate<number>(`document.querySelector('video').videoHeight`)
  }
  return shown
}

function switchesBetween(heights: readonly number[]): (form: PlayedForm) => Act {
  return ({ player: name }) =>
    async (player) => {
      for (const height of heights) {
        await player.page.evaluate(`(() => { ${chooseHeight(name, height)} })()`)
        const shown = await settledHeight(player, height)
        if (shown !== height) throw new Error(`${name} shows ${shown} lines, not ${height}`)
      }
    }
}

test('hls.js, shaka-player and dash.js switch between the members of a ladder with low latency, up and down', {
  skip: skipWithoutChromium() || skipWithoutFfmpeg(),
}, async (t) => {
  const all = await stage(t, ['hls.segmentMs=1000', 'hls.windowSegments=20', 'streams.live/demo.variants=[live/low]'])
  const { server } = all
  await using _encoder = LoopPublisher.startLadder([
    { url: server.rtmp('live/demo'), picture: PICTURE },
    { url: server.rtmp('live/low'), picture: PICTURE.replace('1280x720', '640x360') },
  ])
  await server.live('live/demo')
  await server.live('live/low')
  await poll('both members', async () => {
    const response = await fetch(server.http('live/demo/index.m3u8'))
    return response.ok && (await response.text()).includes('../low/') ? true : undefined
  })
  await segmentsOf(server, 5)
  // Without low latency live-breaks.test.ts does so.
  await playAll(t, all, LOW_LATENCY, 'live/demo', switchesBetween([360, 720, 360]))
})
