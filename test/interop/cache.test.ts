import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readMpd } from '../../src/media/formats/dash/testing/read-mpd.ts'
import { parseMediaPlaylist } from '../../src/media/formats/hls/index.ts'
import { HttpPublisher } from '../support/http-publisher.ts'
import { poll } from '../support/poll.ts'
import { skipWithoutFfmpeg } from '../support/requirements.ts'
import { TestServer } from '../support/server.ts'
import { run } from './support/command.ts'
import { NginxCache, skipWithoutNginx } from './support/nginx-cache.ts'

// Recorded streams are packaged from their start, whoever asks.
const SETS = ['workers=2', 'hls.segmentMs=2000', 'streams.**.graceMs=0', 'streams.**.record=true']
const VIEWERS = 50

test('nginx as a cache in front: it asks once for what all want, and goes on with the stream', {
  skip: skipWithoutNginx() || skipWithoutFfmpeg(),
}, async (t) => {
  await using server = await TestServer.start(SETS)
  await using cache = await NginxCache.start(server.port('http'))
  const publisher = new HttpPublisher(server, 'live/a.flv')
  await publisher.send(25 * 9)
  await server.live('live/a')
  const listed = async (query = '') => parseMediaPlaylist((await cache.get(`live/a/t1.m3u8${query}`)).bytes.toString())

  await t.test('fifty who wait for the same list, and the part that it hints at, are one request each', async () => {
    const now = await poll('a list with an open segment', async () => {
      const list = await listed()
      return list.open && list.preloadHint ? list : undefined
    })
    const query = `?_HLS_msn=${now.mediaSequence + now.segments.length}&_HLS_part=${now.open?.parts.length}`
    const paths = [`live/a/t1.m3u8${query}`, `live/a/${now.preloadHint}`]
    const answers = paths.map((path) => Promise.all(Array.from({ length: VIEWERS }, () => cache.get(path))))
    // What came in front of these waits at the origin by now.
    for (let i = 0; i < 3; i++) await cache.get('healthz')
    await publisher.send(25)
    for (const [at, each] of (await Promise.all(answers)).entries()) {
      const [first] = each
      for (const { status, bytes } of each) {
        assert.equal(status, 200)
        assert.ok(first && bytes.equals(first.bytes))
      }
      assert.equal(each.filter((answer) => answer.cache !== 'HIT').length, 1)
      assert.equal(
        cache.originRequests((uri) => uri === `/${paths[at]}`),
        1,
      )
    }
  })

  await t.test('segments are asked for once, whole or in ranges, and are the same', async () => {
    const { segments } = await listed()
    const files = [...new Set(segments.flatMap(({ uri, map }) => [uri, ...(map ? [map.uri] : [])]))]
    assert.ok(files.length > 3)
    for (const file of files) {
      const path = `live/a/${file}`
      const origin = Buffer.from(await (await fetch(server.http(path))).arrayBuffer())
      const [first, second] = [await cache.get(path), await cache.get(path)]
      assert.ok(first.bytes.equals(origin) && second.bytes.equals(origin), file)
      assert.equal(second.cache, 'HIT')
      assert.match(second.headers.get('cache-control') ?? '', /immutable/)
      const range = await cache.get(path, { range: 'bytes=10-29' })
      assert.deepEqual([range.status, range.bytes.equals(origin.subarray(10, 30)), range.cache], [206, true, 'HIT'])
      assert.equal(
        cache.originRequests((uri) => uri === `/${path}`),
        1,
      )
    }
  })

  await t.test('lists and MPDs are cached no longer than they say', async () => {
    const last = (await listed()).segments.at(-1)?.uri
    const ends = () => readMpd(mpd.bytes.toString()).periods.at(-1)?.representations[0]?.segments.at(-1)?.number
    let mpd = await cache.get('live/a/manifest.mpd')
    const before = ends()
    assert.deepEqual([mpd.status, mpd.headers.get('cache-control')], [200, 'max-age=1'])
    await publisher.send(25 * 4)
    await poll('the next segment in the list', async () =>
      (await listed()).segments.at(-1)?.uri !== last ? true : undefined,
    )
    await poll('the next segment in the MPD', async () => {
      mpd = await cache.get('live/a/manifest.mpd')
      return ends() !== before ? true : undefined
    })
  })

  await t.test('each gets the encoding that it knows', async () => {
    const plain = await cache.get('live/a/index.m3u8', { 'accept-encoding': 'identity' })
    const packed = await cache.get('live/a/index.m3u8', { 'accept-encoding': 'gzip' })
    const again = await cache.get('live/a/index.m3u8', { 'accept-encoding': 'identity' })
    assert.deepEqual(
      [plain, packed, again].map(({ headers }) => headers.get('content-encoding')),
      [null, 'gzip', null],
    )
    assert.ok(packed.bytes.equals(plain.bytes) && again.bytes.equals(plain.bytes))
  })

  await t.test('what will never be there is no file to the cache, and not kept', async () => {
    const { segments } = await listed()
    const path = `live/a/${segments[0]?.uri.replace(/-\d+\.m4s$/, '-99999.m4s')}`
    for (const answer of [await cache.get(path), await cache.get(path)])
      assert.deepEqual([answer.status, answer.cache], [404, 'MISS'])
  })

  await t.test('FFmpeg reads the same through it as from the server itself', async () => {
    await publisher.finish()
    await poll('the end', async () => ((await listed()).isEnded ? true : undefined))
    for (const list of ['live/a/index.m3u8', 'live/a/manifest.mpd']) {
      const [through, direct] = await Promise.all([cache, server].map((from) => packetsOf(from.http(list))))
      assert.ok((direct?.length ?? 0) > 25 * 14, `${direct?.length} packets`)
      assert.deepEqual(through, direct)
    }
  })
})

/** Of all tracks, by their hashes and times. */
async function packetsOf(url: string): Promise<string[]> {
  const copy = ['-map', '0', '-c', 'copy', '-f', 'framemd5', '-']
  const { code, stdout, stderr } = await run('ffmpeg', ['-v', 'fatal', '-nostdin', '-i', url, ...copy])
  assert.equal(code, 0, stderr)
  return stdout.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
}
