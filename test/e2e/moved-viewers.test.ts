import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request } from 'node:http'
import type { Readable } from 'node:stream'
import { test } from 'node:test'
import { createWebSocketStream, WebSocket } from 'ws'
import { FlvDemuxer } from '../../src/media/formats/flv/index.ts'
import { Fmp4Demuxer } from '../../src/media/formats/mp4/index.ts'
import { TsDemuxer } from '../../src/media/formats/mpegts/index.ts'
import type { MediaSink } from '../../src/media/model/index.ts'
import { HttpPublisher } from '../support/http-publisher.ts'
import { poll } from '../support/poll.ts'
import { TestServer } from '../support/server.ts'
import { pictureNumber } from '../support/synthetic.ts'

const MAX_LAG_MS = 300
const SETS = [
  'workers=4',
  `delivery.maxLagMs=${MAX_LAG_MS}`,
  'delivery.maxMoves=1000',
  'delivery.stallMs=60000',
  'streams.**.graceMs=0',
]
const STEP_SECONDS = 0.04

type Demuxer = { push(bytes: Uint8Array): void }
const DEMUXERS: Readonly<Record<string, (sink: MediaSink) => Demuxer>> = {
  flv: (sink) => new FlvDemuxer(sink),
  ts: (sink) => new TsDemuxer(sink),
  mp4: (sink) => new Fmp4Demuxer(sink),
}

/** Reads as fast as the test lets it; notes number and time of every picture. */
class SlowViewer {
  readonly numbers: number[] = []
  readonly seconds: number[] = []
  readonly #input: Readable

  constructor(input: Readable, format: string) {
    this.#input = input
    const clockHz = new Map<number, number>()
    const demuxer = DEMUXERS[format]?.({
      onTrack: (track) => clockHz.set(track.id, track.kind === 'video' ? track.clockRateHz : 0),
      onFrame: ({ trackId, dtsTicks, data }) => {
        const hz = clockHz.get(trackId)
        if (!hz) return
        this.numbers.push(pictureNumber(data))
        this.seconds.push(dtsTicks / hz)
      },
    })
    input.on('data', (bytes: Buffer) => demuxer?.push(bytes))
  }
  static async open(server: TestServer, way: string, format: string): Promise<SlowViewer> {
    if (way === 'ws') {
      const socket = new WebSocket(server.ws(`live/a.${format}`), { perMessageDeflate: false })
      const viewer = new SlowViewer(createWebSocketStream(socket), format)
      await once(socket, 'open')
      return viewer
    }
    const sent = request(server.http(`live/a.${format}`), { agent: false })
    sent.end()
    const [response] = (await once(sent, 'response')) as [Readable]
    return new SlowViewer(response, format)
  }
  async past(number: number): Promise<void> {
    await poll(`picture ${number}`, () => ((this.numbers.at(-1) ?? -1) >= number ? true : undefined))
  }
  pause(): void {
    this.#input.pause()
  }
  resume(): void {
    this.#input.resume()
  }
  close(): void {
    this.#input.destroy()
  }
}

/** Of all workers. */
async function movesOf(server: TestServer): Promise<number> {
  const text = await (await fetch(server.http('metrics'))).text()
  const counts = [...text.matchAll(/^millrace_viewer_moves_total\S* (\d+)$/gm)].map(([, count]) => Number(count))
  return counts.reduce((sum, count) => sum + count, 0)
}

const WAYS = ['http', 'ws'].flatMap((way) => Object.keys(DEMUXERS).map((format) => ({ way, format })))

test('viewers that fell behind go on at the newest keyframe, with times that go on', async (t) => {
  await using server = await TestServer.start(SETS)
  // 24 MB while they are paused, more than the kernel's buffers hold: they cannot have had all of it; less than delivery.maxLagBytes.
  using publisher = new HttpPublisher(server, 'live/a.flv', { frameBytes: 160_000 })
  await publisher.send(3)
  await server.live('live/a')
  const viewers = await Promise.all(WAYS.map(({ way, format }) => SlowViewer.open(server, way, format)))
  await publisher.send(2)
  for (const viewer of viewers) await viewer.past(3)
  for (const viewer of viewers) viewer.pause()
  let sent = 5
  const pausedMs = performance.now()
  for (; sent < 155; sent += 10) await publisher.send(10)
  await poll('the viewers to be further behind than they may', async () => {
    await publisher.send(1)
    sent++
    return performance.now() - pausedMs > 3 * MAX_LAG_MS ? true : undefined
  })
  for (const viewer of viewers) viewer.resume()
  await poll('the viewers to be moved', async () => {
    await publisher.send(5)
    sent += 5
    return (await movesOf(server)) >= viewers.length ? true : undefined
  })
  for (const viewer of viewers) await viewer.past(sent - 2)
  for (const viewer of viewers) viewer.close()
  for (const [at, { way, format }] of WAYS.entries())
    await t.test(`${way} .${format}`, () => viewers[at] && checkMoved(viewers[at]))
})

function checkMoved({ numbers, seconds }: SlowViewer): void {
  const jumps = numbers.filter((number, at) => at > 0 && number !== (numbers[at - 1] ?? 0) + 1)
  assert.ok(jumps.length >= 1, 'pictures were left out')
  for (const number of jumps) assert.equal(number % 25, 0, 'it goes on at a keyframe')
  seconds.forEach((time, at) => {
    const step = time - (seconds[at - 1] ?? time - STEP_SECONDS)
    assert.ok(step >= 0 && step < 0.1, `picture ${numbers[at]}: ${step.toFixed(3)} s behind the one before`)
  })
}

test('when memory is short the viewers that hold back most go, and the others lose nothing', async () => {
  // 40 segments, of which the last ten make memory short; the viewer could hold back all of it by delivery.maxLagBytes.
  await using server = await TestServer.start([...SETS, 'memory.poolBytes=41943040', 'delivery.maxLagBytes=83886080'])
  using publisher = new HttpPublisher(server, 'live/a.flv', { frameBytes: 100_000 })
  await publisher.send(3)
  await server.live('live/a')
  const [stalled, reading] = [
    await SlowViewer.open(server, 'http', 'flv'),
    await SlowViewer.open(server, 'http', 'flv'),
  ]
  await publisher.send(2)
  await Promise.all([stalled.past(3), reading.past(3)])
  stalled.pause()
  let sent = 5
  for (; sent < 605; sent += 10) {
    await publisher.send(10)
    await reading.past(sent + 8)
  }
  const line = await server.log(({ event }) => event === 'viewer.closed')
  assert.equal(line.reason, 'memory-short')
  assert.deepEqual(
    reading.numbers,
    Array.from({ length: reading.numbers.length }, (_, at) => (reading.numbers[0] ?? 0) + at),
  )
  stalled.close()
  reading.close()
})
