import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkMpd } from '../../src/media/formats/dash/testing/check-mpd.ts'
import type { XmlElement } from '../../src/media/formats/dash/testing/parse-xml.ts'
import { childrenOf, readMpd } from '../../src/media/formats/dash/testing/read-mpd.ts'
import { parseMediaPlaylist } from '../../src/media/formats/hls/index.ts'
import { checkPresentation } from '../support/check-presentation.ts'
import { HttpPublisher } from '../support/http-publisher.ts'
import { poll } from '../support/poll.ts'
import { TestServer } from '../support/server.ts'

const SETS = ['workers=2', 'hls.segmentMs=1000', 'streams.**.record=true', 'dash.trickMode=true']

const elementsOf = (parent: XmlElement | undefined, name: string) => (parent ? childrenOf(parent, name) : [])

async function bytesOf(server: TestServer, path: string): Promise<Buffer> {
  const response = await fetch(server.http(path), { headers: { connection: 'close' } })
  assert.equal(response.status, 200, path)
  return Buffer.from(await response.arrayBuffer())
}

test('DASH and HLS list the same segments, to the tick; every text and box keeps to its standard', async (t) => {
  await using server = await TestServer.start(SETS)
  const first = new HttpPublisher(server, 'live/a.flv')
  await first.send(25 * 5)
  await server.live('live/a')
  const manifest = async (query = '') => (await bytesOf(server, `live/a/manifest.mpd${query}`)).toString()

  await t.test('while it is live', async () => {
    assert.deepEqual(await checkPresentation((uri) => bytesOf(server, `live/a/${uri}`), 'manifest.mpd'), [])
    const { type, periods } = readMpd(await manifest())
    assert.equal(type, 'dynamic')
    const first = periods[0]?.representations[0]?.segments[0]
    assert.equal(first?.number, 1)
    const before = await fetch(server.http(`live/a/${first.uri.replace('-1.m4s', '-0.m4s')}`))
    assert.equal(before.status, 404, 'only of a ladder anything is listed from before its start')
  })

  await t.test('by number: chunks can be had before their segment ends', async () => {
    const text = await manifest('?template=number')
    assert.deepEqual(checkMpd(text), [])
    const { root, periods } = readMpd(text)
    assert.equal(childrenOf(root, 'ServiceDescription').length, 1)
    const [video] = periods[0]?.representations ?? []
    const exact = readMpd(await manifest()).periods[0]?.representations[0]?.segments ?? []
    for (const { number, startTicks } of exact) {
      const nominal = (number - (video?.startNumber ?? 0)) * (video?.nominalTicks ?? 0)
      assert.equal(nominal + (video?.presentationTimeOffsetTicks ?? 0), startTicks)
    }
    const next = `live/a/${video?.media.replace('$Number$', String((exact.at(-1)?.number ?? 0) + 1))}`
    const growing = await fetch(server.http(next))
    const reader = growing.body?.getReader()
    await first.send(10)
    const chunk = await reader?.read()
    assert.equal(Buffer.from(chunk?.value ?? []).toString('latin1', 4, 8), 'moof')
    await first.send(25)
    const parts = [Buffer.from(chunk?.value ?? [])]
    for (let each = await reader?.read(); each && !each.done; each = await reader?.read())
      parts.push(Buffer.from(each.value))
    assert.ok(Buffer.concat(parts).equals(await bytesOf(server, next)))
    // While one is being written, the one behind it is waited for: the publisher may be late by a player's clock.
    const early = fetch(server.http(next.replace(/-(\d+)\.m4s$/, (_, number) => `-${Number(number) + 3}.m4s`)))
    await manifest()
    await manifest()
    await first.send(45)
    assert.equal((await early).status, 200)
  })

  await t.test('low latency: how far behind, where chunks start, and when the media passed the server', async () => {
    const { root, periods } = readMpd(await manifest('?template=number'))
    const [target] = elementsOf(root, 'ServiceDescription').flatMap((each) => elementsOf(each, 'Latency'))
    assert.equal(target?.attributes.get('target'), '1002', 'three parts')
    const sets = elementsOf(root, 'Period').flatMap((period) => elementsOf(period, 'AdaptationSet'))
    const timed = readMpd(await manifest()).periods[0]?.representations ?? []
    for (const [at, { timescaleHz }] of (periods[0]?.representations ?? []).slice(0, 2).entries()) {
      const [set] = sets.slice(at)
      const [representation] = elementsOf(set, 'Representation')
      const [template] = elementsOf(representation, 'SegmentTemplate')
      assert.equal(template?.attributes.get('availabilityTimeOffset'), '0.666')
      assert.equal(template?.attributes.get('availabilityTimeComplete'), 'false')
      const list = parseMediaPlaylist((await bytesOf(server, `live/a/t${at + 1}.m3u8`)).toString())
      // Parts are chunks: one begins at least this often.
      const partTargetMs = list.partTargetMs ?? 0
      const [resync] = elementsOf(representation, 'Resync')
      assert.equal(Number(resync?.attributes.get('dT')), Math.round((partTargetMs * timescaleHz) / 1000))
      const durationsMs = list.segments.flatMap(({ parts = [] }) => parts.map(({ durationMs }) => durationMs))
      assert.ok(durationsMs.length > 3 && Math.max(...durationsMs) <= partTargetMs, `${durationsMs}`)
      // The wall clock of a moment is that of the playlists.
      const [reference] = elementsOf(set, 'ProducerReferenceTime')
      const ticks = Number(reference?.attributes.get('presentationTime'))
      const wallMs = Date.parse(reference?.attributes.get('wallClockTime') ?? '')
      for (const { number, startTicks } of timed[at]?.segments ?? []) {
        const dateMs = list.segments[number - list.mediaSequence]?.programDateTimeMs ?? Number.NaN
        assert.ok(Math.abs(dateMs - wallMs - ((startTicks - ticks) * 1000) / timescaleHz) <= 1, `segment ${number}`)
      }
    }
  })

  await t.test('it tells the time', async () => {
    const [timing] = childrenOf(readMpd(await manifest()).root, 'UTCTiming')
    const time = (await bytesOf(server, `live/a/${timing?.attributes.get('value')}`)).toString()
    assert.match(time, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
  })

  await t.test('a publisher that comes back starts a period', async () => {
    first[Symbol.dispose]()
    await server.log(({ event, stream }) => event === 'publish.ended' && stream === 'live/a')
    using second = new HttpPublisher(server, 'live/a.flv')
    await second.send(25 * 4)
    const text = await poll('the second period', async () => {
      const each = await manifest()
      return readMpd(each).periods.length === 2 ? each : undefined
    })
    assert.deepEqual(checkMpd(text), [])
    assert.deepEqual(checkMpd(await manifest('?template=number')), [])
    await second.finish()
  })

  await t.test('ended, it is static; and so is the recording', async () => {
    await server.json('api/v1/streams')
    const response = await fetch(server.http('api/v1/streams/live/a'), { method: 'DELETE' })
    assert.ok(response.ok || response.status === 404, `${response.status}`)
    const text = await poll('the end', async () => {
      const each = await manifest()
      return readMpd(each).type === 'static' ? each : undefined
    })
    assert.deepEqual(checkMpd(text), [])
    type Recordings = { readonly recordings: readonly { readonly id: string; readonly isOpen: boolean }[] }
    const id = await poll('the closed recording', async () => {
      const { recordings } = await server.json<Recordings>('api/v1/recordings')
      return recordings.find(({ isOpen }) => !isOpen)?.id
    })
    assert.deepEqual(await checkPresentation((uri) => bytesOf(server, `vod/${id}/${uri}`), 'manifest.mpd'), [])
  })
})

test('what a silent track does not have is a gap in playlists, and nothing to an MPD that can be had', async () => {
  await using server = await TestServer.start([...SETS, 'streams.**.graceMs=0'])
  const publisher = new HttpPublisher(server, 'live/a.flv', { silence: [2.5, 7.5] })
  await publisher.send(25 * 11)
  await server.live('live/a')
  const gapsOf = (bytes: Buffer) => bytes.toString().match(/#EXT-X-GAP/g)?.length
  const live = await poll('segments behind the gap', async () => {
    const text = await bytesOf(server, 'live/a/t2.m3u8')
    return text.includes('-10.m4s') ? text : undefined
  })
  assert.equal(gapsOf(live), 4)
  assert.deepEqual(await checkPresentation((uri) => bytesOf(server, `live/a/${uri}`), 'manifest.mpd'), [])

  await publisher.finish()
  type Recordings = { readonly recordings: readonly { readonly id: string; readonly isOpen: boolean }[] }
  const id = await poll('the closed recording', async () => {
    const { recordings } = await server.json<Recordings>('api/v1/recordings')
    return recordings.find(({ isOpen }) => !isOpen)?.id
  })
  assert.equal(gapsOf(await bytesOf(server, `vod/${id}/t2.m3u8`)), 4)
  assert.deepEqual(await checkPresentation((uri) => bytesOf(server, `vod/${id}/${uri}`), 'manifest.mpd'), [])
  assert.match((await bytesOf(server, `vod/${id}/manifest.mpd?utc`)).toString(), /^\d{4}-\d\d-\d\dT/)
})
