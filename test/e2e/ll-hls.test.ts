import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type HlsMediaPlaylist, parseMediaPlaylist } from '../../src/media/formats/hls/index.ts'
import { checkPlaylist } from '../../src/media/formats/hls/testing/check-playlist.ts'
import { HttpPublisher } from '../support/http-publisher.ts'
import { poll } from '../support/poll.ts'
import { TestServer } from '../support/server.ts'

const SETS = ['workers=2', 'streams.**.graceMs=0', 'hls.segmentMs=1000']

type Answer = { readonly status: number; readonly text: string; readonly headers: Headers }

async function get(server: TestServer, path: string): Promise<Answer> {
  const response = await fetch(server.http(path), { headers: { connection: 'close' } })
  return { status: response.status, text: await response.text(), headers: response.headers }
}
async function playlist(server: TestServer, query = ''): Promise<HlsMediaPlaylist> {
  const { status, text } = await get(server, `live/a/t1.m3u8${query}`)
  assert.equal(status, 200, text)
  assert.deepEqual(checkPlaylist(text), [])
  return parseMediaPlaylist(text)
}
/** What a request says once `frames` more frames are there, and that it has waited for them. */
async function blocked(server: TestServer, publisher: HttpPublisher, path: string, frames: number): Promise<Answer> {
  let isAnswered = false
  const answer = get(server, path).finally(() => {
    isAnswered = true
  })
  // A request that does not wait is answered before this one, which it came in front of.
  await get(server, 'live/a/t1.m3u8')
  await get(server, 'live/a/t1.m3u8')
  assert.equal(isAnswered, false, `${path} was answered at once`)
  await publisher.send(frames)
  return await answer
}

test('Low-Latency HLS: parts, blocking reload, hints, delta updates and reports', async (t) => {
  await using server = await TestServer.start(SETS)
  using publisher = new HttpPublisher(server, 'live/a.flv')
  await publisher.send(25)
  await server.live('live/a')
  // The output starts with its first reader, at the newest keyframe.
  let isOpen = false
  let seconds = 1
  const opened = get(server, 'live/a/index.m3u8').finally(() => {
    isOpen = true
  })
  await poll('the first segments', async () => {
    if (isOpen) return true
    seconds++
    await publisher.send(25)
    return undefined
  })
  assert.deepEqual(checkPlaylist((await opened).text), [])
  await publisher.send(25 * 9 + 14)
  const now = await poll('all that was sent', async () => {
    const each = await playlist(server)
    return each.mediaSequence + each.segments.length === seconds + 10 && each.open ? each : undefined
  })
  const last = now.mediaSequence + now.segments.length - 1

  await t.test('the playlist says what it can do and lists the parts of the newest segments', () => {
    assert.deepEqual(now.serverControl, {
      canBlockReload: true,
      canSkipUntilMs: 6000,
      holdBackMs: 3000,
      partHoldBackMs: 1002,
    })
    assert.equal(now.partTargetMs, 334)
    assert.equal(now.open?.parts.length, 1)
    assert.deepEqual(
      now.segments.map(({ parts }) => parts?.map(({ durationMs }) => durationMs)),
      [...Array(now.segments.length - 3).fill(undefined), ...Array(3).fill([320, 320, 320, 40])],
    )
    assert.deepEqual(
      now.renditionReports?.map(({ uri }) => uri),
      ['t2.m3u8'],
    )
  })

  await t.test('the parts of a segment are the segment', async () => {
    const segment = now.segments.at(-1)
    const parts = await Promise.all((segment?.parts ?? []).map(({ uri }) => get(server, `live/a/${uri}`)))
    assert.equal(parts.map(({ text }) => text).join(''), (await get(server, `live/a/${segment?.uri}`)).text)
    for (const { headers } of parts) assert.match(headers.get('cache-control') ?? '', /immutable/)
  })

  await t.test('a delta update leaves out what is older than the skip boundary', async () => {
    const delta = await playlist(server, '?_HLS_skip=YES')
    assert.equal(delta.mediaSequence, now.mediaSequence)
    assert.equal(delta.skippedSegments, 1)
    assert.deepEqual(delta.segments, now.segments.slice(delta.skippedSegments))
  })

  await t.test('a request for the next part waits for it, in the playlist and at its address', async () => {
    const hint = blocked(server, publisher, `live/a/${now.preloadHint}`, 8)
    assert.equal((await hint).status, 200)
    const { text, headers } = await blocked(server, publisher, `live/a/t1.m3u8?_HLS_msn=${last + 1}&_HLS_part=2`, 3)
    assert.equal(parseMediaPlaylist(text).open?.parts.length, 3)
    assert.equal(headers.get('cache-control'), 'max-age=6')
    const whole = await blocked(server, publisher, `live/a/t1.m3u8?_HLS_msn=${last + 1}`, 25)
    assert.equal(
      parseMediaPlaylist(whole.text).segments.at(-1)?.uri,
      `${now.segments.at(-1)?.uri}`.replace(`-${last}.`, `-${last + 1}.`),
    )
  })

  await t.test('what is there, or past the last part of a segment, is answered at once', async () => {
    for (const query of [`_HLS_msn=${last}`, `_HLS_msn=${last}&_HLS_part=1`, `_HLS_msn=${last + 1}&_HLS_part=9`])
      await playlist(server, `?${query}`)
  })

  await t.test('what will never be there is refused at once', async () => {
    const base = `${now.segments.at(-1)?.uri}`.replace(/\d+\.m4s$/, '')
    const statusOf = async (path: string) => (await get(server, `live/a/${path}`)).status
    assert.equal(await statusOf(`t1.m3u8?_HLS_msn=${last + 9}`), 400)
    assert.equal(await statusOf('t1.m3u8?_HLS_part=1'), 400)
    assert.equal(await statusOf('t1.m3u8?_HLS_msn=x'), 400)
    assert.equal(await statusOf(`${base}${last}.7.m4s`), 404)
    assert.equal(await statusOf(`${base}${last + 2}.9.m4s`), 404)
    assert.equal(await statusOf(`${base}${last + 9}.m4s`), 404)
    assert.equal(await statusOf(`${base}${last + 9}.0.m4s`), 404)
    assert.equal(await statusOf('t9.m3u8?_HLS_msn=1'), 404)
  })

  await t.test('the end of the stream answers everyone who waits', async () => {
    const waiting = get(server, `live/a/t1.m3u8?_HLS_msn=${last + 3}`)
    await publisher.finish()
    const { status, text } = await waiting
    assert.equal(status, 200)
    assert.match(text, /#EXT-X-ENDLIST/)
    assert.doesNotMatch(text, /PRELOAD-HINT|SERVER-CONTROL/)
    assert.deepEqual(checkPlaylist(text), [])
  })
})
