import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { MalformedInputError } from '../../media/errors.ts'
import { EventFeed, type ServerEvent } from './event-feed.ts'
import { formatEvent, readEventFilter } from './event-stream.ts'
import { EVENT_TYPES } from './event-types.ts'

const line = (event: string, fields: Readonly<Record<string, unknown>>) => ({ level: 'info', event, fields }) as const

test('a reader gets what passes its filter, as it comes, and no other lines of the log', () => {
  const feed = new EventFeed()
  const got: string[] = []
  const read = ({ type, fields }: ServerEvent) => got.push(`${type} ${fields.stream ?? fields.name}`)
  feed.onLine(line('stream.started', { stream: 'live/before' }))
  const reading = feed.subscribe({ stream: 'live/*', types: ['stream.started', 'asset.done'] }, undefined, read)
  feed.onLine(line('stream.started', { stream: 'live/a' }))
  feed.onLine(line('stream.started', { stream: 'other/a' }))
  feed.onLine(line('stream.ended', { stream: 'live/a' }))
  feed.onLine(line('viewer.closed', { stream: 'live/a' }))
  feed.onLine(line('asset.done', { name: 'live/film' }))
  reading[Symbol.dispose]()
  feed.onLine(line('stream.started', { stream: 'live/a' }))
  assert.deepEqual(got, ['stream.started live/a', 'asset.done live/film'])
})

test('who comes back gets what it has missed, or all that there is where that is not known', () => {
  const feed = new EventFeed(() => 1000)
  const ids: string[] = []
  feed.subscribe({}, undefined, ({ id }) => ids.push(id))
  for (let i = 0; i < 1200; i++) feed.onLine(line('stream.started', { stream: `live/${i}` }))
  const after = (lastId: string) => {
    const got: string[] = []
    feed.subscribe({}, lastId, ({ id }) => got.push(id))[Symbol.dispose]()
    return got
  }
  assert.deepEqual(after(ids[1197] ?? ''), ids.slice(1198))
  assert.deepEqual(after(ids.at(-1) ?? ''), [])
  assert.deepEqual(after('of another run'), ids.slice(200))
  assert.deepEqual(after(ids[3] ?? ''), ids.slice(200))
})

test('an event is text of three lines, whatever is in it', () => {
  const fields = { stream: 'live/a', reason: 'two\nlines' }
  const text = formatEvent({ id: 'x-1', type: 'stream.ended', atMs: 0, fields })
  const [id, event, data, ...rest] = text.split('\n')
  assert.deepEqual([id, event, rest], ['id: x-1', 'event: stream.ended', ['', '']])
  assert.deepEqual(JSON.parse(data?.slice('data: '.length) ?? ''), { at: '1970-01-01T00:00:00.000Z', ...fields })
})

test('types that are none are refused by name', () => {
  assert.deepEqual(readEventFilter({ types: 'stream.black,asset.done' }), { types: ['stream.black', 'asset.done'] })
  assert.throws(
    () => readEventFilter({ types: 'stream.black,stream.blue' }),
    (error) => error instanceof MalformedInputError && /"stream\.blue" is none of/.test(error.message),
  )
})

test('the documents name every type', () => {
  const text = readFileSync(new URL('../../../docs/api.md', import.meta.url), 'utf8')
  for (const type of Object.keys(EVENT_TYPES)) assert.ok(text.includes(`\`${type}\``), type)
})
