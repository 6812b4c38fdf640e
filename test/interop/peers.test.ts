import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { hasCommand, skipUnless, skipWithoutFfmpeg } from '../support/requirements.ts'
import { TestServer } from '../support/server.ts'
import { MANY_VIEWERS, workersOf } from '../support/workers.ts'
import { Av, skipWithoutNodeAv } from './support/av.ts'
import type { Reading } from './support/av-messages.ts'
import { Command } from './support/command.ts'
import { MATERIALS } from './support/material.ts'
import {
  ENOUGH_FRAMES,
  ffmpegPlays,
  ffmpegPublishes,
  gstreamerPlays,
  gstreamerPublishes,
  untilLive,
} from './support/peers.ts'
import { until } from './support/polling.ts'
import { viewHttp } from './support/viewers.ts'

const skipWithoutGstreamer = (): string | false => skipUnless(hasCommand('gst-launch-1.0'), 'GStreamer')
const skipWithoutRtmpdump = (): string | false =>
  skipWithoutFfmpeg() || skipUnless(hasCommand('rtmpdump'), 'rtmpdump (librtmp)')

const SETS = ['streams.**.graceMs=0', 'hls.segmentMs=1000']
const ENHANCED = ['HEVC (B) + AAC', 'AV1 + Opus', 'VP9 + Opus', '2 video + 2 audio']
const CLASSIC = 'H.264 (B) + AAC'
/** More than two seconds of the material. */
const DUMPED_BYTES = 400_000
const files = new Map<string, string>()
let folder = ''

function file(name: string): string {
  return files.get(name) ?? ''
}
function codecs({ tracks }: Reading): string[] {
  return tracks.map(({ codec }) => codec)
}

describe('peers', { skip: skipWithoutNodeAv() }, () => {
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-peers-'))
    await using av = new Av()
    for (const name of [CLASSIC, ...ENHANCED]) {
      const { tracks = [] } = MATERIALS.find((material) => material.name === name) ?? {}
      const path = join(folder, `${files.size}.mp4`)
      await av.call('make', { path, tracks, seconds: 3 })
      files.set(name, path)
    }
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  // Publishers and players run in real time, so most of a test is waiting: several at once.
  for (const workers of [1, 2, 4])
    describe(`with workers=${workers}`, { concurrency: 5 }, () => describeWorkers(workers))
})

function describeWorkers(workers: number): void {
  let server: TestServer
  before(async () => {
    server = await TestServer.start([`workers=${workers}`, ...SETS])
  })
  after(() => server[Symbol.asyncDispose]())

  for (const name of ENHANCED) {
    test(`FFmpeg 8.1 publishes ${name} by Enhanced RTMP and plays it while it is live`, () => enhanced(server, name))
  }
  test('FFmpeg 5.1 publishes by RTMP and plays RTMP, FLV, MPEG-TS, MP4 and HLS', { skip: skipWithoutFfmpeg() }, () =>
    classic(server),
  )
  for (const sink of ['rtmp2sink', 'rtmpsink'] as const) {
    test(`GStreamer publishes by ${sink} and plays RTMP, FLV, MPEG-TS and HLS`, { skip: skipWithoutGstreamer() }, () =>
      gstreamer(server, sink),
    )
  }
  test('rtmpdump plays until the stream ends', { skip: skipWithoutRtmpdump() }, () => rtmpdump(server))
  test(`a stream is watched from all ${workers} workers`, () => everyWorker(server, workers))
}

async function enhanced(server: TestServer, name: string): Promise<void> {
  const stream = `peers/${name.replaceAll(/[^A-Za-z0-9]+/g, '-')}`
  await using av = new Av()
  const expected = codecs(await av.call('read', { url: file(name) }))
  await av.call('publishForever', { from: file(name), url: server.rtmp(stream) })
  await untilLive(server, stream, expected.length)
  for (const url of [server.rtmp(stream), server.http(`${stream}.flv`)]) {
    const played = await av.call('play', { url, units: ENOUGH_FRAMES }).catch((error: Error) => {
      const said = server.lines.filter((line) => line.stream === stream).map((line) => JSON.stringify(line))
      throw new Error(`${url}: ${error.message}\n${said.join('\n')}`)
    })
    assert.deepEqual(codecs(played).sort(), [...expected].sort(), url)
  }
}

