import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ByteReader } from '../../src/media/bytes/index.ts'
import { checkPlaylist } from '../../src/media/formats/hls/testing/check-playlist.ts'
import { readBoxes } from '../../src/media/formats/mp4/index.ts'
import { HttpPublisher } from '../support/http-publisher.ts'
import { poll } from '../support/poll.ts'
import { skipUnless } from '../support/requirements.ts'
import { TestServer } from '../support/server.ts'
import { frameNumbers } from '../support/synthetic.ts'
import { describeWorkers } from '../support/workers.ts'

type Recording = {
  readonly id: string
  readonly stream: string
  readonly isOpen: boolean
  readonly durationSeconds: number
  readonly byteLength: number
  readonly hlsUrl: string
  readonly mp4Url: string
}
type Recordings = { readonly recordings: readonly Recording[] }

const SETS = ['streams.**.record=true', 'streams.**.graceMs=0', 'hls.segmentMs=1000']

const ONE_WORKER = ['workers=1', ...SETS]

async function recordings(server: TestServer): Promise<readonly Recording[]> {
  return (await server.json<Recordings>('api/v1/recordings')).recordings
}
async function bytesOf(server: TestServer, path: string, headers: Record<string, string> = {}): Promise<Buffer> {
  const response = await fetch(server.http(path.replace(/^\//, '')), { headers })
  assert.ok(response.ok, `${path}: ${response.status}`)
  return Buffer.from(await response.arrayBuffer())
}
describeWorkers('recording', SETS, (context) => {
  test('a recording is listed, plays as HLS and downloads as one MP4 with ranges', async () => {
    const { server } = context
    using publisher = new HttpPublisher(server, 'live/a.flv')
    await publisher.send(250)
    await publisher.finish()
    const recording = await poll('the closed recording', async () =>
      (await recordings(server)).find(({ isOpen }) => !isOpen),
    )
    assert.equal(recording.stream, 'live/a')
    assert.ok(Math.abs(recording.durationSeconds - 10) < 0.1, `${recording.durationSeconds} s`)

    const master = (await bytesOf(server, recording.hlsUrl)).toString()
    assert.deepEqual(checkPlaylist(master), [])
    const media = (await bytesOf(server, recording.hlsUrl.replace('index', 't1'))).toString()
    assert.deepEqual(checkPlaylist(media), [])
    assert.match(media, /#EXT-X-ENDLIST/)

    const whole = await bytesOf(server, recording.mp4Url)
    const boxes = [...readBoxes(new ByteReader(whole))].map(({ type }) => type)
    assert.deepEqual(boxes, ['ftyp', 'moov', 'mdat'])
    assert.deepEqual(
      frameNumbers(whole).video,
      Array.from({ length: 250 }, (_, number) => number),
    )
    for (const [range, from, to] of [
      ['bytes=0-99', 0, 100],
      ['bytes=1000-', 1000, whole.length],
      ['bytes=-500', whole.length - 500, whole.length],
      [`bytes=${whole.length - 10}-${whole.length + 10}`, whole.length - 10, whole.length],
    ] as const) {
      assert.deepEqual(await bytesOf(server, recording.mp4Url, { range }), whole.subarray(from, to), range)
    }
    const beyond = await fetch(server.http(recording.mp4Url.slice(1)), { headers: { range: `bytes=${whole.length}-` } })
    assert.equal(beyond.status, 416)
  })
})

/** Five seconds of synthetic pictures and sound. */
const WRITTEN_BYTES = 5 * (25 * 1000 + 46 * 200)

function storedBytes(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && !entry.name.includes('sqlite'),
  )
  // A part may have got its name between the list and the look.
  const sizes = files.map(
    ({ parentPath, name }) => statSync(join(parentPath, name), { throwIfNoEntry: false })?.size ?? 0,
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}

test('after kill -9 everything but the part being written is there', async () => {
  const storagePath = mkdtempSync(join(tmpdir(), 'millrace-kill-'))
  try {
    await using first = await TestServer.start(ONE_WORKER, { storagePath })
    using publisher = new HttpPublisher(first, 'live/a.flv')
    publisher.answer.catch(() => {})
    await publisher.send(140)
    await poll(
      'five seconds to be recorded',
      async () => ((await recordings(first))[0]?.durationSeconds ?? 0) >= 4 || undefined,
    )
    await poll('all but the last part to be written', () => storedBytes(storagePath) >= WRITTEN_BYTES || undefined)
    await first.stop('SIGKILL')

    await using second = await TestServer.start(ONE_WORKER, { storagePath })
    await second.log(({ event }) => event === 'recording.repaired')
    const [recording] = await recordings(second)
    assert.ok(recording && !recording.isOpen)
    // 140 frames are 5.6 s; chunks are half a second, and the last one was still open.
    assert.ok(recording.durationSeconds >= 5, `${recording.durationSeconds} s survived`)
    const { video: numbers } = frameNumbers(await bytesOf(second, recording.mp4Url))
    assert.ok(numbers.length >= 125)
    assert.deepEqual(
      numbers,
      Array.from({ length: numbers.length }, (_, number) => number),
    )
    assert.deepEqual(checkPlaylist((await bytesOf(second, recording.hlsUrl.replace('index', 't1'))).toString()), [])
    const left = readdirSync(storagePath, { recursive: true }).filter((name) => String(name).endsWith('.part'))
    assert.deepEqual(left, [])
  } finally {
    rmSync(storagePath, { recursive: true, force: true })
  }
})

function canMount(): boolean {
  return process.platform === 'linux' && process.getuid?.() === 0
}

test('a full disk is said once, harms no viewer, and recording goes on when there is room', {
  skip: skipUnless(canMount(), 'root on Linux (for a small disk)'),
}, async () => {
  const storagePath = mkdtempSync(join(tmpdir(), 'millrace-full-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', storagePath])
  try {
    await using server = await TestServer.start(ONE_WORKER, { storagePath })
    using publisher = new HttpPublisher(server, 'live/a.flv', { frameBytes: 20_000 })
    const failing = server.log(({ event }) => event === 'recording.failing')
    let isFull = false
    void failing.then(() => {
      isFull = true
    })
    for (let i = 0; i < 100 && !isFull; i++) {
      await publisher.send(25)
      await server.json('api/v1/streams')
    }
    assert.match(String((await failing).error), /no space is left/)
    await publisher.send(50)
    const playlist = await bytesOf(server, 'live/a/t1.m3u8')
    assert.match(playlist.toString(), /#EXTINF/)
    assert.equal(server.lines.filter(({ event }) => event === 'recording.failing').length, 1)

    const folder = join(storagePath, 'recordings/live/a')
    const [id] = readdirSync(folder)
    const oldest = readdirSync(join(folder, id ?? ''))
      .filter((name) => name.endsWith('.m4s'))
      .slice(0, 8)
    for (const name of oldest) rmSync(join(folder, id ?? '', name))
    const recovered = server.log(({ event }) => event === 'recording.recovered')
    await publisher.send(75)
    await recovered
    await publisher.finish()
  } finally {
    execFileSync('umount', ['-l', storagePath])
    rmSync(storagePath, { recursive: true, force: true })
  }
})
