import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { Av, skipWithoutNodeAv } from '../interop/support/av.ts'
import { poll } from '../support/poll.ts'
import { TestServer } from '../support/server.ts'

const SETS = [
  'profiles.small.video.size=160x90',
  'profiles.small.video.preset=ultrafast',
  // Long enough that something can happen to it.
  'profiles.slow.video.preset=veryslow',
  'profiles.slow.video.bFrames=3',
  'hls.segmentMs=1000',
  'streams.assets/configured.ladder=[small]',
]
/** For what is long enough already. */
const FAST = ['profiles.slow.video.preset=ultrafast']
const H264 = { encoder: 'libx264', options: { preset: 'ultrafast', g: '25' } }
const AAC = { encoder: 'aac', sampleRateHz: 44_100 }

type Asset = {
  readonly id: string
  readonly state: string
  readonly attempt?: number
  readonly problem?: string
  readonly warning?: string
  readonly recordingId?: string
  readonly heldBecause?: string
  readonly profiles: readonly string[]
}

describe('films that are taken in', { skip: skipWithoutNodeAv() }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-imports-'))
  const storagePath = join(folder, 'storage')
  const short = join(folder, 'short.ts')
  const long = join(folder, 'long.mp4')
  let server: TestServer

  before(async () => {
    await using av = new Av()
    await av.call('make', { path: join(folder, 'short.mp4'), seconds: 4, tracks: [H264, AAC] })
    await av.call('remux', { from: join(folder, 'short.mp4'), to: short, format: 'mpegts' })
    await av.call('make', { path: long, seconds: 120, tracks: [H264, AAC] })
    server = await TestServer.start(SETS, { storagePath })
  })
  after(async () => {
    await server[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true })
  })

  const upload = async (query: string, body: Uint8Array) => {
    const answer = await fetch(server.http(`api/v1/assets?${query}`), { method: 'POST', body: Uint8Array.from(body) })
    const asset = (await answer.json()) as Asset
    assert.ok(asset.id, JSON.stringify(asset))
    return asset.id
  }
  const until = (what: string, id: string, done: (asset: Asset) => boolean) =>
    poll(what, async () => {
      const asset = await server.json<Asset>(`api/v1/assets/${id}`)
      return done(asset) ? asset : undefined
    })
  const recordings = async (stream: string) => {
    const answer = await server.json<{ recordings: { id: string; durationSeconds: number }[] }>(
      `api/v1/recordings?stream=${stream}`,
    )
    return answer.recordings
  }
  /** Files of what the store holds of a stream's recordings. */
  const stored = (stream: string) =>
    readdirSync(join(storagePath, 'recordings', stream), { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    )
  /** Of the process that works at the import. */
  const pid = () =>
    Number(server.lines.findLast(({ event, purpose }) => event === 'codec.started' && purpose === 'assets')?.pid)
  const begin = async (name: string) => {
    const id = await upload(`name=${name}&profiles=slow`, readFileSync(long))
    await until('the first segment', id, ({ recordingId }) => recordingId !== undefined)
    await poll('what is stored', () => (stored(`assets/${name}`).length > 0 ? true : undefined))
    return id
  }

  test('a film gets the profiles that are asked for, or its ladder in the configuration, or the usual ones', async () => {
    const profilesOf = async (query: string) => {
      const answer = await fetch(server.http(`api/v1/assets?${query}`), {
        method: 'POST',
        body: Uint8Array.from(readFileSync(short)),
      })
      return ((await answer.json()) as Asset).profiles
    }
    assert.deepEqual(await profilesOf('name=configured&profiles=240p'), ['240p'])
    assert.deepEqual(await profilesOf('name=configured'), ['small'])
    assert.deepEqual(await profilesOf('name=other'), ['720p', '480p'])
  })

  test('what is damaged in a file is left out and told of; the rest of it is taken in', async () => {
    const file = readFileSync(short)
    for (const at of adtsHeaders(file).filter((_, index) => index % 20 === 10)) file[at + 6] = (file[at + 6] ?? 0) | 3
    const id = await upload('name=damaged&profiles=small', file)
    const asset = await until('the end', id, ({ state }) => state === 'done' || state === 'failed')
    assert.deepEqual([asset.state, asset.problem], ['done', undefined])
    assert.match(asset.warning ?? '', /^damaged frames in the file: \d+$/)
    const [recording] = await recordings('assets/damaged')
    assert.ok(recording && recording.durationSeconds > 3.9, `${recording?.durationSeconds} s`)
  })

  test('an import that fails half way is failed, and nothing of it is listed or stored', async () => {
    const id = await begin('killed')
    process.kill(pid(), 'SIGKILL')
    const asset = await until('the end', id, ({ state }) => state === 'failed')
    assert.match(asset.problem ?? '', /ended by SIGKILL/)
    assert.equal(asset.recordingId, undefined)
    assert.deepEqual(await recordings('assets/killed'), [])
    assert.deepEqual(stored('assets/killed'), [])
  })

  test('an import has the lowest priority on all of its threads', { skip: process.platform !== 'linux' }, async () => {
    await begin('polite')
    const tasks = `/proc/${pid()}/task`
    // proc(5): the nice value is field 19; field 2, the name, may hold anything, and ends with the last bracket.
    const nices = readdirSync(tasks).map((task) => {
      const stat = readFileSync(join(tasks, task, 'stat'), 'latin1')
      return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]
    })
    assert.ok(nices.length > 4, `${nices.length} threads`)
    assert.deepEqual(new Set(nices), new Set(['19']))
    process.kill(pid(), 'SIGKILL')
  })

  test('where live work leaves no CPU an import waits, and says why', async () => {
    await using tight = await TestServer.start([...SETS, 'transcode.cpuCores=0.05'])
    const body = Uint8Array.from(readFileSync(long))
    const answer = await fetch(tight.http('api/v1/assets?name=film&profiles=slow'), { method: 'POST', body })
    const { id } = (await answer.json()) as Asset
    const view = () => tight.json<Asset>(`api/v1/assets/${id}`)
    const held = await poll('the import to be held', async () => {
      const asset = await view()
      return asset.heldBecause === undefined ? undefined : asset
    })
    assert.equal(held.state, 'transcoding')
    assert.match(held.heldBecause ?? '', /^live work leaves 0\.\d cores of 0\.05 \(transcode\.cpuCores\)$/)
    await poll('the import to do nothing', async () => {
      const metrics = await (await fetch(tight.http('metrics'))).text()
      const [, cores] = /^millrace_codec_cores\{what="assets"\} (\S+)$/m.exec(metrics) ?? []
      return /^millrace_offline_held 1$/m.test(metrics) && Number(cores) < 0.05 ? true : undefined
    })
  })

  /** The whole film, and nothing of what was under way before. */
  const assertWhole = async (stream: string) => {
    const [recording, ...others] = await recordings(stream)
    assert.ok(recording && Math.abs(recording.durationSeconds - 120) < 0.5, `${recording?.durationSeconds} s`)
    assert.deepEqual(others, [])
    const list = await (await fetch(server.http(`vod/${recording.id}/index.m3u8`))).text()
    assert.match(list, /CODECS="avc1\.\w+,mp4a\.40\.2"/)
    assert.deepEqual(
      new Set(stored(stream).map(({ parentPath }) => parentPath.includes(recording.id))),
      new Set([true]),
    )
  }
  const uploads = () => readdirSync(join(storagePath, 'uploads'))

  test('imports that the server did not survive go on after its next start, under their ids', async () => {
    const id = await begin('interrupted')
    const queued = await upload('name=queued&profiles=small', readFileSync(short))
    await server.stop('SIGKILL')
    assert.ok(stored('assets/interrupted').length > 0)
    writeFileSync(join(storagePath, 'uploads', 'a0.part'), 'what has not come whole')
    server = await TestServer.start([...SETS, ...FAST], { storagePath })
    const asset = await until('the end', id, ({ state }) => state === 'done' || state === 'failed')
    assert.deepEqual([asset.state, asset.attempt, asset.problem], ['done', 2, undefined])
    await assertWhole('assets/interrupted')
    const other = await until('the end', queued, ({ state }) => state === 'done' || state === 'failed')
    assert.deepEqual([other.state, other.attempt], ['done', undefined])
    assert.deepEqual(uploads(), [])
    assert.equal((await recordings('assets/damaged')).length, 1, 'what was whole')
  })

  test('imports that are under way when the server is stopped go on likewise, and that does not count', async () => {
    await server.stop('SIGTERM')
    server = await TestServer.start(SETS, { storagePath })
    const id = await begin('stopped')
    await server.stop('SIGTERM')
    assert.deepEqual(stored('assets/stopped'), [])
    assert.deepEqual(uploads().toSorted(), [id, `${id}.json`])
    server = await TestServer.start([...SETS, ...FAST], { storagePath })
    const asset = await until('the end', id, ({ state }) => state === 'done' || state === 'failed')
    assert.deepEqual([asset.state, asset.attempt], ['done', undefined])
    await assertWhole('assets/stopped')
  })
})

/** Where frames of AAC begin in an MPEG-TS file (ISO/IEC 14496-3, 1.A.2.2.1), if not cut by a packet's header. */
function adtsHeaders(file: Uint8Array): number[] {
  const found: number[] = []
  for (let at = 0; at + 7 < file.length; at++) {
    const isSync = file[at] === 0xff && file[at + 1] === 0xf1
    if (isSync && (at % 188) + 7 < 188) found.push(at)
  }
  return found
}
