import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FlvDemuxer } from '../../src/media/formats/flv/index.ts'
import { HttpPublisher, HttpViewer } from '../support/http-publisher.ts'
import { poll } from '../support/poll.ts'
import { TestServer } from '../support/server.ts'
import { pictureNumber } from '../support/synthetic.ts'

type Streams = { readonly streams: readonly { readonly name: string; readonly state: string }[] }

/** Numbers of the video frames, in the order of arrival. */
function frameNumbers(flv: Buffer): number[] {
  const numbers: number[] = []
  const demuxer = new FlvDemuxer({
    onTrack: () => {},
    onFrame: (frame) => {
      if (frame.trackId === 1) numbers.push(pictureNumber(frame.data))
    },
  })
  demuxer.push(flv)
  return numbers
}
function stamps(flv: Buffer): number[] {
  const found: number[] = []
  const demuxer = new FlvDemuxer({
    onTrack: () => {},
    onFrame: ({ trackId, dtsTicks }) => trackId === 1 && found.push(dtsTicks),
  })
  demuxer.push(flv)
  return found
}
async function joined(server: TestServer, count: number): Promise<void> {
  await poll('viewers', async () => {
    const { streams } = await server.json<{ streams: { viewers: { total: number } }[] }>('api/v1/streams')
    return streams[0]?.viewers.total === count ? true : undefined
  })
}

for (const workers of [1, 2, 4]) {
  test(`with ${workers} workers a publisher on one is watched from all, and nobody loses a frame`, async () => {
    await using server = await TestServer.start([`workers=${workers}`, 'streams.**.graceMs=0'])
    using publisher = new HttpPublisher(server, 'live/a.flv')
    await publisher.send(30)
    await server.live('live/a')
    const viewers = await Promise.all(Array.from({ length: 12 }, () => HttpViewer.open(server, 'live/a.flv')))
    await joined(server, 12)
    for (let i = 0; i < 20; i++) await publisher.send(10)
    await publisher.finish()
    await Promise.all(viewers.map((viewer) => viewer.end()))
    for (const viewer of viewers) {
      const numbers = frameNumbers(viewer.received)
      assert.equal(numbers.at(-1), 229)
      assert.deepEqual(
        numbers,
        Array.from({ length: numbers.length }, (_, i) => (numbers[0] ?? 0) + i),
      )
      assert.equal((numbers[0] ?? -1) % 25, 0, 'joined at a keyframe')
    }
    if (workers > 1) {
      const closed = await poll('the log lines of all viewers', () => {
        const lines = server.lines.filter(({ event }) => event === 'viewer.closed')
        return lines.length === viewers.length ? lines : undefined
      })
      const closedOn = new Set(closed.map(({ worker }) => worker))
      assert.ok(closedOn.size > 1, 'the kernel spread the viewers over workers')
    }
  })

  test(`with ${workers} workers a publisher that comes back in time goes on for its viewers`, async () => {
    await using server = await TestServer.start([`workers=${workers}`, 'streams.**.graceMs=20000'])
    const first = new HttpPublisher(server, 'live/a.flv')
    await first.send(30)
    await server.live('live/a')
    using viewer = await HttpViewer.open(server, 'live/a.flv')
    await joined(server, 1)
    first[Symbol.dispose]()
    await server.log(({ event }) => event === 'publish.ended')
    await poll('the waiting state', async () =>
      (await server.json<Streams>('api/v1/streams')).streams[0]?.state === 'waiting' ? true : undefined,
    )
    const before = frameNumbers(viewer.received).length
    // Other connections of the same host may land on any worker.
    using second = new HttpPublisher(server, 'live/a.flv')
    await second.send(60)
    await poll('frames of the second publisher', () =>
      frameNumbers(viewer.received).length >= before + 50 ? true : undefined,
    )
    assert.equal(viewer.ended, false)
    const times = stamps(viewer.received)
    assert.deepEqual(
      times,
      [...times].sort((a, b) => a - b),
      'time never runs backwards for a viewer',
    )
  })
}

test('when nobody comes back the viewers see the end', async () => {
  await using server = await TestServer.start(['streams.**.graceMs=100'])
  using publisher = new HttpPublisher(server, 'live/a.flv')
  await publisher.send(30)
  await server.live('live/a')
  using viewer = await HttpViewer.open(server, 'live/a.flv')
  await viewer.atLeast(1000)
  const answer = await publisher.finish()
  assert.equal(answer.status, 200)
  await viewer.end()
  const { streams } = await server.json<Streams>('api/v1/streams')
  assert.deepEqual(streams, [])
})

test('a newcomer with the same address takes over, and the first publisher is told', async () => {
  await using server = await TestServer.start()
  using first = new HttpPublisher(server, 'live/a.flv')
  await first.send(30)
  await server.live('live/a')
  using second = new HttpPublisher(server, 'live/a.flv')
  const answer = await first.answer
  assert.equal(answer.status, 409)
  assert.match(answer.body, /took over/)
  await second.send(5)
  assert.equal((await second.finish()).status, 200)
})

test('takeover=never refuses the newcomer and leaves the stream alone', async () => {
  await using server = await TestServer.start(['streams.**.takeover=never'])
  using first = new HttpPublisher(server, 'live/a.flv')
  await first.send(30)
  await server.live('live/a')
  using second = new HttpPublisher(server, 'live/a.flv')
  const answer = await second.answer
  assert.equal(answer.status, 409)
  assert.match(answer.body, /already being published/)
  await first.send(5)
  assert.equal((await first.finish()).status, 200)
})

test('a publishKey lets in who has it and nobody else, and never shows in the log', async () => {
  await using server = await TestServer.start(['streams.live/**.publishKey=open-sesame-4711'])
  for (const path of ['live/a.flv', 'live/a.flv?key=wrong', 'live/a.flv?token=open-sesame-471']) {
    using refused = new HttpPublisher(server, path)
    assert.equal((await refused.answer).status, 403, path)
  }
  using byKey = new HttpPublisher(server, 'live/a.flv?key=open-sesame-4711')
  await byKey.send(5)
  assert.equal((await byKey.finish()).status, 200)
  using byBearer = new HttpPublisher(server, 'live/b.flv', { headers: { authorization: 'Bearer open-sesame-4711' } })
  await byBearer.send(5)
  assert.equal((await byBearer.finish()).status, 200)
  assert.doesNotMatch(JSON.stringify(server.lines), /open-sesame/)
})
