import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readMpd } from '../../src/media/formats/dash/testing/read-mpd.ts'
import { parseMediaPlaylist } from '../../src/media/formats/hls/index.ts'
import { checkPresentation } from '../support/check-presentation.ts'
import { HttpPublisher } from '../support/http-publisher.ts'
import { poll } from '../support/poll.ts'
import { TestServer } from '../support/server.ts'

const SETS = [
  'workers=2',
  'hls.segmentMs=1000',
  'hls.windowSegments=3',
  'streams.**.graceMs=0',
  'streams.rec/**.record=true',
]

async function bytesOf(server: TestServer, path: string): Promise<Buffer> {
  const response = await fetch(server.http(path), { headers: { connection: 'close' } })
  assert.equal(response.status, 200, path)
  return Buffer.from(await response.arrayBuffer())
}
async function playlist(server: TestServer, path: string) {
  return parseMediaPlaylist((await bytesOf(server, path)).toString())
}

test('a recorded stream can be rewound in its live lists, at the addresses it was live at', async (t) => {
  await using server = await TestServer.start(SETS)
  using publisher = new HttpPublisher(server, 'rec/a.flv')
  await publisher.send(25 * 4)
  await server.live('rec/a')
  const early = await playlist(server, 'rec/a/t1.m3u8')
  const [first] = early.segments
  const live = await bytesOf(server, `rec/a/${first?.uri}`)
  await publisher.send(25 * 16 + 5)
  const late = await poll('all segments', async () => {
    const each = await playlist(server, 'rec/a/t1.m3u8')
    return each.segments.length === 20 ? each : undefined
  })

  await t.test('the playlist and the MPD reach back to the start', async () => {
    assert.deepEqual(late.segments[0]?.uri, first?.uri)
    const { periods } = readMpd((await bytesOf(server, 'rec/a/manifest.mpd')).toString())
    assert.equal(periods[0]?.representations[0]?.segments.length, 20)
  })

  await t.test('what has left the memory comes from the recording, the very same bytes', async () => {
    // All at once is faster than a disk; in real time a segment is durable long before it leaves the memory.
    type Recordings = { readonly recordings: readonly { readonly durationSeconds: number }[] }
    await poll('the recording', async () => {
      const { recordings } = await server.json<Recordings>('api/v1/recordings')
      return (recordings[0]?.durationSeconds ?? 0) >= 19 || undefined
    })
    assert.ok((await bytesOf(server, `rec/a/${first?.uri}`)).equals(live))
    assert.deepEqual(await checkPresentation((uri) => bytesOf(server, `rec/a/${uri}`), 'manifest.mpd'), [])
  })

  await t.test('a delta update of a long playlist is short', async () => {
    const delta = await playlist(server, 'rec/a/t1.m3u8?_HLS_skip=YES')
    assert.equal(delta.skippedSegments, 14)
    assert.equal(delta.segments.length, 6)
  })

  await t.test('a stream that is not recorded keeps its short window', async () => {
    using other = new HttpPublisher(server, 'live/b.flv')
    await other.send(25)
    await server.live('live/b')
    let isOpen = false
    const opened = bytesOf(server, 'live/b/t1.m3u8').finally(() => {
      isOpen = true
    })
    await poll('the playlist', async () => {
      if (!isOpen) await other.send(25)
      return isOpen || undefined
    })
    await opened
    await other.send(25 * 9)
    const short = await poll('a full window', async () => {
      const each = await playlist(server, 'live/b/t1.m3u8')
      return each.mediaSequence > 4 ? each : undefined
    })
    assert.equal(short.segments.length, 3)
  })

  await t.test('any part of the past by its times, at the same address', async () => {
    const startMs = late.segments[0]?.programDateTimeMs ?? 0
    const [from, to] = [startMs + 3000, startMs + 7500].map((ms) => new Date(ms).toISOString())
    const query = `?from=${from}&to=${to}`
    const master = (await bytesOf(server, `rec/a/index.m3u8${query}`)).toString()
    assert.match(master, /^t1\.m3u8\?from=/m)
    const past = (uri: string) => {
      const { pathname, search } = new URL(uri, server.http('rec/a/index.m3u8'))
      return bytesOf(server, `${pathname}${search || (/index|mpd/.test(uri) ? query : '')}`.slice(1))
    }
    assert.deepEqual(await checkPresentation(past, 'manifest.mpd'), [])
    const list = await playlist(server, `rec/a/t1.m3u8${query}`)
    assert.deepEqual(
      list.segments.map(({ programDateTimeMs = 0 }) => programDateTimeMs - startMs),
      [3000, 4000, 5000, 6000, 7000],
    )
    assert.equal(list.type, 'vod')
  })

  await t.test('from a moment on it grows with the stream', async () => {
    const startMs = late.segments[0]?.programDateTimeMs ?? 0
    const list = await playlist(server, `rec/a/t1.m3u8?at=${startMs + 10_000}`)
    assert.equal(list.type, 'event')
    assert.equal(list.segments[0]?.programDateTimeMs, startMs + 10_000)
    assert.deepEqual(list.start, { timeOffsetMs: 0, precise: true })
  })

  await t.test('times that are none, or at which nothing was recorded, are refused', async () => {
    const statusOf = async (query: string) => (await fetch(server.http(`rec/a/t1.m3u8?${query}`))).status
    assert.equal(await statusOf('from=yesterday'), 400)
    assert.equal(await statusOf('from=2026-11-25T22:00:00'), 400)
    assert.equal(await statusOf('from=2000&to=1000'), 400)
    assert.equal(await statusOf('from=1000&to=2000'), 404)
  })
})
