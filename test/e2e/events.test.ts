import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EventReader } from '../support/event-reader.ts'
import { HttpPublisher } from '../support/http-publisher.ts'
import { TestServer } from '../support/server.ts'

test('programs are told what happens, and what they have missed when they come back', async () => {
  await using server = await TestServer.start(['workers=2', 'streams.**.graceMs=0', 'streams.live/**.record=true'])
  const url = server.http('api/v1/events')
  await using all = await EventReader.open(`${url}?stream=live/**`)
  assert.equal(all.status, 200)
  const first = new HttpPublisher(server, 'live/a.flv')
  await first.send(25)
  await all.until(({ type }) => type === 'stream.started')
  const seen = all.events.at(-1)
  const other = new HttpPublisher(server, 'other/a.flv')
  await other.send(25)
  await server.live('other/a')
  await first.finish()
  await other.finish()
  await all.until(({ type }) => type === 'stream.ended')
  await all.until(({ type }) => type === 'recording.ended')
  const types = new Set(all.events.map(({ type }) => type))
  for (const type of ['publish.started', 'recording.started', 'publish.ended']) assert.ok(types.has(type), type)
  assert.ok(all.events.every(({ data }) => data.stream === 'live/a' && typeof data.at === 'string'))
  assert.equal(new Set(all.events.map(({ id }) => id)).size, all.events.length)

  await using back = await EventReader.open(`${url}?stream=live/**`, { 'Last-Event-ID': seen?.id ?? '' })
  const missed = all.events.slice(all.events.findIndex(({ id }) => id === seen?.id) + 1)
  await back.until(({ id }) => id === missed.at(-1)?.id)
  assert.deepEqual(back.events.slice(0, missed.length), missed)

  await using some = await EventReader.open(`${url}?types=stream.started`, { 'Last-Event-ID': 'of another run' })
  await some.until(({ data }) => data.stream === 'other/a')
  assert.deepEqual(
    some.events.map(({ type, data }) => [type, data.stream]),
    [
      ['stream.started', 'live/a'],
      ['stream.started', 'other/a'],
    ],
  )
})

test('kinds of events that there are not, and pages of other origins, are refused', async () => {
  await using server = await TestServer.start([])
  const answer = async (query: string, headers = {}) => {
    const response = await fetch(server.http(`api/v1/events${query}`), { headers })
    const { error } = (await response.json()) as { readonly error: { readonly code: string; readonly message: string } }
    return { status: response.status, ...error }
  }
  const unknown = await answer('?types=stream.blue')
  assert.deepEqual([unknown.status, unknown.code], [400, 'malformed-input'])
  assert.match(unknown.message, /"stream\.blue" is none of stream\.started, /)
  assert.equal((await answer('?types=stream.started&types=stream.blue')).status, 400)
  const head = await fetch(server.http('api/v1/events'), { method: 'HEAD' })
  assert.deepEqual([head.status, head.headers.get('content-type')], [200, 'text/event-stream; charset=utf-8'])
  assert.deepEqual((await answer('', { origin: 'http://elsewhere.example' })).status, 403)
})
