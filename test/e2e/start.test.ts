import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { skipWithoutNodeAv } from '../interop/support/av.ts'
import { HttpViewer } from '../support/http-publisher.ts'
import { poll } from '../support/poll.ts'
import { ROOT } from '../support/requirements.ts'
import { type LogLine, TestServer } from '../support/server.ts'

/** What `npm start` runs, with a folder of its own; `work` gets the base address once it listens. */
async function withStarted(args: readonly string[], work: (base: string) => Promise<void>): Promise<void> {
  const storage = mkdtempSync(join(tmpdir(), 'millrace-start-'))
  const sets = ['http.port=0', 'rtmp.port=0', 'workers=1', 'log.format=json', `storage.path=${storage}`]
  const all = ['start', '--', ...sets.flatMap((set) => ['--set', set]), ...args]
  // A process group of its own: npm does not hand every signal on.
  const npm = spawn('npm', all, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'], detached: true })
  try {
    const events: LogLine[] = []
    const lines = createInterface(npm.stdout)
    for await (const text of lines) {
      if (!text.startsWith('{')) continue
      events.push(JSON.parse(text))
      if (events.length === 2) break
    }
    npm.stdout.resume()
    assert.deepEqual(events.map(({ event, listener }) => [event, listener]).sort(), [
      ['listening', 'http'],
      ['listening', 'rtmp'],
    ])
    await work(`http://127.0.0.1:${events.find(({ listener }) => listener === 'http')?.port}`)
  } finally {
    const exited = once(npm, 'exit')
    process.kill(-(npm.pid ?? 0), 'SIGTERM')
    await exited
    rmSync(storage, { recursive: true, force: true })
  }
}

test('npm start takes the arguments of the command line, and leaves the demo out when it is told so', async () => {
  await withStarted(['--no-demo'], async (base) => {
    const answer = await fetch(`${base}/api/v1/streams`)
    assert.deepEqual(await answer.json(), { streams: [] })
    const icon = await fetch(`${base}/favicon.svg`)
    assert.deepEqual([icon.status, icon.headers.get('content-type')], [200, 'image/svg+xml'])
  })
})

test('npm start has the demo, its renditions and pictures', { skip: skipWithoutNodeAv() }, async () => {
  await withStarted(['--set', 'streams.live/demo.ladder=[240p]'], async (base) => {
    const list = await poll('the list of the rendition', async () => {
      const answer = await fetch(`${base}/live/demo/240p/index.m3u8`)
      return answer.ok ? await answer.text() : undefined
    })
    assert.match(list, /RESOLUTION=426x240/)
    const picture = await fetch(`${base}/live/demo/snapshot.jpg`)
    assert.deepEqual([picture.status, picture.headers.get('content-type')], [200, 'image/jpeg'])
  })
})

test('the demo stream comes after the listeners, and can be watched', { skip: skipWithoutNodeAv() }, async () => {
  await using server = await TestServer.start(['workers=2'], { demo: 'demo' })
  await server.live('live/demo')
  const at = (event: string) => server.lines.findIndex((line) => line.event === event)
  const lastListener = server.lines.findLastIndex(({ event }) => event === 'listening')
  assert.ok(lastListener < at('publish.started'), 'the listeners did not wait for it')
  const { tracks } = await server.json<{ tracks: { codec: string }[] }>('api/v1/streams/live/demo')
  assert.deepEqual(tracks.map(({ codec }) => codec).sort(), ['aac', 'h264'])
  using viewer = await HttpViewer.join(server, 'live/demo.flv')
  await viewer.atLeast(100_000)
  assert.equal(viewer.received.toString('latin1', 0, 3), 'FLV')
})