async function classic(server: TestServer): Promise<void> {
  await using _publisher = ffmpegPublishes(file(CLASSIC), server.rtmp('peers/ffmpeg'))
  await untilLive(server, 'peers/ffmpeg', 2)
  const addresses = ['.flv', '.ts', '.mp4', '/index.m3u8'].map((end) => server.http(`peers/ffmpeg${end}`))
  const played = [server.rtmp('peers/ffmpeg'), ...addresses].map(async (url) => {
    const { counts, stderr } = await ffmpegPlays(url)
    assert.equal(stderr, '', url)
    assert.equal(counts.length, 2, url)
    for (const count of counts) assert.ok(count >= ENOUGH_FRAMES, `${url}: ${counts} packets`)
  })
  await Promise.all(played)
}

async function gstreamer(server: TestServer, sink: 'rtmp2sink' | 'rtmpsink'): Promise<void> {
  const stream = `peers/${sink}`
  await using _publisher = gstreamerPublishes(sink, server.rtmp(stream))
  await untilLive(server, stream, 2)
  const players = [
    `rtmp2src location=${server.rtmp(stream)} ! flvdemux ! h264parse`,
    `souphttpsrc location=${server.http(`${stream}.flv`)} ! flvdemux ! h264parse`,
    `souphttpsrc location=${server.http(`${stream}.ts`)} ! tsdemux ! h264parse`,
    `uridecodebin3 uri=${server.http(`${stream}/index.m3u8`)} ! video/x-raw`,
  ]
  const played = players.map(async (player) => {
    const { code, stderr } = await gstreamerPlays(player)
    assert.equal(code, 0, `${player}: ${stderr}`)
  })
  await Promise.all(played)
}

async function rtmpdump(server: TestServer): Promise<void> {
  const path = join(folder, `dump-${server.pid}.flv`)
  await using publisher = ffmpegPublishes(file(CLASSIC), server.rtmp('peers/dump'))
  await untilLive(server, 'peers/dump', 2)
  await using player = new Command('rtmpdump', ['-q', '--live', '-r', server.rtmp('peers/dump'), '-o', path])
  await until('rtmpdump to write', () => {
    const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0
    return size > DUMPED_BYTES ? true : undefined
  })
  await publisher[Symbol.asyncDispose]()
  await player.outcome
  await using av = new Av()
  const { tracks } = await av.call('read', { url: path })
  assert.deepEqual(
    tracks.map(({ codec }) => codec),
    ['h264', 'aac'],
  )
  for (const { codec, units } of tracks) assert.ok(units.length >= ENOUGH_FRAMES, `${units.length} of ${codec}`)
}

async function everyWorker(server: TestServer, workers: number): Promise<void> {
  await using publisher = new Av()
  await publisher.call('publishStart', { from: file(CLASSIC), url: server.rtmp('peers/all'), pauseSeconds: 0.75 })
  await untilLive(server, 'peers/all', 2)
  const viewers = Array.from({ length: MANY_VIEWERS }, () => viewHttp(server.http('peers/all.flv'), 'flv'))
  await Promise.all(viewers.map(({ joined }) => joined))
  await publisher.call('publishFinish', { url: server.rtmp('peers/all') })
  const received = await Promise.all(viewers.map((viewer) => viewer.received))
  const [first] = received
  for (const { files } of received) assert.ok(first?.files[0]?.bytes.equals(files[0]?.bytes ?? Buffer.alloc(0)))
  assert.equal((await workersOf(server, 'peers/all', MANY_VIEWERS)).size, workers)
}
