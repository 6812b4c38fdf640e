import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FlvDemuxer } from '../../src/media/formats/flv/index.ts'
import { HttpPublisher, HttpViewer } from '../support/http-publisher.ts'
import { InnerServer } from '../support/inner-server.ts'
import { poll } from '../support/poll.ts'
import { pictureNumber } from '../support/synthetic.ts'
import { MANY_VIEWERS } from '../support/workers.ts'

/** The kernel spreads publishers like viewers: that all are on one of two workers has odds of one in eight million. */
const STREAMS = 24

function numbers(flv: Buffer): number[] {
  const found: number[] = []
  const demuxer = new FlvDemuxer({
    onTrack: () => {},
    onFrame: ({ trackId, data }) => trackId === 1 && found.push(pictureNumber(data)),
  })
  demuxer.push(flv)
  return found
}
function joinAll(server: InnerServer, stream: string): Promise<HttpViewer[]> {
  return Promise.all(Array.from({ length: MANY_VIEWERS }, () => HttpViewer.join(server, `${stream}.flv`)))
}

for (const workers of [2, 4]) {
  test(`one of ${workers} workers dies: its streams end, the others go on, and it is replaced`, async () => {
    await using server = await InnerServer.start([`workers=${workers}`, 'streams.**.graceMs=0'])
    const publishers = Array.from({ length: STREAMS }, (_, at) => new HttpPublisher(server, `live/${at}.flv`))
    await Promise.all(publishers.map((publisher) => publisher.send(30)))
    const owners = await Promise.all(publishers.map((_, at) => server.live(`live/${at}`)))
    const victim = owners[0] ?? 0
    const keptAt = owners.findIndex((owner) => owner !== victim)
    const kept = publishers[keptAt]
    assert.ok(kept, 'the kernel spread the publishers')
    const [lostViewers, keptViewers] = await Promise.all([joinAll(server, 'live/0'), joinAll(server, `live/${keptAt}`)])

    // Nothing that speaks to a worker sends this: it is an error that nobody there catches.
    const worker = server.workers.get(`media ${victim}`)
    worker?.postMessage('not a message')
    await poll('the death to be noticed', () => server.linesOf('worker.restarting')[0])
    const [failed] = server.linesOf('worker.failed')
    assert.equal(failed?.fields.worker, victim)

    await Promise.all(lostViewers.map((viewer) => viewer.end()))
    const ended = await poll('the end of its streams', () => server.linesOf('stream.ended', 'live/0')[0])
    assert.equal(ended.fields.reason, 'worker died')
    await assert.rejects(publishers[0]?.answer ?? Promise.resolve(), 'its publisher was on it, and is cut off')

    for (let i = 0; i < 10; i++) await kept.send(10)
    await kept.finish()
    await Promise.all(keptViewers.map((viewer) => viewer.end()))
    const whole = keptViewers.map((viewer) => numbers(viewer.received)).filter((seen) => seen.at(-1) === 129)
    for (const seen of whole)
      assert.deepEqual(
        seen,
        Array.from({ length: seen.length }, (_, i) => (seen[0] ?? 0) + i),
      )
    const closed = await poll('the log lines of those viewers', () => {
      const lines = server.linesOf('viewer.closed', `live/${keptAt}`)
      return lines.length >= whole.length ? lines : undefined
    })
    assert.ok(whole.length > 0 && closed.every(({ fields }) => fields.worker !== victim))
    assert.equal(closed.length, whole.length, 'every viewer of another worker saw everything')

    await poll('its successor', () => (server.workers.get(`media ${victim}`) !== worker ? true : undefined))
    await comesBack(server, workers)
    for (const publisher of publishers) publisher[Symbol.dispose]()
  })
}

/** The name of a stream that died is free again, and it can be watched from every worker, the new one included. */
async function comesBack(server: InnerServer, workers: number): Promise<void> {
  using again = new HttpPublisher(server, 'live/0.flv')
  await again.send(30)
  await poll('the stream to start again', () => server.linesOf('stream.started', 'live/0')[1])
  await server.live('live/0')
  const before = server.linesOf('viewer.closed', 'live/0').length
  const on = await poll('viewers on every worker', async () => {
    const viewers = await joinAll(server, 'live/0')
    for (const viewer of viewers) viewer[Symbol.dispose]()
    const lines = server.linesOf('viewer.closed', 'live/0').slice(before)
    const found = new Set(lines.map(({ fields }) => fields.worker))
    return found.size === workers ? found : undefined
  })
  assert.equal(on.size, workers)
  assert.equal((await again.finish()).status, 200)
}
