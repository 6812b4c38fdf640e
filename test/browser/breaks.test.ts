import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkPresentation } from '../support/check-presentation.ts'
import { poll } from '../support/poll.ts'
import { skipWithoutFfmpeg } from '../support/requirements.ts'
import { TestServer } from '../support/server.ts'
import { launchBrowser, skipWithoutChromium } from './support/browser.ts'
import { type Act, playAll } from './support/played.ts'
import { PlayerHost } from './support/player-host.ts'
import type { PlayedForm } from './support/players.ts'
import { PICTURE, TONE } from './support/publisher.ts'

const FORMS: readonly PlayedForm[] = [
  { name: 'HLS', player: 'hls', file: 'index.m3u8', mode: 'normal', gaps: 'expected' },
  { name: 'DASH', player: 'dash', file: 'manifest.mpd', mode: 'normal' },
  { name: 'HLS', player: 'shaka', file: 'index.m3u8', mode: 'normal' },
  { name: 'DASH', player: 'shaka', file: 'manifest.mpd', mode: 'normal' },
]
const CLIP_SECONDS = 6
const CLIPS = [
  { size: '640x360', sampleRateHz: 48_000, audio: "aselect='not(between(t,2.2,4.6))'" },
  { size: '320x180', sampleRateHz: 44_100, audio: 'anull' },
] as const

function makeClip({ size, sampleRateHz, audio }: (typeof CLIPS)[number], path: string): Buffer {
  const sources = ['-f', 'lavfi', '-i', PICTURE.replace('1280x720', size), '-f', 'lavfi', '-i', TONE]
  const video = '-c:v libx264 -preset veryfast -bf 2 -g 30 -sc_threshold 0 -pix_fmt yuv420p'.split(' ')
  const sound = ['-af', audio, '-c:a', 'aac', '-ar', String(sampleRateHz), '-ac', '2']
  execFileSync('ffmpeg', ['-v', 'error', '-nostdin', ...sources, '-t', String(CLIP_SECONDS), ...video, ...sound, path])
  return readFileSync(path)
}

/** Over all breaks, to shortly before the end. */
const toTheEnd: Act = async (player) => {
  const end = `document.querySelector('video').duration - 1`
  await player.until(`document.querySelector('video').currentTime > ${end}`)
  const [at, until] = await player.page.evaluate<[number, number]>(
    `[document.querySelector('video').currentTime, ${end}]`,
  )
  const { errors, heights } = await player.watched()
  assert.ok(at > until, `stands at ${at} of ${until}: ${[...errors, ...player.refusals].join('; ')}`)
  assert.deepEqual(heights.slice(-2), [360, 180])
  assert.deepEqual(player.refusals, [])
}

test('hls.js, shaka-player and dash.js play on where sound is missing, the publisher came back, and size and sample rate changed', {
  skip: skipWithoutChromium() || skipWithoutFfmpeg(),
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-breaks-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const server = await TestServer.start(['hls.segmentMs=1000', 'streams.**.record=true', 'streams.**.graceMs=4000'])
  for (const [at, clip] of CLIPS.entries()) {
    const body = makeClip(clip, join(folder, `${at}.flv`))
    const response = await fetch(server.http('live/a.flv'), { method: 'POST', body })
    assert.equal(response.status, 200, await response.text())
  }
  type Recordings = { readonly recordings: readonly { readonly id: string; readonly isOpen: boolean }[] }
  const id = await poll('the closed recording', async () => {
    const { recordings } = await server.json<Recordings>('api/v1/recordings')
    return recordings.find(({ isOpen }) => !isOpen)?.id
  })
  const bytesOf = async (uri: string) => Buffer.from(await (await fetch(server.http(`vod/${id}/${uri}`))).arrayBuffer())
  assert.deepEqual(await checkPresentation(bytesOf, 'manifest.mpd'), [])
  const host = await PlayerHost.start()
  t.after(() => host[Symbol.asyncDispose]())
  const browser = await launchBrowser()
  t.after(() => browser.close())
  // Judges what the server has listed: last, so that nothing is left running.
  t.after(() => server[Symbol.asyncDispose]())
  await playAll(t, { browser, host, server }, FORMS, `vod/${id}`, () => toTheEnd)
})
