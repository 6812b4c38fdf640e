import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkMpd } from '../../src/media/formats/dash/testing/check-mpd.ts'
import { readMpd } from '../../src/media/formats/dash/testing/read-mpd.ts'
import { parseMediaPlaylist } from '../../src/media/formats/hls/index.ts'
import { Av, skipWithoutNodeAv } from '../interop/support/av.ts'
import { checkPresentation } from '../support/check-presentation.ts'
import { poll } from '../support/poll.ts'
import { TestServer } from '../support/server.ts'

const SETS = [
  'profiles.small.video.size=160x90',
  'profiles.small.video.bitrateKbps=150',
  'profiles.small.video.preset=ultrafast',
  'profiles.later.video.size=96x54',
  'profiles.later.video.preset=ultrafast',
  // Another worker may take a recording for open for half a second more.
  'workers=1',
  // However busy the machine is: a rung that leaves frames out has a break.
  'transcode.maxLagMs=60000',
  'hls.segmentMs=1000',
  'hls.windowSegments=3',
  'streams.**.record=true',
  'streams.**.graceMs=0',
  'profiles.sound.video.codec=none',
  'profiles.sound.audio.bitrateKbps=64',
  'streams.live/**.ladder=[small, sound]',
  'streams.live/**.ladderMode=always',
  'streams.demand/**.ladder=[later]',
  'streams.alone/**.record=source',
  'streams.alone/**.ladder=[small]',
  'streams.alone/**.ladderMode=always',
]
type Recording = {
  readonly id: string
  readonly stream: string
  readonly isOpen: boolean
  readonly renditionOf?: string
}

test('the rungs of a recorded stream that always run can be rewound and played later like their source', {
  skip: skipWithoutNodeAv(),
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-recorded-ladder-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const clip = join(folder, 'source.mp4')
  await using server = await TestServer.start(SETS)
  const publisher = new Av()
  t.after(() => publisher[Symbol.asyncDispose]())
  const h264 = { encoder: 'libx264', options: { preset: 'ultrafast', g: '25', bf: '2' } }
  await publisher.call('make', { path: clip, seconds: 4, tracks: [h264, { encoder: 'aac', sampleRateHz: 44_100 }] })
  for (const name of ['live/a', 'demand/a', 'alone/a'])
    await publisher.call('publishForever', { from: clip, url: server.rtmp(name) })

  const bytesAt = async (path: string) => {
    const response = await fetch(server.http(path), { headers: { connection: 'close' } })
    assert.equal(response.status, 200, path)
    return Buffer.from(await response.arrayBuffer())
  }
  /** Of what lies below `folder`, with a query where lists are asked for. */
  const below =
    (place: string, query = '') =>
    (uri: string) => {
      const { pathname, search } = new URL(uri, server.http(`${place}/index.m3u8`))
      return bytesAt(`${pathname}${search || (/^(index|manifest)/.test(uri) ? query : '')}`.slice(1))
    }
  const playlist = async (path: string) => parseMediaPlaylist((await bytesAt(path)).toString())
  const recordings = async () => (await server.json<{ recordings: Recording[] }>('api/v1/recordings')).recordings
  const variantsOf = async (path: string) =>
    (await bytesAt(path))
      .toString()
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))

  await t.test('live, a rung goes back as far as its source, with its numbers, dates and durations', async () => {
    const [own, rung] = await poll('a window that is longer than the log', async () => {
      const lists = await Promise.all([playlist('live/a/t1.m3u8'), playlist('live/a/small/t1.m3u8')])
      return lists.every(({ segments }) => segments.length > 8) ? lists : undefined
    })
    const facts = ({ mediaSequence, segments }: typeof own) =>
      new Map(
        segments.map(({ durationMs, programDateTimeMs }, at) => [mediaSequence + at, [durationMs, programDateTimeMs]]),
      )
    const common = [...facts(own)].filter(([number]) => facts(rung).has(number))
    assert.ok(common.length > 6, `${common.length}`)
    for (const [number, [durationMs = 0, dateMs = 0] = []] of common) {
      const [otherMs = 0, otherDateMs = 0] = facts(rung).get(number) ?? []
      assert.ok(Math.abs(durationMs - otherMs) < 1 && Math.abs(dateMs - otherDateMs) < 2, `segment ${number}`)
    }
    assert.ok((await bytesAt(`live/a/small/${rung.segments[0]?.uri}`)).length > 0)
    const { periods } = readMpd((await bytesAt('live/a/manifest.mpd')).toString())
    const counts = periods[0]?.representations.map(({ segments }) => segments.length) ?? []
    assert.ok(counts.length === 4 && Math.min(...counts) > 6, `${counts}`)
  })

  await t.test('a part of the past has its rungs too', async () => {
    const { segments } = await playlist('live/a/t1.m3u8')
    const startMs = segments[2]?.programDateTimeMs ?? 0
    const query = `?from=${startMs + 100}&to=${startMs + 3900}`
    assert.deepEqual(await variantsOf(`live/a/index.m3u8${query}`), [
      `t1.m3u8${query}`,
      `small/t1.m3u8${query}`,
      `sound/t2.m3u8${query}`,
    ])
    assert.deepEqual(await checkPresentation(below('live/a', query), 'manifest.mpd'), [])
    const { periods } = readMpd((await bytesAt(`live/a/manifest.mpd${query}`)).toString())
    assert.deepEqual(
      periods.map(({ representations }) => representations.map(({ id, segments: found }) => [id, found.length])),
      [
        [
          ['t1', 4],
          ['small-t1', 4],
          ['t2', 4],
          ['sound-t2', 4],
        ],
      ],
    )
  })

  await t.test('a rung on demand is not recorded, and none of a stream that records itself only', async () => {
    const names = (await recordings()).map(({ stream, renditionOf = '' }) => `${stream} ${renditionOf}`)
    assert.deepEqual(names.toSorted(), [
      'alone/a ',
      'demand/a ',
      'live/a ',
      'live/a/small live/a',
      'live/a/sound live/a',
    ])
  })

  await t.test('later, the recording has them', async () => {
    const response = await fetch(server.http('api/v1/streams/live/a'), { method: 'DELETE' })
    assert.equal(response.status, 200)
    const closed = await poll('the closed recordings', async () => {
      const found = (await recordings()).filter(({ stream, isOpen }) => stream.startsWith('live/') && !isOpen)
      return found.length >= 3 ? found : undefined
    })
    const source = closed.findLast(({ stream }) => stream === 'live/a')
    const place = `vod/${source?.id}`
    const variants = await poll('the lists of what is closed', async () => {
      const found = await variantsOf(`${place}/index.m3u8`)
      return found[1]?.includes('&to=') ? found : undefined
    })
    assert.equal(variants.length, 3)
    assert.match(variants[1] ?? '', /^\.\.\/\.\.\/live\/a\/small\/t1\.m3u8\?from=\d+&to=\d+$/)
    assert.match(variants[2] ?? '', /^\.\.\/\.\.\/live\/a\/sound\/t2\.m3u8\?from=\d+&to=\d+$/)
    assert.deepEqual(await checkPresentation(below(place), 'manifest.mpd'), [])
    const mpd = (await bytesAt(`${place}/manifest.mpd`)).toString()
    assert.deepEqual(checkMpd(mpd), [])
    const setsOf = (kind: string) => mpd.match(new RegExp(`<AdaptationSet[^>]*contentType="${kind}"`, 'g'))?.length
    assert.deepEqual([setsOf('video'), setsOf('audio')], [1, 2])
  })
})
