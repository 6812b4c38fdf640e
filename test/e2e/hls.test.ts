import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseMediaPlaylist } from '../../src/media/formats/hls/index.ts'
import { HttpPublisher } from '../support/http-publisher.ts'
import { poll } from '../support/poll.ts'
import type { TestServer } from '../support/server.ts'
import { whileSending } from '../support/while-sending.ts'
import { describeWorkers, MANY_VIEWERS } from '../support/workers.ts'

const SETS = ['streams.**.graceMs=0', 'streams.kept/**.record=true', 'hls.segmentMs=1000']

/** Each request on a connection of its own, so that the kernel spreads them over the workers. */
function get(server: TestServer, path: string): Promise<Response> {
  return fetch(server.http(path), { headers: { connection: 'close' } })
}

describeWorkers('HLS', SETS, (context) => {
  test('a stream that has ended can be played to its end, from every worker', async () => {
    const { server } = context
    using publisher = new HttpPublisher(server, 'live/a.flv')
    await publisher.send(50)
    await server.live('live/a')
    assert.equal((await whileSending(publisher, get(server, 'live/a/index.m3u8'))).status, 200)
    await publisher.finish()
    await server.log(({ event, stream }) => event === 'stream.ended' && stream === 'live/a')
    for (let i = 0; i < MANY_VIEWERS; i++) {
      // A worker may be told of the end a moment later than the log is.
      const text = await poll(`the end of the playlist, request ${i}`, async () => {
        const response = await get(server, 'live/a/t1.m3u8')
        assert.equal(response.status, 200, `request ${i}`)
        const playlist = await response.text()
        return playlist.includes('#EXT-X-ENDLIST') ? playlist : undefined
      })
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
    const { server } = context
    using publisher = new HttpPublisher(server, 'kept/a.flv')
    await publisher.send(100)
    await server.live('kept/a')
    const playlist = await get(server, 'kept/a/t1.m3u8')
    const etag = playlist.headers.get('etag') ?? ''
    assert.equal(playlist.headers.get('access-control-allow-origin'), '*')
    assert.equal(playlist.headers.get('content-type'), 'application/vnd.apple.mpegurl')
    const again = await fetch(server.http('kept/a/t1.m3u8'), { headers: { 'if-none-match': etag } })
    assert.equal(again.status, 304)
    const plain = { 'accept-encoding': 'identity' }
    const head = await fetch(server.http('kept/a/t1.m3u8'), { method: 'HEAD', headers: plain })
    assert.equal(head.headers.get('content-length'), String((await playlist.text()).length))
    const { segments } = parseMediaPlaylist(await (await get(server, 'kept/a/t1.m3u8')).text())
    const segment = await get(server, `kept/a/${segments[0]?.uri}`)
    assert.match(segment.headers.get('cache-control') ?? '', /immutable/)
    assert.equal((await get(server, 'kept/a/t1-old-0.m4s')).status, 404)
    assert.equal((await get(server, 'kept/a/t9.m3u8')).status, 404)
  })
})
