import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from 'node:http2'
import { request as httpsRequest } from 'node:https'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'
import { WebSocket } from 'ws'
import { parseMediaPlaylist } from '../../src/media/formats/hls/index.ts'
import { Certificate } from '../support/certificate.ts'
import { HttpPublisher } from '../support/http-publisher.ts'
import { poll } from '../support/poll.ts'
import { hasCommand, skipUnless } from '../support/requirements.ts'
import { TestServer } from '../support/server.ts'
import { SyntheticStream } from '../support/synthetic.ts'

const SETS = ['workers=1', 'hls.segmentMs=1000', 'streams.**.record=true']

type Answer = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: Buffer }

/** Without the silent decompression of `fetch`. */
async function get(url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  const sent = httpRequest(url, { headers, method, agent: false })
  sent.end()
  const [response] = await once(sent, 'response')
  return { status: response.statusCode, headers: response.headers, body: await buffer(response) }
}

async function getHttp2(
  session: ClientHttp2Session,
  path: string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const stream = session.request({ ':path': path, ...headers })
  const body = buffer(stream)
  const [answer] = (await once(stream, 'response')) as [IncomingHttpHeaders & { ':status': number }]
  return { status: answer[':status'], headers: answer, body: await body }
}

test('lists are compressed once and revalidated; segments have ranges, and both have HEAD and CORS', async (t) => {
  await using server = await TestServer.start(SETS)
  using publisher = new HttpPublisher(server, 'live/a.flv')
  await publisher.send(25 * 5)
  await server.live('live/a')
  const url = server.http('live/a/t1.m3u8')
  const plain = await get(url)
  assert.equal(plain.headers['content-encoding'], undefined)

  type Recordings = { readonly recordings: readonly { readonly id: string; readonly byteLength: number }[] }
  const id = await poll('something recorded', async () => {
    const { recordings } = await server.json<Recordings>('api/v1/recordings')
    return recordings.find(({ byteLength }) => byteLength > 0)?.id
  })

  const DECODE = { gzip: gunzipSync, br: brotliDecompressSync, zstd: zstdDecompressSync } as const
  for (const [encoding, decode] of Object.entries(DECODE)) {
    for (const path of ['live/a/t1.m3u8', 'live/a/index.m3u8', 'live/a/manifest.mpd', `vod/${id}/t1.m3u8`]) {
      await t.test(`${path} with ${encoding}`, async () => {
        const answer = await get(server.http(path), { 'accept-encoding': encoding })
        assert.equal(answer.headers['content-encoding'], encoding)
        assert.match(String(answer.headers.vary), /accept-encoding/i)
        assert.deepEqual(decode(answer.body), (await get(server.http(path))).body)
        const etag = String(answer.headers.etag)
        assert.equal((await get(server.http(path), { 'if-none-match': etag })).status, 304)
        assert.equal((await get(server.http(path), { 'if-none-match': '"other"' })).status, 200)
      })
    }
  }

  await t.test('segments have ranges and are known by their address', async () => {
    const segment = server.http(`live/a/${parseMediaPlaylist(plain.body.toString()).segments.at(-1)?.uri}`)
    const whole = await get(segment)
    for (const [range, from, to] of [
      ['bytes=0-9', 0, 10],
      ['bytes=100-', 100, whole.body.length],
      ['bytes=-7', whole.body.length - 7, whole.body.length],
    ] as const) {
      const part = await get(segment, { range })
      assert.equal(part.status, 206)
      assert.equal(part.headers['content-range'], `bytes ${from}-${to - 1}/${whole.body.length}`)
      assert.deepEqual(part.body, whole.body.subarray(from, to))
    }
    assert.equal((await get(segment, { range: `bytes=${whole.body.length}-` })).status, 416)
    assert.equal((await get(segment, { 'if-none-match': String(whole.headers.etag) })).status, 304)
    const head = await get(segment, {}, 'HEAD')
    assert.equal(head.headers['content-length'], String(whole.body.length))
    assert.equal(head.body.length, 0)
    assert.equal((await get(segment, {}, 'OPTIONS')).status, 204)
    assert.equal(whole.headers['access-control-allow-origin'], '*')
  })
})

/** Fields that concern one connection, or the moment. */
const OF_CONNECTION = new Set(['connection', 'keep-alive', 'date', 'transfer-encoding'])
/** A request that is not plain is for Node's server: an option of the connection that nobody knows makes it so. */
const BY_NODE = { connection: 'close, x-other' }

