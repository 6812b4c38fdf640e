import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { parseMediaPlaylist } from '../../src/media/formats/hls/index.ts'
import { poll } from '../support/poll.ts'
import { skipWithoutFfmpeg } from '../support/requirements.ts'
import { TestServer } from '../support/server.ts'
import { launchBrowser, skipWithoutChromium } from './support/browser.ts'
import { type Act, type OpenPlayer, playAll, type Stage } from './support/played.ts'
import { PlayerHost } from './support/player-host.ts'
import type { PlayedForm } from './support/players.ts'
import { LoopPublisher } from './support/publisher.ts'

const SECONDS = 24
/** The luma of second n is 16 + 8 n. */
const PICTURE = "color=black:s=320x180:r=25,geq=lum='16+8*mod(floor(T)\\,24)':cb=128:cr=128"
const STEP = (8 * 255) / 219

/** Where a player says that the picture of a time is. */
type Thumbnail = {
  readonly url: string
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** In each player's words: the thumbnail of a time of its own presentation. */
const THUMBNAIL = {
  shaka: (seconds: number) => `(async () => {
    const [track] = player.getImageTracks()
    const found = track && await player.getThumbnails(track.id, ${seconds})
    return found && { url: found.uris[0], x: found.positionX, y: found.positionY, width: found.width, height: found.height }
  })()`,
  dash: (seconds: number) => `new Promise((resolve) => player.provideThumbnail(${seconds}, (found) =>
    resolve(found && { url: found.url, x: found.x, y: found.y, width: found.width, height: found.height })))`,
} as const

async function thumbnailOf({ page }: OpenPlayer, player: 'shaka' | 'dash', seconds: number): Promise<Thumbnail> {
  const found = await page.evaluate<Thumbnail | null | undefined>(THUMBNAIL[player](seconds))
  if (!found) throw new Error(`${player} has no thumbnail of ${seconds} s`)
  return found
}

/** Luma in the middle of a picture of a tile, 0 to 255. */
async function lumaAt({ url, x, y, width, height }: Thumbnail): Promise<number> {
  const response = await fetch(url)
  assert.equal(response.status, 200, url)
  const input = Buffer.from(await response.arrayBuffer())
  const crop = `crop=8:8:${x + width / 2 - 4}:${y + height / 2 - 4},scale=1:1`
  const args = ['-v', 'error', '-i', '-', '-vf', crop, '-f', 'rawvideo', '-pix_fmt', 'gray', '-']
  const { stdout, stderr } = spawnSync('ffmpeg', args, { input })
  assert.equal(stderr.toString(), '')
  return stdout[0] ?? Number.NaN
}

const DASH: readonly PlayedForm[] = [
  { name: 'DASH', player: 'shaka', file: 'manifest.mpd', mode: 'normal' },
  { name: 'DASH', player: 'dash', file: 'manifest.mpd', mode: 'normal' },
]
const FORMS: readonly PlayedForm[] = [{ name: 'HLS', player: 'shaka', file: 'index.m3u8', mode: 'normal' }, ...DASH]

async function stage(t: TestContext): Promise<Stage> {
  const server = await TestServer.start([
    'hls.segmentMs=1000',
    'hls.windowSegments=40',
    'streams.rec/**.record=true',
    'streams.**.graceMs=0',
    'thumbnails.intervalMs=1000',
    'thumbnails.columns=4',
    'thumbnails.inLiveHls=true',
    'dash.trickMode=true',
  ])
  const host = await PlayerHost.start()
  t.after(() => host[Symbol.asyncDispose]())
  const browser = await launchBrowser()
  t.after(() => browser.close())
  // Judges what the server has listed: last, so that nothing is left running.
  t.after(() => server[Symbol.asyncDispose]())
  return { server, host, browser }
}

/** At these seconds of the presentation the thumbnail is that of the same second of the clip. */
function showsTheClip(seconds: readonly number[]): (form: PlayedForm) => Act {
  return ({ player }) =>
    async (opened) => {
      for (const second of seconds) {
        const luma = await lumaAt(await thumbnailOf(opened, player as 'shaka' | 'dash', second + 0.5))
        assert.ok(Math.abs(luma - second * STEP) < STEP / 2, `${second} s in ${player}: luma ${luma}`)
      }
    }
}

/** Four times as fast, by the keyframes alone. */
const playsFast: Act = async (opened) => {
  const keys = opened.page.waitForRequest(/\/t1-key\d+\.m4s$/)
  await opened.page.evaluate('player.trickPlay(4)')
  await keys
  await opened.playsOn(4)
}

/** The thumbnail of what was shown a few seconds ago is what was shown. */
const showsThePast: (form: PlayedForm) => Act =
  ({ player }) =>
  async (opened) => {
    const { page } = opened
    await opened.until('document.querySelector("video").seekable.length > 0')
    const luma = await page.evaluate<{ seconds: number; luma: number }>(`(async () => {
    const video = document.querySelector('video')
    const shown = () => {
      const canvas = document.createElement('canvas')
      canvas.width = canvas.height = 1
      const context = canvas.getContext('2d')
      context.drawImage(video, 0, 0, 1, 1)
      return context.getImageData(0, 0, 1, 1).data[1]
    }
    const until = (is) => new Promise((resolve) => { const look = () => is() ? resolve() : requestAnimationFrame(look); look() })
    // The moment at which one second becomes the next, so that there is no doubt.
    let last = shown()
    await until(() => { const now = shown(); const is = Math.abs(now - last) > 5 && now > last; last = now; return is })
    const seconds = video.currentTime + 0.5
    await until(() => video.currentTime > seconds)
    return { seconds, luma: shown() }
  })()`)
    const seen = await poll('the thumbnail', async () => {
      return await thumbnailOf(opened, player as 'shaka' | 'dash', luma.seconds).catch(() => undefined)
    })
    const found = await lumaAt(seen)
    assert.ok(Math.abs(found - luma.luma) < STEP * 1.5, `${player} shows ${luma.luma} and a thumbnail of ${found}`)
  }

test('shaka-player and dash.js find the thumbnail of a time in the tiles', {
  skip: skipWithoutChromium() || skipWithoutFfmpeg(),
}, async (t) => {
  const all = await stage(t)
  const { server } = all
  const folder = mkdtempSync(join(tmpdir(), 'millrace-tiles-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const clip = join(folder, 'clip.flv')
  const sources = ['-f', 'lavfi', '-i', PICTURE, '-f', 'lavfi', '-i', 'sine=r=48000', '-t', String(SECONDS)]
  const codecs = ['-c:v', 'libx264', '-preset', 'veryfast', '-g', '25', '-pix_fmt', 'yuv420p', '-c:a', 'aac']
  execFileSync('ffmpeg', ['-v', 'error', ...sources, ...codecs, clip])

  await t.test('of a recording', async (inner) => {
    const body = new Uint8Array(readFileSync(clip))
    assert.equal((await fetch(server.http('rec/a.flv'), { method: 'POST', body })).status, 200)
    type Recordings = { readonly recordings: readonly { readonly id: string; readonly isOpen: boolean }[] }
    const id = await poll('the recording', async () => {
      const { recordings } = await server.json<Recordings>('api/v1/recordings')
      return recordings.find(({ isOpen }) => !isOpen)?.id
    })
    await playAll(inner, all, FORMS, `vod/${id}`, showsTheClip([0, 3, 7, 8, 15, 16, 21]))
    const shaka = FORMS.filter(({ player }) => player === 'shaka')
    await playAll(inner, all, shaka, `vod/${id}`, () => playsFast)
  })
  for (const name of ['live/b', 'rec/b']) {
    await t.test(`of a live stream that ${name === 'rec/b' ? 'is' : 'is not'} recorded`, async (inner) => {
      await using _publisher = LoopPublisher.start(server.rtmp(name), { picture: PICTURE, seconds: SECONDS })
      await server.live(name)
      await poll('a tile', async () => {
        const response = await fetch(server.http(`${name}/tiles.m3u8`))
        return response.ok && parseMediaPlaylist(await response.text()).segments.length > 0 ? true : undefined
      })
      await playAll(inner, all, FORMS, name, showsThePast)
    })
  }
})
