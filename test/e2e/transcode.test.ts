import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { checkMpd } from '../../src/media/formats/dash/testing/check-mpd.ts'
import { readMpd } from '../../src/media/formats/dash/testing/read-mpd.ts'
import { checkPlaylist } from '../../src/media/formats/hls/testing/check-playlist.ts'
import { Av, skipWithoutNodeAv } from '../interop/support/av.ts'
import type { Reading } from '../interop/support/av-messages.ts'
import { run } from '../interop/support/command.ts'
import { counted } from '../support/metrics.ts'
import { poll } from '../support/poll.ts'
import { ROOT } from '../support/requirements.ts'
import { TestServer } from '../support/server.ts'
import { assertSteady, common, heard, keysIn, playUrl, times, video, watcher, within } from '../support/units.ts'

const PROFILES = [
  'profiles.small.video.size=160x90',
  'profiles.small.video.bitrateKbps=150',
  'profiles.small.video.preset=ultrafast',
  'profiles.small.video.maxFps=12.5',
  'profiles.web.video.codec=vp8',
  'profiles.web.video.size=240x136',
  'profiles.web.video.bitrateKbps=200',
  'profiles.web.audio.codec=opus',
  'profiles.other.video.size=96x54',
  'profiles.other.video.preset=ultrafast',
  'profiles.always.video.codec=none',
  'profiles.always.audio.bitrateKbps=48',
  'profiles.broken.video.preset=no-such-preset',
]

/** Of a rendition whose codec process was killed. */
const MAX_LOST_SECONDS = 10

type StreamView = {
  readonly name: string
  readonly state: string
  readonly renditionOf?: string
  readonly viewers?: { readonly total: number }
  readonly renditions: readonly { readonly name: string; readonly state: string; readonly reason?: string }[]
  readonly tracks: readonly { readonly codec: string; readonly widthPx?: number; readonly heightPx?: number }[]
}

