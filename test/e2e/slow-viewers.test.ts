import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { FlvDemuxer } from '../../src/media/formats/flv/index.ts'
import { HttpPublisher } from '../support/http-publisher.ts'
import { poll } from '../support/poll.ts'
import { TestServer } from '../support/server.ts'
import { pictureNumber } from '../support/synthetic.ts'

/** Of ten frames each: twice as much as a viewer may hold back. */
const PUSHES = 80

function whenClosed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()))
}
function happens(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('data', () => resolve()))
}

test('of 200 viewers 50 never read: the others lose nothing and memory stays bounded', async () => {
  const maxLagBytes = 4_194_304
  await using server = await TestServer.start([
    'workers=2',
    'delivery.stallMs=2000',
    `delivery.maxLagBytes=${maxLagBytes}`,
    'streams.**.graceMs=0',
  ])
  using publisher = new HttpPublisher(server, 'live/a.flv', { frameBytes: 12_000 })
  await publisher.send(30)
  await server.live('live/a')
  const viewers = await Promise.all(Array.from({ length: 150 }, () => CountingViewer.open(server)))
  const stalled = await Promise.all(Array.from({ length: 50 }, () => CountingViewer.open(server)))
  for (const viewer of stalled) viewer.pause()
  const logBytes: number[] = []
  for (let i = 0; i < PUSHES; i++) {
    await publisher.send(10)
    await Promise.all(viewers.map((viewer) => viewer.atLeast(viewer.bytes + 1)))
    if (i % 10 === 0) logBytes.push(await logMemory(server))
  }
  await publisher.finish()
  await Promise.all(viewers.map((viewer) => viewer.end()))
  const first = viewers[0]?.bytes ?? 0
  assert.ok(first > 12_000 * 10 * PUSHES)
  for (const { numbers } of viewers) {
    assert.equal(numbers.at(-1), 30 + 10 * PUSHES - 1)
    assert.deepEqual(
      numbers,
      Array.from({ length: numbers.length }, (_, at) => (numbers[0] ?? 0) + at),
      'no frame is missing',
    )
  }
  assert.ok(Math.max(...logBytes) < 4 * maxLagBytes, `${Math.max(...logBytes)} bytes of logs`)
  const reasons = await poll('the stalled viewers to be closed', () => {
    const found = server.lines.filter(
      ({ event, reason }) => event === 'viewer.closed' && (reason === 'stalled' || reason === 'too-slow'),
    )
    return found.length === 50 ? found : undefined
  })
  assert.equal(reasons.length, 50)
})

async function logMemory(server: TestServer): Promise<number> {
  const text = await (await fetch(server.http('metrics'))).text()
  return [...text.matchAll(/^millrace_log_memory_bytes\{.*\} (\d+)$/gm)].reduce(
    (sum, match) => sum + Number(match[1]),
    0,
  )
}

/** Counts bytes and notes the numbers of the video frames; keeps no media. */
class CountingViewer {
  bytes = 0
  readonly numbers: number[] = []
  readonly #socket: Socket
  readonly #closed: Promise<void>

  private constructor(socket: Socket) {
    this.#socket = socket
    this.#closed = whenClosed(socket)
    socket.on('error', () => {})
    const demuxer = new FlvDemuxer({
      onTrack: () => {},
      onFrame: (frame) => {
        if (frame.trackId === 1) this.numbers.push(pictureNumber(frame.data))
      },
    })
    let isPastHead = false
    socket.on('data', (data: Buffer) => {
      this.bytes += data.length
      const from = isPastHead ? 0 : data.indexOf('\r\n\r\n') + 4
      isPastHead = true
      demuxer.push(data.subarray(from))
    })
  }
  static async open(server: TestServer): Promise<CountingViewer> {
    const socket = connect(server.port('http'), '127.0.0.1')
    const viewer = new CountingViewer(socket)
    socket.write('GET /live/a.flv HTTP/1.1\r\nHost: x\r\n\r\n')
    await viewer.atLeast(1000)
    return viewer
  }
  async atLeast(count: number): Promise<void> {
    while (this.bytes < count && !this.#socket.closed) await Promise.race([happens(this.#socket), this.#closed])
  }
  end(): Promise<void> {
    return this.#closed
  }
  pause(): void {
    this.#socket.pause()
  }
}
