import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { WebSocket } from 'ws'
import { FlvDemuxer } from '../../src/media/formats/flv/index.ts'
import { HttpPublisher, HttpViewer } from '../support/http-publisher.ts'
import { poll } from '../support/poll.ts'
import { pictureNumber, SyntheticStream } from '../support/synthetic.ts'
import { describeWorkers, MANY_VIEWERS, workersOf } from '../support/workers.ts'

type StreamView = { readonly name: string; readonly state: string }
type Streams = { readonly streams: readonly StreamView[] }
type VideoFrame = { readonly number: number; readonly dtsTicks: number }

/** The video frames of an FLV, in the order of arrival. */
function videoFrames(flv: Buffer): VideoFrame[] {
  const frames: VideoFrame[] = []
  const demuxer = new FlvDemuxer({
    onTrack: () => {},
    onFrame: ({ trackId, data, dtsTicks }) => {
      if (trackId === 1) frames.push({ number: pictureNumber(data), dtsTicks })
    },
  })
  demuxer.push(flv)
  return frames
}

const SETS = [
  'streams.**.graceMs=0',
  'streams.patient/**.graceMs=20000',
  'streams.hasty/**.graceMs=100',
  'streams.taken/**.takeover=never',
  'streams.keyed/**.publishKey=open-sesame-4711',
]

describeWorkers('publishing', SETS, (context) => {
  test('a publisher on one worker is watched from all, and nobody loses a frame', async () => {
    const { server, workers } = context
    using publisher = new HttpPublisher(server, 'live/a.flv')
    await publisher.send(30)
    await server.live('live/a')
    const viewers = await Promise.all(Array.from({ length: MANY_VIEWERS }, () => HttpViewer.join(server, 'live/a.flv')))
    for (let i = 0; i < 20; i++) await publisher.send(10)
    await publisher.finish()
    await Promise.all(viewers.map((viewer) => viewer.end()))
    for (const viewer of viewers) {
      const numbers = videoFrames(viewer.received).map(({ number }) => number)
      assert.equal(numbers.at(-1), 229)
      assert.deepEqual(
        numbers,
        Array.from({ length: numbers.length }, (_, i) => (numbers[0] ?? 0) + i),
      )
      assert.equal((numbers[0] ?? -1) % 25, 0, 'joined at a keyframe')
    }
    assert.equal((await workersOf(server, 'live/a', viewers.length)).size, workers)
  })

  test('a publisher that comes back in time goes on for its viewers', async () => {
    const { server } = context
    const first = new HttpPublisher(server, 'patient/a.flv')
    await first.send(30)
    await server.live('patient/a')
    using viewer = await HttpViewer.join(server, 'patient/a.flv')
    first[Symbol.dispose]()
    await poll('the waiting state', async () => {
      const { state } = await server.json<StreamView>('api/v1/streams/patient/a')
      return state === 'waiting' ? true : undefined
    })
    const before = videoFrames(viewer.received).length
    // Other connections of the same host may land on any worker.
    using second = new HttpPublisher(server, 'patient/a.flv')
    await second.send(60)
    await poll('frames of the second publisher', () =>
      videoFrames(viewer.received).length >= before + 50 ? true : undefined,
    )
    assert.equal(viewer.ended, false)
    const times = videoFrames(viewer.received).map(({ dtsTicks }) => dtsTicks)
    assert.deepEqual(
      times,
      [...times].sort((a, b) => a - b),
      'time never runs backwards for a viewer',
    )
  })

  test('when nobody comes back the viewers see the end', async () => {
    const { server } = context
    using publisher = new HttpPublisher(server, 'hasty/a.flv')
    await publisher.send(30)
    await server.live('hasty/a')
    using viewer = await HttpViewer.join(server, 'hasty/a.flv')
    const answer = await publisher.finish()
    assert.equal(answer.status, 200)
    await viewer.end()
    const { streams } = await server.json<Streams>('api/v1/streams')
    assert.ok(!streams.some(({ name }) => name === 'hasty/a'))
  })

  test('a newcomer with the same address takes over, and the first publisher is told', async () => {
    const { server } = context
    using first = new HttpPublisher(server, 'live/b.flv')
    await first.send(30)
    await server.live('live/b')
    using second = new HttpPublisher(server, 'live/b.flv')
    const answer = await first.answer
    assert.equal(answer.status, 409)
    assert.match(answer.body, /took over/)
    await second.send(5)
    assert.equal((await second.finish()).status, 200)
  })

  test('takeover=never refuses the newcomer and leaves the stream alone', async () => {
    const { server } = context
    using first = new HttpPublisher(server, 'taken/a.flv')
    await first.send(30)
    await server.live('taken/a')
    using second = new HttpPublisher(server, 'taken/a.flv')
    const answer = await second.answer
    assert.equal(answer.status, 409)
    assert.match(answer.body, /already being published/)
    await first.send(5)
    assert.equal((await first.finish()).status, 200)
  })

  test('a publishKey lets in who has it and nobody else, and never shows in the log', async () => {
    const { server } = context
    for (const path of ['keyed/a.flv', 'keyed/a.flv?key=wrong', 'keyed/a.flv?token=open-sesame-471']) {
      using refused = new HttpPublisher(server, path)
      assert.equal((await refused.answer).status, 403, path)
    }
    using byKey = new HttpPublisher(server, 'keyed/a.flv?key=open-sesame-4711')
    await byKey.send(5)
    assert.equal((await byKey.finish()).status, 200)
    using byBearer = new HttpPublisher(server, 'keyed/b.flv', { headers: { authorization: 'Bearer open-sesame-4711' } })
    await byBearer.send(5)
    assert.equal((await byBearer.finish()).status, 200)
    const refused = new WebSocket(server.ws('keyed/c.flv?publish&key=open-sesame-471'))
    const [, { statusCode }] = await once(refused, 'unexpected-response')
    refused.on('error', () => {}).terminate()
    assert.equal(statusCode, 403)
    const socket = new WebSocket(server.ws('keyed/c.flv?publish&key=open-sesame-4711'))
    await once(socket, 'open')
    const media = new SyntheticStream()
    socket.send(Buffer.concat([media.header(), media.frames(5)]))
    await server.log(({ event, stream }) => event === 'stream.started' && stream === 'keyed/c')
    socket.close(1000)
    for (const name of ['keyed/b', 'keyed/c'])
      await server.log(({ event, stream }) => event === 'publish.ended' && stream === name)
    assert.doesNotMatch(JSON.stringify(server.lines) + server.stderr, /open-sesame/)
  })
})