describe('a ladder', { skip: skipWithoutNodeAv() }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-ladder-'))
  const clip = join(folder, 'source.mp4')
  let server: TestServer
  let publisher: Av
  let tight: TestServer
  let tightPublisher: Av

  before(async () => {
    publisher = new Av()
    const tracks = [
      { encoder: 'libx264', options: { preset: 'ultrafast', g: '25', bf: '2' } },
      { encoder: 'aac', sampleRateHz: 44_100 },
    ]
    await publisher.call('make', { path: clip, seconds: 4, tracks })
    server = await TestServer.start([
      ...PROFILES,
      'workers=2',
      'hls.segmentMs=1000',
      'streams.live/**.ladder=[small, web, other]',
      'streams.always/**.ladder=[always, broken]',
      'streams.always/**.ladderMode=always',
      'streams.rec/**.record=true',
      'streams.rec/**.graceMs=0',
      'transcode.idleMs=500',
      'transcode.frozenMs=1500',
      'delivery.lingerMs=200',
    ])
    await publisher.call('publishForever', { from: clip, url: server.rtmp('live/a') })
    await server.live('live/a')
    // It sheds while the other tests run.
    tight = await TestServer.start([
      ...PROFILES,
      'streams.live/**.ladder=[small, always]',
      'streams.live/**.ladderMode=always',
      'transcode.cpuCores=0.01',
    ])
    tightPublisher = new Av()
    await tightPublisher.call('publishForever', { from: clip, url: tight.rtmp('live/a') })
  })
  after(async () => {
    await tightPublisher[Symbol.asyncDispose]()
    await tight[Symbol.asyncDispose]()
    await publisher[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true })
  })

  const view = (name: string) => server.json<StreamView>(`api/v1/streams/${name}`)
  const names = async () => {
    const { streams } = await server.json<{ streams: StreamView[] }>('api/v1/streams')
    return streams.map(({ name }) => name)
  }

  test('is shown before it runs; a rung starts when somebody asks for it and stops when nobody does', async () => {
    assert.deepEqual(
      (await view('live/a')).renditions.map(({ name, state }) => [name, state]),
      [
        ['live/a/small', 'on demand'],
        ['live/a/web', 'on demand'],
        ['live/a/other', 'on demand'],
      ],
    )
    assert.equal((await fetch(server.http('live/a/1080p.ts'))).status, 404)
    await play(server, 'live/a/small.ts', 12)
    await poll('the rendition in the API', async () => {
      const { renditionOf, tracks } = await view('live/a/small')
      const video = tracks?.find(({ widthPx }) => widthPx === 160)
      return renditionOf === 'live/a' && video?.heightPx === 90 ? true : undefined
    })
    await poll('the end of the rendition', async () => ((await names()).includes('live/a/small') ? undefined : true))
  })

  test('its lists show what is planned and start nothing; a playlist or a segment of a rung starts it', async () => {
    const text = async (path: string) => await (await fetch(server.http(path))).text()
    const list = await text('live/a/index.m3u8')
    assert.deepEqual(checkPlaylist(list), [])
    assert.match(list, /CODECS="avc1\.\w+,mp4a\.40\.2",RESOLUTION=160x90,.*\nsmall\/t1\.m3u8/)
    assert.match(list, /CODECS="vp8,mp4a\.40\.2",RESOLUTION=240x13\d,.*\nweb\/t1\.m3u8/)
    const mpd = await text('live/a/manifest.mpd')
    assert.deepEqual(checkMpd(mpd), [])
    assert.match(mpd, /media="small\/t1-next-at\$Time\$\.\d+\.m4s"/)
    const live = await names()
    for (const rung of ['small', 'web', 'other'])
      assert.ok(!live.includes(`live/a/${rung}`), `${rung} has been started`)

    const init = await fetch(server.http('live/a/small/t1-next-init0.m4s'), { redirect: 'manual' })
    assert.equal(init.status, 307)
    const { status } = await fetch(new URL(init.headers.get('location') ?? '', init.url))
    assert.equal(status, 200)
    await poll('the facts of the rung that runs', async () => {
      await text('live/a/small/t1.m3u8')
      const each = await text('live/a/manifest.mpd')
      assert.deepEqual(checkMpd(each), [])
      return each.includes('small/t1-next') || !each.includes('web/t1-next') ? undefined : true
    })
  })

  test('begins with the segment that a player wants, whether another rung runs or not', async () => {
    for (const rung of ['other', 'web']) {
      const wanted = await poll('four segments', async () => {
        const { periods } = readMpd(await (await fetch(server.http('live/a/manifest.mpd'))).text())
        return periods[0]?.representations.find(({ media }) => media.startsWith(rung))?.segments.at(-4)
      })
      const answer = await fetch(server.http(`live/a/${wanted.uri}`))
      assert.ok(answer.redirected, 'it leads to a segment, not to an empty one')
      const bytes = Buffer.from(await answer.arrayBuffer())
      // tfdt, version 1. ISO/IEC 14496-12, 8.8.12.
      assert.equal(Number(bytes.readBigUInt64BE(bytes.indexOf('tfdt') + 8)), wanted.startTicks)
      assert.ok(Number(answer.headers.get('content-length')) > 1000)
    }
  })

  test('has keyframes and times of its source, fewer frames where the profile says so, and its audio bit by bit', async () => {
    using watchingSmall = await watcher(server.http('live/a/small.ts'))
    using watchingWeb = await watcher(server.http('live/a/web.mp4'))
    // One process for all three, so that they begin together.
    await using player = new Av()
    const read = (path: string, units: number) => player.call('play', { url: server.http(path), units })
    const [source, small, web] = await Promise.all([
      read('live/a.ts', 100),
      read('live/a/small.ts', 60),
      read('live/a/web.mp4', 100),
    ])
    for (const watching of [watchingSmall, watchingWeb]) watching[Symbol.dispose]()
    assert.deepEqual(
      [small, web].map(({ tracks }) => tracks.map(({ codec }) => codec)),
      [
        ['h264', 'aac'],
        ['vp8', 'opus'],
      ],
    )
    for (const rendition of [small, web]) {
      const { from, to } = common(video(source), video(rendition))
      assert.ok(to - from > 1, `only ${to - from} s in common`)
      assert.deepEqual(keysIn(video(rendition), from, to), keysIn(video(source), from, to))
      const sourceTimes = new Set(times(video(source)))
      for (const time of times(within(video(rendition), from, to))) assert.ok(sourceTimes.has(time), `${time}`)
    }
    const { from, to } = common(video(source), video(small))
    const share = within(video(small), from, to).length / within(video(source), from, to).length
    assert.ok(share > 0.4 && share < 0.7, `12.5 of 25 frames a second stay, and keyframes: ${share}`)
    assert.deepEqual(heard(small, from, to), heard(source, from, to))
  })

  test('runs from the start where the configuration says always', async () => {
    await using other = new Av()
    await other.call('publishForever', { from: clip, url: server.rtmp('always/b') })
    await poll('the rendition', async () => ((await names()).includes('always/b/always') ? true : undefined))
    const reading = await play(server, 'always/b/always.ts', 40)
    assert.deepEqual(
      reading.tracks.map(({ codec }) => codec),
      ['aac'],
    )
    const broken = await poll('the rung that cannot be made', async () => {
      const { renditions } = await view('always/b')
      return renditions.find(({ state }) => state === 'failed')
    })
    assert.equal(broken.name, 'always/b/broken')
    assert.match(broken.reason ?? '', /^rendition broken: libx264/)
    const failures = () => server.lines.filter(({ event }) => event === 'rendition.failed').length
    await poll('the next attempt', () => (failures() > 1 ? true : undefined))
  })

  test('500 who ask for a picture at once cost one decode; recordings have pictures of any time', async () => {
    const bytes = join(folder, 'source.ts')
    await publisher.call('remux', { from: clip, to: bytes, format: 'mpegts' })
    const push = request(server.http('rec/a.ts'), { method: 'POST' })
    push.write(readFileSync(bytes))
    await server.live('rec/a')
    const ask = async (path: string) => {
      const response = await fetch(server.http(path))
      return { status: response.status, sha256: sha256(Buffer.from(await response.arrayBuffer())) }
    }
    const asked = await Promise.all(Array.from({ length: 500 }, () => ask('rec/a/snapshot.jpg?width=160')))
    assert.deepEqual([...new Set(asked.map(({ status }) => status))], [200])
    assert.equal(new Set(asked.map(({ sha256 }) => sha256)).size, 1)
    await poll('the count', async () =>
      (await counted(server, 'millrace_pictures_made_total')) === 1 ? true : undefined,
    )
    for (const file of ['snapshot.webp', 'snapshot.jpg?width=100', 'snapshot.webp?width=101'])
      assert.equal((await ask(`rec/a/${file}`)).status, 200)
    await poll('the count', async () =>
      (await counted(server, 'millrace_pictures_made_total')) === 4 ? true : undefined,
    )
    assert.equal(await counted(server, 'millrace_pictures_decoded_total'), 1)
    push.end()
    const { id } = await poll('the recording', async () => {
      const { recordings } = await server.json<{ recordings: { id: string; isOpen: boolean }[] }>('api/v1/recordings')
      return recordings.find(({ isOpen }) => !isOpen)
    })
    const at = (seconds: string) => ask(`vod/${id}/snapshot.jpg?width=160&at=${seconds}`)
    const pictures = await Promise.all(['0', '2.21', '2.23', '2.25'].map(at))
    assert.deepEqual([...new Set(pictures.map(({ status }) => status))], [200])
    assert.equal(pictures[1]?.sha256, pictures[2]?.sha256, 'one frame is shown for 40 ms')
    assert.equal(new Set(pictures.map(({ sha256 }) => sha256)).size, 3)
    assert.deepEqual([(await at('100')).status, (await at('soon')).status], [404, 400])
    const list = await (await fetch(server.http(`vod/${id}/tiles.m3u8`))).text()
    const tile = `vod/${id}/${list.split('\n').find((line) => line.endsWith('.jpg'))}`
    const tiles = await Promise.all(Array.from({ length: 500 }, () => ask(tile)))
    assert.deepEqual([...new Set(tiles.map(({ status }) => status))], [200])
    assert.equal(new Set(tiles.map(({ sha256 }) => sha256)).size, 1)
    const wrong = [tile.replace('-0.jpg', '-9.jpg'), tile.replace('5x2', '4x2'), tile.replace(/-\d+-0.jpg/, '-7-0.jpg')]
    assert.deepEqual(await Promise.all(wrong.map(async (path) => (await ask(path)).status)), [404, 404, 404])
  })

  for (const signal of ['SIGKILL', 'SIGSEGV', 'SIGSTOP'] as const) {
    test(`${signal} to the codec process: viewers of the source notice nothing, the rendition goes on`, async () => {
      // Not a rung that is about to stop: its process would have nothing left to interrupt.
      const isRung = (name: string) => name.startsWith('live/a/')
      await poll('the end of all rungs', async () => ((await names()).some(isRung) ? undefined : true))
      const count = (what: string) => server.lines.filter(({ event, stream }) => `${event} ${stream}` === what).length
      const source = play(server, 'live/a.ts', 75)
      using watching = await watcher(server.http('live/a/small.ts'))
      const rendition = play(server, 'live/a/small.ts', 50)
      await poll('two viewers', async () => ((await view('live/a/small')).viewers?.total === 2 ? true : undefined))
      const [interruptions, lives] = [count('ladder.interrupted live/a'), count('publish.started live/a/small')]
      const pid = server.lines.findLast(({ event, stream }) => event === 'codec.started' && stream === 'live/a')?.pid
      assert.ok(typeof pid === 'number', 'the process that makes the rendition')
      process.kill(pid, signal)
      await poll('the next life', () => (count('publish.started live/a/small') > lives ? true : undefined))
      const { byteCount } = watching
      await poll('more for a viewer of the last', () => (watching.byteCount > byteCount + 20_000 ? true : undefined))
      assert.ok(count('ladder.interrupted live/a') > interruptions)
      assertSteady(video(await source))
      const units = video(await rendition)
      const steps = units.slice(1).map(({ pts }, at) => pts - (units[at]?.pts ?? 0))
      assert.ok(Math.min(...steps) > 0, 'time goes forward')
      // What the next process makes begins with a keyframe, and right behind what there was where it can.
      const longest = steps.indexOf(Math.max(...steps))
      const lostSeconds = steps[longest] ?? Number.NaN
      assert.ok(lostSeconds <= 0.2 || units[longest + 1]?.isKey, `${lostSeconds} s without a picture, then no keyframe`)
      // Of the stream's own time; on an idle machine less than 2 s (docs/benchmark.md).
      assert.ok(lostSeconds < MAX_LOST_SECONDS, `${lostSeconds} s of the stream are missing`)
    })
  }

  test('files and recordings are transcoded on the command line, whatever their container; others are refused', async () => {
    const sets = [...PROFILES, `storage.path=${server.storagePath}`].flatMap((set) => ['--set', set])
    const transcode = (source: string, ...more: string[]) =>
      run(process.execPath, [join(ROOT, 'src/main.ts'), 'transcode', source, '--profile', 'small', ...more, ...sets])
    const output = join(folder, 'small.mp4')
    const ts = join(folder, 'offline.ts')
    await publisher.call('remux', { from: clip, to: ts, format: 'mpegts' })
    const { recordings } = await server.json<{ recordings: { id: string; isOpen: boolean }[] }>('api/v1/recordings')
    const recording = recordings.find(({ isOpen }) => !isOpen)
    assert.ok(recording, 'the recording of rec/a')
    for (const source of [ts, recording.id]) {
      const { code, stderr } = await transcode(source, '--output', output)
      assert.equal(code, 0, stderr)
      const { tracks } = await publisher.call('read', { url: output })
      assert.deepEqual(
        tracks.map(({ codec, units }) => [codec, units.length > 40]),
        [
          ['h264', true],
          ['aac', true],
        ],
      )
    }
    const text = join(folder, 'text.mkv')
    writeFileSync(text, 'this is no film'.repeat(100))
    const refused = await transcode(text)
    assert.deepEqual([refused.code, /not a file that can be read/.test(refused.stderr)], [1, true])
    const nowhere = await transcode(ts, '--output', join(folder, 'no-such-folder', 'small.mp4'))
    assert.match(nowhere.stderr, /\nmillrace: the output file: ENOENT/)
    assert.match((await transcode('no-such-recording')).stderr, /no file and no recording "no-such-recording"/)
  })

  type Asset = { readonly id: string; readonly state: string; readonly problem?: string; readonly hlsUrl?: string }
  const upload = (query: string, body: Buffer) => fetch(server.http(`api/v1/assets?${query}`), { method: 'POST', body })
  const playUploaded = async (query: string, file: string) => {
    const answer = await upload(query, readFileSync(file))
    const { id } = (await answer.json()) as Asset
    const { hlsUrl } = await poll(`the recording of ${query}`, async () => {
      const asset = await server.json<Asset>(`api/v1/assets/${id}`)
      assert.notEqual(asset.state, 'failed', asset.problem ?? '')
      return asset.state === 'done' ? asset : undefined
    })
    return (await publisher.call('read', { url: server.http(hlsUrl?.slice(1) ?? '') })).tracks
  }

  test('an uploaded file becomes a recording with the profiles as variants; what is no film is refused', async () => {
    const refused = await upload('name=text&profiles=small', Buffer.from('this is no film'.repeat(100)))
    assert.equal(refused.status, 415)
    assert.match(await refused.text(), /not a file that can be read/)
    assert.equal((await upload('name=..', Buffer.from('x'))).status, 400)
    assert.equal((await upload('name=a&profiles=none', Buffer.from('x'))).status, 400)
    const tracks = await playUploaded('name=film&profiles=small,other', clip)
    assert.deepEqual(tracks.map(({ codec }) => codec).sort(), ['aac', 'h264', 'h264'])
    for (const { kind, units } of tracks) if (kind === 'video') assert.ok(units.length > 45, `${units.length} frames`)
  })

  test('MOV, Matroska, WebM, MPEG-TS and FLV are taken in like MP4', async () => {
    const h264 = { encoder: 'libx264', options: { preset: 'ultrafast' } }
    const aac = { encoder: 'aac', sampleRateHz: 44_100 }
    const vp8 = { encoder: 'libvpx', options: { deadline: 'realtime', 'cpu-used': '8' } }
    const opus = { encoder: 'libopus', sampleRateHz: 48_000 }
    const fileOf = (extension: string) => join(folder, `upload.${extension}`)
    for (const extension of ['mov', 'mkv']) {
      await publisher.call('make', { path: fileOf(extension), seconds: 1, tracks: [h264, aac] })
    }
    await publisher.call('make', { path: fileOf('webm'), seconds: 1, tracks: [vp8, opus] })
    for (const [extension, format] of [['ts', 'mpegts'] as const, ['flv', 'flv'] as const]) {
      await publisher.call('remux', { from: fileOf('mov'), to: fileOf(extension), format })
    }
    const codecs = ['mov', 'mkv', 'webm', 'ts', 'flv'].map(async (extension) => {
      const tracks = await playUploaded(`name=${extension}&profiles=small`, fileOf(extension))
      return tracks.map(({ codec, units }) => `${extension}: ${codec} ${units.length > 10}`).sort()
    })
    assert.deepEqual(
      await Promise.all(codecs),
      ['mov', 'mkv', 'webm', 'ts', 'flv'].map((extension) => [`${extension}: aac true`, `${extension}: h264 true`]),
    )
  })

  test('beyond the CPU budget rungs are shed, and who asks for one is told why; sound and the source stay', async () => {
    const shed = await poll('the shed rung', async () => {
      const { renditions } = await tight.json<StreamView>('api/v1/streams/live/a')
      return renditions.find(({ state }) => state === 'shed')
    })
    assert.deepEqual([shed.name, /cores of 0.01/.test(shed.reason ?? '')], ['live/a/small', true])
    const steps = tight.lines.filter(({ event }) => event === 'rendition.shed')
    assert.deepEqual(
      steps.map(({ rung, level }) => [rung, level]),
      [
        ['small', 1],
        ['small', 2],
      ],
      'its frame rate first, then all of it, and nothing else',
    )
    const refused = await fetch(tight.http('live/a/small.ts'))
    assert.equal(refused.status, 503)
    assert.match(await refused.text(), /left out, because codec processes use/)
    assert.deepEqual((await play(tight, 'live/a/always.ts', 10)).tracks.length, 1)
    assert.deepEqual((await play(tight, 'live/a.ts', 10)).tracks.length, 2)
    assert.equal(await counted(tight, 'millrace_rendition_shed_level'), 2)
    assert.match(await (await fetch(tight.http('metrics'))).text(), /shed_level\{.*reason="cpu"\} 2/)
  })

  test('counts in the metrics what happened', async () => {
    const interrupted = server.lines.filter(({ event }) => event === 'ladder.interrupted').length
    assert.deepEqual([interrupted >= 3, await counted(server, 'millrace_codec_crashes_total')], [true, interrupted])
    assert.ok((await counted(server, 'millrace_codec_encoded_frames_total')) > 50)
    assert.ok((await counted(server, 'millrace_codec_cpu_seconds_total')) > 0)
  })
})

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
function play(server: TestServer, path: string, units: number): Promise<Reading> {
  return playUrl(server.http(path), units)
}
