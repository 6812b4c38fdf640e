import assert from 'node:assert/strict'
import { request } from 'node:http'
import { test } from 'node:test'
import { parseMediaPlaylist } from '../../src/media/formats/hls/index.ts'
import { HttpPublisher } from '../support/http-publisher.ts'
import { poll } from '../support/poll.ts'
import { TestServer } from '../support/server.ts'

/** On a connection of its own, which may come to any worker. */
function ask(url: string, headers: Readonly<Record<string, string>> = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    request(url, { agent: false, headers: { 'user-agent': 'a browser', ...headers } }, (response) => {
      response.resume()
      response.on('end', () => resolve(response.statusCode ?? 0))
    })
      .on('error', reject)
      .end()
  })
}

const cmcd = (text: string) => `?${new URLSearchParams({ CMCD: text })}`

test('viewers of HLS and DASH are counted once, whichever workers they ask; by their session where they say it', async () => {
  await using server = await TestServer.start(['workers=2', 'hls.segmentMs=1000', 'streams.**.record=true'])
  using publisher = new HttpPublisher(server, 'live/a.flv')
  await publisher.send(25 * 4)
  await server.live('live/a')
  const list = await (await fetch(server.http('live/a/t1.m3u8'))).text()
  const segment = server.http(`live/a/${parseMediaPlaylist(list).segments.at(-1)?.uri}`)
  type Viewers = { readonly viewers: { readonly total: number; readonly byProtocol: Readonly<Record<string, number>> } }
  const askers: (() => Promise<void>)[] = []
  const join = (query: string, headers: Readonly<Record<string, string>> = {}) =>
    askers.push(async () => {
      // So many connections come to both workers.
      for (let each = 0; each < 6; each++) assert.equal(await ask(segment + query, headers), 200)
    })
  const counted = (count: number) =>
    poll(`${count} viewers`, async () => {
      for (const asks of askers) await asks()
      const { viewers } = await server.json<Viewers>('api/v1/streams/live/a')
      return viewers.byProtocol.hls === count && viewers.total === count ? true : undefined
    })

  join('')
  await counted(1)
  join(cmcd('ot=v,sid="one"'))
  join('', { 'CMCD-Session': 'sid="two"' })
  join(cmcd('v=2,sid="three",ts=1764190000000'))
  await counted(4)
  // What is no session is that of the address.
  join(cmcd(`sid="${'x'.repeat(65)}"`))
  join('', { 'user-agent': 'another browser' })
  await counted(5)
  const metrics = await (await fetch(server.http('metrics'))).text()
  assert.match(metrics, /^millrace_viewers\{stream="live\/a",protocol="hls"\} 5$/m)
})
