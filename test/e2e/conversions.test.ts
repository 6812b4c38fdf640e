import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:http2'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { after, before, describe, test } from 'node:test'
import { createWebSocketStream, WebSocket } from 'ws'
import { TsDemuxer } from '../../src/media/formats/mpegts/index.ts'
import { Av, skipWithoutNodeAv } from '../interop/support/av.ts'
import type { MadeTrack, Reading, Unit } from '../interop/support/av-messages.ts'
import { Certificate } from '../support/certificate.ts'
import { poll } from '../support/poll.ts'
import { hasCommand, skipUnless } from '../support/requirements.ts'
import { TestServer } from '../support/server.ts'
import { common, heard, times, video, watcher, within } from '../support/units.ts'

/** What is converted begins further back than its source, by what the conversion is behind: four seconds share some. */
const LONG = 100
/** Longer than what is published over and over. */
const LOOP_MS = 2500
const H264 = { encoder: 'libx264', options: { preset: 'ultrafast', g: '25', bf: '2' } }
const AAC = { encoder: 'aac', sampleRateHz: 44_100 }
const VP9 = { encoder: 'libvpx-vp9', options: { deadline: 'realtime', 'cpu-used': '8', g: '25' } }

/** What comes until there are so many pictures in it. */
async function take(input: Readable, pictures: number): Promise<Buffer> {
  const taken: Buffer[] = []
  let count = 0
  const videoIds = new Set<number>()
  const demuxer = new TsDemuxer({
    onTrack: ({ id, kind }) => kind === 'video' && videoIds.add(id),
    onFrame: ({ trackId }) => {
      if (videoIds.has(trackId)) count++
    },
  })
  for await (const bytes of input as AsyncIterable<Buffer>) {
    taken.push(bytes)
    demuxer.push(bytes)
    if (count >= pictures) break
  }
  return Buffer.concat(taken)
}