test('the bare socket and Node’s server answer alike', async (t) => {
  await using server = await TestServer.start(SETS)
  using publisher = new HttpPublisher(server, 'live/b.flv')
  await publisher.send(25 * 5)
  await server.live('live/b')
  const playlist = (await get(server.http('live/b/t1.m3u8'))).body.toString()
  const { segments } = parseMediaPlaylist(playlist)
  const segment = `live/b/${segments.at(-1)?.uri}`
  const init = `live/b/${segments.at(-1)?.map?.uri}`
  const etag = String((await get(server.http('live/b/t1.m3u8'))).headers.etag)
  const requests: readonly (readonly [path: string, headers?: Record<string, string>, method?: string])[] = [
    ['live/b/t1.m3u8'],
    ['live/b/index.m3u8'],
    ['live/b/manifest.mpd'],
    ['live/b/t1.m3u8', { 'accept-encoding': 'gzip' }],
    ['live/b/t1.m3u8', { 'if-none-match': etag }],
    ['live/b/t1.m3u8', {}, 'HEAD'],
    ['live/b/t1.m3u8?_HLS_msn=999999'],
    ['live/b/t9.m3u8'],
    ['live/none/index.m3u8'],
    ['live/none.flv'],
    [init],
    [segment],
    [segment, {}, 'HEAD'],
    [segment, { range: 'bytes=100-199' }],
    [segment, { range: 'bytes=999999999-' }],
    [segment, { 'if-none-match': '*' }],
  ]
  for (const [path, headers = {}, method = 'GET'] of requests) {
    await t.test(`${method} ${path.replace(/-[0-9a-z]+-/, '-')} ${Object.keys(headers)}`, async () => {
      const [bare, byNode] = await Promise.all([
        get(server.http(path), headers, method),
        get(server.http(path), { ...headers, ...BY_NODE }, method),
      ])
      const ofAnswer = ({ status, headers: fields, body }: Answer) => ({
        status,
        headers: Object.fromEntries(Object.entries(fields).filter(([name]) => !OF_CONNECTION.has(name))),
        body: body.toString('latin1'),
      })
      assert.deepEqual(ofAnswer(bare), ofAnswer(byNode))
    })
  }
})

test('HTTP/2 over TLS, with everything of HTTP/1.1 beside it', {
  skip: skipUnless(hasCommand('openssl'), 'openssl'),
}, async (t) => {
  using certificate = new Certificate()
  await using server = await TestServer.start([...SETS, ...certificate.sets])
  using publisher = new HttpPublisher(server, 'live/a.flv')
  await publisher.send(25 * 5)
  await server.live('live/a')
  const origin = `https://127.0.0.1:${server.port('https')}`
  const session = connect(origin, { rejectUnauthorized: false })
  t.after(() => session.destroy())

  await t.test('playlists, segments and the API over HTTP/2', async () => {
    const playlist = await getHttp2(session, '/live/a/t1.m3u8', { 'accept-encoding': 'gzip' })
    assert.equal(session.alpnProtocol, 'h2')
    const { segments } = parseMediaPlaylist(gunzipSync(playlist.body).toString())
    const segment = await getHttp2(session, `/live/a/${segments.at(-1)?.uri}`, { range: 'bytes=4-7' })
    assert.equal(segment.body.toString(), 'moof')
    const info = JSON.parse((await getHttp2(session, '/api/v1/info')).body.toString())
    assert.equal(typeof info.version, 'string')
    assert.equal((await getHttp2(session, '/live/none/index.m3u8')).status, 404)
    assert.equal((await getHttp2(session, '/live/none.flv')).status, 404)
  })

  await t.test('many blocked requests on one connection', async () => {
    const { segments, mediaSequence } = parseMediaPlaylist((await getHttp2(session, '/live/a/t1.m3u8')).body.toString())
    const msn = mediaSequence + segments.length
    const waiting = Array.from({ length: 50 }, () => getHttp2(session, `/live/a/t1.m3u8?_HLS_msn=${msn}`))
    await publisher.send(50)
    const answers = await Promise.all(waiting)
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
  })

  await t.test('an endless stream over HTTP/2, and over HTTP/1.1 on the same port', async () => {
    const stream = session.request({ ':path': '/live/a.flv' })
    const [first] = (await once(stream, 'data')) as [Buffer]
    assert.equal(first.toString('latin1', 0, 3), 'FLV')
    stream.close()
    const sent = httpsRequest(`${origin}/live/a.flv`, { rejectUnauthorized: false })
    sent.end()
    const [response] = await once(sent, 'response')
    const [bytes] = (await once(response, 'data')) as [Buffer]
    assert.equal(bytes.toString('latin1', 0, 3), 'FLV')
    sent.destroy()
  })

  await t.test('WebSocket over TLS', async () => {
    const socket = new WebSocket(`${origin.replace('https', 'wss')}/live/a.flv`, { rejectUnauthorized: false })
    const [message] = (await once(socket, 'message')) as [Buffer]
    assert.equal(message.toString('latin1', 0, 3), 'FLV')
    socket.terminate()
  })

  for (const protocol of ['HTTP/2', 'HTTP/1.1'] as const) {
    await t.test(`push over ${protocol} with TLS`, async () => {
      const source = new SyntheticStream()
      const body = Buffer.concat([source.header(), source.frames(50)])
      const path = `/live/${protocol === 'HTTP/2' ? 'two' : 'one'}.flv`
      const sent =
        protocol === 'HTTP/2'
          ? session.request({ ':path': path, ':method': 'POST' })
          : httpsRequest(`${origin}${path}`, { method: 'POST', rejectUnauthorized: false })
      const answered = once(sent, 'response')
      sent.end(body)
      const [answer] = await answered
      assert.equal(answer.statusCode ?? answer[':status'], 200)
      await server.log(({ event, stream }) => event === 'publish.ended' && stream === path.slice(1, -4))
    })
  }
})
