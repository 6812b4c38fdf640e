import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseMediaPlaylist } from '../../src/media/formats/hls/index.ts'
import { checkPlaylist } from '../../src/media/formats/hls/testing/check-playlist.ts'
import { HttpPublisher } from '../support/http-publisher.ts'
import { TestServer } from '../support/server.ts'
import { frameNumbers } from '../support/synthetic.ts'

function get(server: TestServer, path: string): Promise<Response> {
  return fetch(server.http(path))
}

test('key frames are a playlist of their own, as ranges of the segments', async () => {
  await using server = await TestServer.start(['workers=1', 'streams.**.record=true', 'hls.segmentMs=2000'])
  using publisher = new HttpPublisher(server, 'live/a.flv')
  await publisher.send(25 * 9)
  await server.live('live/a')
  const master = await (await get(server, 'live/a/index.m3u8')).text()
  assert.deepEqual(checkPlaylist(master), [])
  assert.match(
    master,
    /^#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=\d+,CODECS="avc1.42c00c",RESOLUTION=320x180,URI="t1-iframes.m3u8"$/m,
  )
  const text = await (await get(server, 'live/a/t1-iframes.m3u8')).text()
  assert.deepEqual(checkPlaylist(text), [])
  const { segments, iFramesOnly } = parseMediaPlaylist(text)
  assert.equal(iFramesOnly, true)
  assert.deepEqual(
    segments.map(({ durationMs }) => durationMs),
    segments.map(() => 1000),
  )
  for (const [at, { uri, byteRange }] of segments.entries()) {
    const { offsetBytes = 0, lengthBytes = 0 } = byteRange ?? {}
    const range = `bytes=${offsetBytes}-${offsetBytes + lengthBytes - 1}`
    const part = await fetch(server.http(`live/a/${uri}`), { headers: { range } })
    assert.equal(part.status, 206)
    const bytes = Buffer.from(await part.arrayBuffer())
    assert.equal(bytes.toString('latin1', 4, 8), 'moof')
    // The last thousand bytes are the picture: its length, an IDR slice and the number of the frame.
    const picture = bytes.subarray(-1000)
    assert.equal(picture.readUInt32BE(0), 996)
    assert.equal(picture[4], 0x65)
    assert.deepEqual(frameNumbers(picture).video, [at * 25])
  }
})
