import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PublishRequest } from '../pipeline/stream/index.ts'
import type { Config } from '../platform/config/index.ts'
import { makeLogger } from '../platform/telemetry/index.ts'
import { StreamRegistry } from './registry.ts'

function makeRegistry(streams: Config['streams'] = {}, known: Promise<void> = Promise.resolve()) {
  const told: string[] = []
  const events: string[] = []
  const registry = new StreamRegistry({
    config: { streams, profiles: {} } as unknown as Config,
    workers: {
      streamUp: ({ name, owner }) => {
        told.push(`up ${name} ${owner}`)
        return known
      },
      streamDown: (name) => told.push(`down ${name}`),
      kick: (worker, _, reason) => told.push(`kick ${worker} ${reason}`),
    },
    observer: {
      onStreamStarted: ({ name }) => events.push(`started ${name}`),
      onStreamEnded: ({ name }) => events.push(`ended ${name}`),
      onSessionStarted: () => {},
      onSessionEnded: () => {},
    },
    log: makeLogger(() => {}),
    nowEpochMs: () => 1000,
    internalKey: 'internal',
  })
  return { registry, told, events }
}
function request(over: Partial<PublishRequest> = {}): PublishRequest {
  return { name: 'live/a', protocol: 'rtmp', worker: 0, remoteAddress: '127.0.0.1', ...over }
}

test('without a key only loopback may publish, and our own publishers', () => {
  const { registry } = makeRegistry()
  assert.throws(() => registry.requestPublish(request({ remoteAddress: '192.0.2.1' })), { code: 'access-denied' })
  for (const [index, remoteAddress] of ['127.0.0.1', '::1', '::ffff:127.0.0.1', '127.8.8.8'].entries()) {
    assert.ok(registry.requestPublish(request({ name: `live/${index}`, remoteAddress })))
  }
  assert.ok(registry.requestPublish(request({ name: 'live/i', remoteAddress: '192.0.2.1', key: 'internal' })))
  registry.close()
})

test('the owner of a stream stays when its publisher comes back on another worker', () => {
  const { registry, told } = makeRegistry({ '**': { graceMs: 10_000 } })
  const first = registry.requestPublish(request({ worker: 2 }))
  registry.publishEnded(first.sessionId, 'gone')
  assert.equal(registry.stream('live/a')?.session, undefined)
  const second = registry.requestPublish(request({ worker: 1 }))
  assert.equal(second.owner, 2)
  assert.notEqual(second.sessionId, first.sessionId)
  assert.deepEqual(told, ['up live/a 2'])
  registry.close()
})

test('who may take over a name', () => {
  const cases: readonly [
    takeover: 'same-source' | 'always' | 'never',
    first: Partial<PublishRequest>,
    second: Partial<PublishRequest>,
    isLetIn: boolean,
  ][] = [
    ['same-source', {}, {}, true],
    ['same-source', {}, { remoteAddress: '::1' }, false],
    ['same-source', { key: 'internal' }, { key: 'internal', remoteAddress: '192.0.2.7' }, true],
    ['same-source', { key: 'internal' }, {}, false],
    ['always', {}, { remoteAddress: '::1' }, true],
    ['never', {}, {}, false],
  ]
  for (const [takeover, first, second, isLetIn] of cases) {
    const { registry, told } = makeRegistry({ '**': { takeover } })
    registry.requestPublish(request(first))
    if (isLetIn) {
      registry.requestPublish(request(second))
      assert.ok(told.some((each) => each.startsWith('kick')))
    } else assert.throws(() => registry.requestPublish(request(second)), { code: 'name-in-use' })
    registry.close()
  }
})

test('a kicked publisher that reports its end does not end the stream of its successor', () => {
  const { registry } = makeRegistry()
  const first = registry.requestPublish(request())
  const second = registry.requestPublish(request())
  registry.publishEnded(first.sessionId, 'kicked')
  assert.equal(registry.stream('live/a')?.session?.id, second.sessionId)
  registry.close()
})

test('a worker that dies takes its streams and publishers along', () => {
  const { registry, told } = makeRegistry()
  registry.requestPublish(request({ name: 'live/a', worker: 0 }))
  registry.requestPublish(request({ name: 'live/b', worker: 1 }))
  registry.workerDied(0)
  assert.deepEqual(
    [...registry.streams].map(({ name }) => name),
    ['live/b'],
  )
  assert.ok(told.includes('down live/a'))
  registry.close()
})

test('a stream has started when every worker knows it, and ends after that', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const { registry, events } = makeRegistry({}, promise)
  registry.requestPublish(request())
  registry.remove('live/a', 'gone')
  await Promise.resolve()
  assert.deepEqual(events, [])
  resolve()
  await promise
  await Promise.resolve()
  assert.deepEqual(events, ['started live/a', 'ended live/a'])
})

test('a rendition ends without grace, ends with its source, and nobody else may take its name', () => {
  const { registry, told } = makeRegistry({ 'live/**': { ladder: ['720p'], takeover: 'never' } })
  const source = registry.requestPublish(request())
  const rendition = { name: 'live/a/720p', protocol: 'transcode', key: 'internal' }
  assert.throws(() => registry.requestPublish(request({ name: 'live/a/720p' })), { code: 'name-in-use' })
  const first = registry.requestPublish(request(rendition))
  const second = registry.requestPublish(request(rendition))
  assert.deepEqual(told.splice(0), ['up live/a 0', 'up live/a/720p 0', 'kick 0 another publisher took over'])
  registry.publishEnded(first.sessionId, 'kicked')
  registry.publishEnded(second.sessionId, 'nobody takes it')
  assert.deepEqual(told.splice(0), ['down live/a/720p'])
  registry.requestPublish(request(rendition))
  registry.remove('live/a', 'ended by an operator')
  assert.equal(registry.stream('live/a/720p'), undefined)
  registry.publishEnded(source.sessionId, 'gone')
  registry.requestPublish(request({ name: 'live/a/720p' }))
  registry.close()
})
