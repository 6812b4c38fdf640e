import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { parseMediaPlaylist } from '../../src/media/formats/hls/index.ts'
import { HttpPublisher } from '../support/http-publisher.ts'
import { TestServer } from '../support/server.ts'

/** Each request on a connection of its own, so that the kernel spreads them over the workers. */
function get(server: TestServer, path: string): Promise<Response> {
  return fetch(server.http(path), { headers: { connection: 'close' } })
}

test('a stream that has ended can be played to its end, from every worker', async () => {
  await using server = await TestServer.start(['workers=2', 'streams.**.graceMs=0', 'hls.segmentMs=1000'])
  using publisher = new HttpPublisher(server, 'live/a.flv')
  await publisher.send(50)
  await server.live('live/a')
  let isOpen = false
  const opened = get(server, 'live/a/index.m3u8').then(async (response) => {
    isOpen = true
    return response.status
  })
  for (let tries = 0; tries < 300 && !isOpen; tries++) {
    await publisher.send(5)
    await delay(10)
  }
  assert.equal(await opened, 200)
  await publisher.finish()
  await server.log(({ event, stream }) => event === 'stream.ended' && stream === 'live/a')
  for (let i = 0; i < 12; i++) {
    const response = await get(server, 'live/a/t1.m3u8')
    assert.equal(response.status, 200, `request ${i}`)
    const text = await response.text()
    assert.match(text, /#EXT-X-ENDLIST/)
    const { segments } = parseMediaPlaylist(text)
    const last = await get(server, `live/a/${segments.at(-1)?.uri}`)
    assert.equal(last.status, 200)
    assert.equal(
      Buffer.from(await last.arrayBuffer())
        .subarray(4, 8)
        .toString(),
      'moof',
    )
  }
})

test('playlists answer conditional requests, HEAD and CORS; segments may be cached for ever', async () => {
  await using server = await TestServer.start(['workers=1', 'streams.**.record=true', 'hls.segmentMs=1000'])
  using publisher = new HttpPublisher(server, 'live/a.flv')
  await publisher.send(100)
  await server.live('live/a')
  const playlist = await get(server, 'live/a/t1.m3u8')
  const etag = playlist.headers.get('etag') ?? ''
  assert.equal(playlist.headers.get('access-control-allow-origin'), '*')
  assert.equal(playlist.headers.get('content-type'), 'application/vnd.apple.mpegurl')
  const again = await fetch(server.http('live/a/t1.m3u8'), { headers: { 'if-none-match': etag } })
  assert.equal(again.status, 304)
  const plain = { 'accept-encoding': 'identity' }
  const head = await fetch(server.http('live/a/t1.m3u8'), { method: 'HEAD', headers: plain })
  assert.equal(head.headers.get('content-length'), String((await playlist.text()).length))
  const { segments } = parseMediaPlaylist(await (await get(server, 'live/a/t1.m3u8')).text())
  const segment = await get(server, `live/a/${segments[0]?.uri}`)
  assert.match(segment.headers.get('cache-control') ?? '', /immutable/)
  assert.equal((await get(server, 'live/a/t1-old-0.m4s')).status, 404)
  assert.equal((await get(server, 'live/a/t9.m3u8')).status, 404)
})
