import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkMpd } from '../../src/media/formats/dash/testing/check-mpd.ts'
import { readMpd } from '../../src/media/formats/dash/testing/read-mpd.ts'
import { parseMediaPlaylist } from '../../src/media/formats/hls/index.ts'
import { checkPlaylist } from '../../src/media/formats/hls/testing/check-playlist.ts'
import { checkPresentation } from '../support/check-presentation.ts'
import { HttpPublisher } from '../support/http-publisher.ts'
import { poll } from '../support/poll.ts'
import { TestServer } from '../support/server.ts'

const SETS = [
  'workers=2',
  'hls.segmentMs=1000',
  'streams.**.graceMs=0',
  'streams.**.record=true',
  'streams.live/x.variants=[live/x_mid, live/low/x]',
]

async function text(server: TestServer, path: string): Promise<string> {
  const response = await fetch(server.http(path), { headers: { connection: 'close' } })
  assert.equal(response.status, 200, path)
  return await response.text()
}

test('streams that belong together are one multivariant playlist and one MPD, aligned; they leave and come back', async (t) => {
  await using server = await TestServer.start(SETS)
  using source = new HttpPublisher(server, 'live/x.flv', { frameBytes: 3000 })
  using middle = new HttpPublisher(server, 'live/x_mid.flv', { frameBytes: 1500 })
  const first = new HttpPublisher(server, 'live/low/x.flv', { frameBytes: 600 })
  for (const publisher of [source, middle, first]) await publisher.send(25 * 6)
  for (const name of ['live/x', 'live/x_mid', 'live/low/x']) await server.live(name)
  const multivariant = async () => {
    const list = await text(server, 'live/x/index.m3u8')
    assert.deepEqual(checkPlaylist(list), [])
    return list.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  }
  const listed = (count: number) =>
    poll(`${count} members`, async () => ((await multivariant()).length === count ? await multivariant() : undefined))

  await t.test('best first, by addresses that lead there', async () => {
    assert.deepEqual(await listed(3), ['t1.m3u8', '../x_mid/t1.m3u8', '../low/x/t1.m3u8'])
    const bytes = async (uri: string) => {
      const { pathname } = new URL(uri, server.http('live/x/index.m3u8'))
      return Buffer.from(await (await fetch(server.http(pathname.slice(1)))).arrayBuffer())
    }
    assert.deepEqual(await checkPresentation(bytes, 'manifest.mpd'), [])
  })

  await t.test('one adaptation set for all qualities, in both kinds of MPD', async () => {
    for (const query of ['', '?template=number']) {
      const list = await text(server, `live/x/manifest.mpd${query}`)
      assert.deepEqual(checkMpd(list), [])
      const { root, periods } = readMpd(list)
      assert.deepEqual(
        periods[0]?.representations.map(({ id }) => id),
        ['t1', '---x-mid-t1', '---low-x-t1', 't2'],
      )
      assert.equal(root.children.find(({ name }) => name === 'Period')?.children.length, 2)
    }
  })

  await t.test('the same numbers, times and dates in every member, and reports of the others', async () => {
    const [own, other] = await Promise.all(
      ['live/x/t1.m3u8', 'live/x_mid/t1.m3u8'].map(async (path) => parseMediaPlaylist(await text(server, path))),
    )
    assert.ok(own && other)
    const facts = ({ mediaSequence, segments }: typeof own) =>
      new Map(
        segments.map(({ durationMs, programDateTimeMs }, at) => [mediaSequence + at, [durationMs, programDateTimeMs]]),
      )
    const common = [...facts(own)].filter(([number]) => facts(other).has(number))
    assert.ok(common.length > 2)
    for (const [number, fact] of common) assert.deepEqual(facts(other).get(number), fact, `segment ${number}`)
    assert.ok(other.renditionReports?.some(({ uri }) => uri === '../x/t1.m3u8'))
  })

  await t.test('a member that ends leaves, and comes back', async () => {
    const [left] = parseMediaPlaylist(await text(server, 'live/low/x/t1.m3u8')).segments
    await first.finish()
    assert.deepEqual(await listed(2), ['t1.m3u8', '../x_mid/t1.m3u8'])
    assert.equal(readMpd(await text(server, 'live/x/manifest.mpd')).periods[0]?.representations.length, 3)
    // Its players go on with the source, also those that wait for what comes next.
    const own = parseMediaPlaylist(await text(server, 'live/x/t1.m3u8'))
    // Behind the last of its own, which ended with its publisher.
    const next = own.mediaSequence + own.segments.length + 1
    const waiting = text(server, `live/low/x/t1.m3u8?_HLS_msn=${next}&_HLS_skip=YES`)
    await source.send(25 * 3)
    const list = await waiting
    assert.deepEqual(checkPlaylist(list), [])
    const { isEnded, segments, mediaSequence } = parseMediaPlaylist(list)
    assert.ok(!isEnded && mediaSequence + segments.length > next)
    for (const uri of [segments.at(-1)?.uri ?? '', segments.at(-1)?.map?.uri ?? '']) {
      assert.match(uri, /^\.\.\/\.\.\/x\/t1-/)
      assert.equal((await fetch(new URL(uri, server.http('live/low/x/t1.m3u8')))).status, 200)
    }
    using again = new HttpPublisher(server, 'live/low/x.flv', { frameBytes: 600 })
    await again.send(25 * 4)
    await server.live('live/low/x')
    assert.deepEqual(await listed(3), ['t1.m3u8', '../x_mid/t1.m3u8', '../low/x/t1.m3u8'])
    // What players have listed of its life before leads to the same of this one.
    const moved = await poll('the end of the life before', async () => {
      const answer = await fetch(server.http(`live/low/x/${left?.uri}`), { redirect: 'manual' })
      await answer.bytes()
      assert.ok(answer.status === 200 || answer.status === 307)
      return answer.headers.get('location') ?? undefined
    })
    assert.equal((await fetch(server.http(`live/low/x/${moved}`))).status, 200)
    // What players have of it is the source's: no part of that can stand for its own.
    const back = await poll('its own segments', async () => {
      const given = await text(server, 'live/low/x/t1.m3u8?_HLS_skip=YES')
      return /^t1-.*\.m4s$/m.test(given.split('#EXTINF').at(-1) ?? '') ? given : undefined
    })
    assert.doesNotMatch(back, /EXT-X-SKIP/)
    assert.deepEqual(checkPlaylist(back), [])
    const shown = parseMediaPlaylist(back).segments.map(({ uri }) => uri)
    const firstOwn = shown.findIndex((uri) => uri.startsWith('t1-'))
    assert.ok(
      shown.slice(firstOwn).every((uri) => uri.startsWith('t1-')),
      'the source stood in before it, not behind',
    )
  })
})