describe('what an output cannot carry', { skip: skipWithoutNodeAv() }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-conversions-'))
  let server: TestServer
  let publisher: Av
  /** One process for all: what is asked for together begins together. */
  let player: Av
  const certificate = hasCommand('openssl') ? new Certificate() : undefined

  before(async () => {
    publisher = new Av()
    player = new Av()
    server = await TestServer.start([
      'workers=2',
      'streams.all/**.convert=all',
      'streams.none/**.convert=none',
      'transcode.idleMs=500',
      'delivery.lingerMs=200',
      ...(certificate?.sets ?? []),
    ])
    await publish('flac.mp4', [H264, { encoder: 'flac', sampleRateHz: 44_100 }], 'conv/a')
    await publish('b-frames.mp4', [H264, AAC], 'conv/b', 'none/b')
    await publish('vp9.mp4', [VP9, AAC], 'all/v', 'conv/v')
  })
  after(async () => {
    await publisher[Symbol.asyncDispose]()
    await player[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true })
    certificate?.[Symbol.dispose]()
  })

  const names = async () => {
    const { streams } = await server.json<{ streams: { readonly name: string }[] }>('api/v1/streams')
    return streams.map(({ name }) => name)
  }
  const gone = (name: string) =>
    poll(`the end of ${name}`, async () => ((await names()).includes(name) ? undefined : true))
  const playUrl = (url: string, units: number) => player.call('play', { url, units })
  const play = (path: string, units: number) => playUrl(server.http(path), units)
  const publish = async (file: string, tracks: readonly MadeTrack[], ...streams: readonly string[]) => {
    const from = join(folder, file)
    await publisher.call('make', { path: from, seconds: 2, tracks })
    for (const stream of streams) {
      await publisher.call('publishForever', { from, url: server.rtmp(stream) })
      await server.live(stream)
    }
  }

  test('audio that MPEG-TS or a classic RTMP player cannot have is converted for it, once, while somebody watches', async () => {
    using watching = await watcher(server.http('conv/a.ts'))
    const readings = await Promise.all([
      play('conv/a.ts', LONG),
      play('conv/a.flv', LONG),
      playUrl(server.rtmp('conv/a'), 25),
    ])
    assert.deepEqual(readings.map(codecs), [
      ['h264', 'aac'],
      ['h264', 'flac'],
      ['h264', 'aac'],
    ])
    const [ts, flv] = readings
    const seen = ({ pts, sha256 }: Unit) => `${Math.round(pts * 1000)} ${sha256}`
    const pictures = new Set(video(flv as Reading).map(seen))
    const passedOn = video(ts as Reading).filter((unit) => pictures.has(seen(unit)))
    assert.ok(passedOn.length > 5, 'the pictures are the same, at the same times')
    watching[Symbol.dispose]()
    await gone('conv/a/_aac')
  })

  test('B-frames are removed for viewers that cannot have them, once, while somebody watches', async () => {
    using watching = await watcher(server.http('conv/b.ts?bframes=0'))
    const readings = await Promise.all([
      play('conv/b.ts', LONG),
      play('conv/b.ts?bframes=0', LONG),
      play('conv/b.flv?bframes=0', 40),
      playUrl(`${server.rtmp('conv/b')}?bframes=0`, 40),
    ])
    const [source, ...ordered] = readings as [Reading, ...Reading[]]
    assert.ok(isReordered(source), 'the source has B-frames')
    for (const reading of ordered) {
      assert.deepEqual(codecs(reading), ['h264', 'aac'])
      assert.equal(isReordered(reading), false)
    }
    const [ts] = ordered as [Reading]
    const { from, to } = shared(source, ts)
    assert.ok(to - from > 0.3, `only ${to - from} s in common`)
    assert.deepEqual(times(within(video(ts), from, to)), times(within(video(source), from, to)))
    assert.deepEqual(heard(ts, from, to), heard(source, from, to))
    const started = server.lines.filter(({ event, rendition }) => {
      return event === 'rendition.started' && rendition === 'conv/b/_as-shown'
    })
    assert.equal(started.length, 1)
    watching[Symbol.dispose]()
    await gone('conv/b/_as-shown')
  })

  test('B-frames are removed over WebSocket and HTTP/2 too', {
    skip: skipUnless(certificate !== undefined, 'openssl'),
  }, async (t) => {
    using watching = await watcher(server.http('conv/b.ts?bframes=0'))
    const socket = new WebSocket(server.ws('conv/b.ts?bframes=0'), { perMessageDeflate: false })
    const session = connect(`https://127.0.0.1:${server.port('https')}`, { rejectUnauthorized: false })
    t.after(() => session.destroy())
    const ways = { ws: createWebSocketStream(socket), h2: session.request({ ':path': '/conv/b.ts?bframes=0' }) }
    for (const [name, input] of Object.entries(ways)) {
      const file = join(folder, `${name}.ts`)
      writeFileSync(file, await take(input, 40))
      const reading = await playUrl(file, 40)
      assert.deepEqual(codecs(reading), ['h264', 'aac'], name)
      assert.ok(video(reading).length > 20, name)
      assert.equal(isReordered(reading), false, name)
    }
    watching[Symbol.dispose]()
    await gone('conv/b/_as-shown')
  })

  test('where that is not allowed the viewer is told what is missing', async () => {
    // Whenever they come in a GOP, also where it has only begun.
    const startedMs = performance.now()
    while (performance.now() - startedMs < LOOP_MS) {
      const refused = await fetch(server.http('none/b.flv?bframes=0'))
      assert.equal(refused.status, 415)
      assert.match(await refused.text(), /cannot have B-frames, and encoding video without B-frames is not allowed/)
    }
    assert.deepEqual(codecs(await play('none/b.flv', 10)), ['h264', 'aac'])
  })

  test('video of another codec is converted where the configuration allows it, and refused by name where not', async () => {
    using watching = await watcher(server.http('all/v.ts'))
    const [ts, mp4, rtmp] = await Promise.all([
      play('all/v.ts', LONG),
      play('all/v.mp4', LONG),
      playUrl(server.rtmp('all/v'), 25),
    ])
    assert.deepEqual([ts, mp4, rtmp].map(codecs), [
      ['h264', 'aac'],
      ['vp9', 'aac'],
      ['h264', 'aac'],
    ])
    const { from, to } = shared(mp4, ts)
    assert.ok(to - from > 0.3, `only ${to - from} s in common`)
    assert.equal(within(video(ts), from, to).length, within(video(mp4), from, to).length)
    const sound = (reading: Reading, margin: number) =>
      heard(reading, from - margin, to + margin).map((unit) => unit.split(' ')[1])
    assert.ok(sound(mp4, 0.1).join().includes(sound(ts, 0).join()), 'the sound is passed on bit by bit')
    watching[Symbol.dispose]()
    await gone('all/v/_h264')
    const refused = await fetch(server.http('conv/v.ts'))
    assert.equal(refused.status, 415)
    assert.match(await refused.text(), /MPEG-TS cannot carry VP9, and converting video is not allowed/)
  })
})

/** A reading with B-frames lacks some before its last picture: they would have come next. */
function shared(a: Reading, b: Reading) {
  const { from, to } = common(video(a), video(b))
  return { from, to: to - 0.25 }
}
function codecs({ tracks }: Reading): string[] {
  return tracks.map(({ codec }) => codec)
}
/** Pictures come in another order than they are shown. */
function isReordered({ tracks }: Reading): boolean {
  const units: readonly Unit[] = tracks.find(({ kind }) => kind === 'video')?.units ?? []
  return units.some(({ pts }, at) => at > 0 && pts < (units[at - 1]?.pts ?? 0))
}
