import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { readMpd } from '../../src/media/formats/dash/testing/read-mpd.ts'
import { parseMediaPlaylist } from '../../src/media/formats/hls/index.ts'
import { checkPlaylist } from '../../src/media/formats/hls/testing/check-playlist.ts'
import { checkSegment } from '../../src/media/formats/mp4/testing/check-cmaf.ts'
import { Av, skipWithoutNodeAv } from '../interop/support/av.ts'
import { run } from '../interop/support/command.ts'
import { EventReader } from '../support/event-reader.ts'
import { counted, labelled } from '../support/metrics.ts'
import { poll } from '../support/poll.ts'
import { ROOT, skipWithoutFfmpeg } from '../support/requirements.ts'
import { TestServer } from '../support/server.ts'
import { assertSteady, common, keysIn, playUrl, video, watcher } from '../support/units.ts'

const SMALL = [
  'profiles.small.video.size=160x90',
  'profiles.small.video.bitrateKbps=150',
  'profiles.small.video.preset=ultrafast',
]
const SETS = [
  ...SMALL,
  'profiles.hevc.video.codec=h265',
  'profiles.hevc.video.size=160x90',
  'profiles.hevc.video.bitrateKbps=150',
  'profiles.hevc.video.preset=ultrafast',
  'profiles.tiny.video.size=96x54',
  'profiles.tiny.video.preset=ultrafast',
  ...['stream={stream}', 'time={time}', 'fixed=fixed'].flatMap((each) => {
    const [name = '', text = ''] = each.split('=')
    const of = `profiles.${name}.video`
    return [`${of}.text="${text}"`, `${of}.corner=top-left`, `${of}.size=320x180`, `${of}.preset=ultrafast`]
  }),
  'workers=2',
  'hls.segmentMs=1000',
  'streams.three/**.ladder=[small, hevc, tiny]',
  'streams.three/**.ladderMode=always',
  'streams.crash/**.ladder=[small]',
  'streams.text/**.ladder=[stream, time, fixed]',
  'streams.watched/**.watch=true',
  'delivery.lingerMs=60000',
  'transcode.idleMs=60000',
]
const AAC = { encoder: 'aac', sampleRateHz: 44_100 }
const H264 = { encoder: 'libx264', options: { preset: 'ultrafast', g: '25', bf: '2' } }

describe('the codec module', { skip: skipWithoutNodeAv() }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-codecs-'))
  const clip = join(folder, 'source.mp4')
  let server: TestServer
  let publisher: Av

  before(async () => {
    publisher = new Av()
    await publisher.call('make', { path: clip, seconds: 4, tracks: [H264, AAC] })
    server = await TestServer.start(SETS)
    await publish(clip, 'three/a')
  })
  after(async () => {
    await publisher[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true })
  })

  const publish = async (from: string, ...names: readonly string[]) => {
    for (const name of names) {
      await publisher.call('publishForever', { from, url: server.rtmp(name) })
      await server.live(name)
    }
  }
  const bytes = async (path: string) => {
    const response = await fetch(server.http(path))
    assert.equal(response.status, 200, path)
    return Buffer.from(await response.arrayBuffer())
  }
  const text = async (path: string) => (await bytes(path)).toString()
  /** Of a codec process of the ladder of `stream`, newer than `than`. */
  const pidOf = (stream: string, than?: number) =>
    poll(`a codec process of ${stream}`, () => {
      const started = server.lines.findLast((line) => line.event === 'codec.started' && line.stream === stream)
      return started && Number(started.pid) !== than ? Number(started.pid) : undefined
    })

  test('decodes a source once for all of its rungs', async () => {
    await poll('twice as many pictures encoded as decoded', async () => {
      const [decoded, encoded] = await Promise.all([
        counted(server, 'millrace_codec_decoded_frames_total'),
        counted(server, 'millrace_codec_encoded_frames_total'),
      ])
      return decoded > 50 && encoded > 2 * decoded ? true : undefined
    })
  })

  test('makes a rung of H.265 with the keyframes of its source, for HLS, DASH and progressive MP4', async () => {
    await using player = new Av()
    const read = (path: string, units: number) => player.call('play', { url: server.http(path), units })
    const [source, rung] = await Promise.all([read('three/a.mp4', 75), read('three/a/hevc.mp4', 75)])
    assert.deepEqual(rung.tracks.map(({ codec }) => codec).sort(), ['aac', 'hevc'])
    const { from, to } = common(video(source), video(rung))
    assert.ok(to - from > 1, `only ${to - from} s in common`)
    assert.deepEqual(keysIn(video(rung), from, to), keysIn(video(source), from, to))
    const list = await text('three/a/index.m3u8')
    assert.deepEqual(checkPlaylist(list), [])
    assert.match(list, /CODECS="hvc1\.[^"]*mp4a\.40\.2",RESOLUTION=160x90,.*\nhevc\/t1\.m3u8/)
    assert.match(await text('three/a/manifest.mpd'), /codecs="hvc1\.[^"]*"/)
    for (const file of ['index.m3u8', 'manifest.mpd']) {
      const { tracks } = await player.call('play', { url: server.http(`three/a/hevc/${file}`), units: 25 })
      assert.deepEqual(tracks.map((track) => track.codec).sort(), ['aac', 'hevc'], file)
    }
  })

  test('after SIGKILL a rung has a discontinuity, a period, and a keyframe behind it', async () => {
    const list = 'three/a/small/t1.m3u8'
    await poll('segments', async () => (parseMediaPlaylist(await text(list)).segments.length >= 2 ? true : undefined))
    process.kill(await pidOf('three/a'), 'SIGKILL')
    const segment = await poll('a segment behind the discontinuity', async () => {
      const { segments } = parseMediaPlaylist(await text(list))
      return segments.find(({ discontinuity }, at) => discontinuity && at > 0)
    })
    const [init, media] = await Promise.all([
      bytes(`three/a/small/${segment.map?.uri}`),
      bytes(`three/a/small/${segment.uri}`),
    ])
    const { problems, isIndependent } = checkSegment(init, media)
    assert.deepEqual([problems, isIndependent], [[], true])
    assert.equal(readMpd(await text('three/a/small/manifest.mpd')).periods.length, 2)
  })

  test('a codec process that dies again and again waits longer each time; other streams go on', async () => {
    await publish(clip, 'crash/b')
    using _watching = await watcher(server.http('crash/b/small.ts'))
    const other = playUrl(server.http('three/a/small.ts'), 75)
    const source = playUrl(server.http('crash/b.ts'), 75)
    let pid: number | undefined
    for (let times = 0; times < 3; times++) {
      pid = await pidOf('crash/b', pid)
      process.kill(pid, times === 1 ? 'SIGSEGV' : 'SIGKILL')
    }
    const waits = await poll('three deaths', () => {
      const died = server.lines.filter(({ event, stream }) => event === 'codec.died' && stream === 'crash/b')
      return died.length === 3 ? died.map(({ restartAfterMs }) => Number(restartAfterMs)) : undefined
    })
    assert.deepEqual(
      waits.map((wait) => wait / (waits[0] ?? 1)),
      [1, 2, 4],
    )
    for (const reading of await Promise.all([other, source])) assertSteady(video(reading))
  })

  test('a codec process that holds too much memory is replaced, and its source notices nothing', async () => {
    await using small = await TestServer.start([
      ...SMALL,
      'streams.**.ladder=[small]',
      'streams.**.ladderMode=always',
      'transcode.maxProcessBytes=67108864',
    ])
    await publisher.call('publishForever', { from: clip, url: small.rtmp('live/m') })
    await small.live('live/m')
    const source = playUrl(small.http('live/m.ts'), 75)
    const deaths = await poll('two replacements', () => {
      const died = small.lines.filter(({ event }) => event === 'codec.died')
      return died.length >= 2 ? died : undefined
    })
    // The one that makes pictures is replaced between two of them.
    for (const width of [16, 18, 20])
      assert.equal((await fetch(small.http(`live/m/snapshot.jpg?width=${width}`))).status, 200)
    const replaced = small.lines.filter(({ event, purpose }) => event === 'codec.replaced' && purpose === 'pictures')
    assert.ok(replaced.length >= 2, `${replaced.length} of the processes that made 3 pictures`)
    for (const { problem } of [...deaths, ...replaced])
      assert.match(String(problem), /^it holds \d+ MiB, more than transcode/)
    assertSteady(video(await source))
  })

  test('files that are empty, cut off, encrypted or of other codecs: what is wrong is said, on the command line and by the API', {
    skip: skipWithoutFfmpeg(),
  }, async () => {
    const file = (name: string) => join(folder, name)
    const ffmpeg = async (...args: readonly string[]) => {
      const { code, stderr } = await run('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...args])
      assert.equal(code, 0, stderr)
    }
    await ffmpeg('-i', clip, '-c', 'copy', '-movflags', '+faststart', file('whole.mp4'))
    const key = [
      '-encryption_key',
      '76a6c65c5ea762046bd749a2e632ccbb',
      '-encryption_kid',
      'a7e61c373e219033c21091fa607bf3b8',
    ]
    await ffmpeg('-i', clip, '-c', 'copy', '-encryption_scheme', 'cenc-aes-ctr', ...key, file('encrypted.mp4'))
    await ffmpeg(
      '-f',
      'lavfi',
      '-i',
      'testsrc2=s=160x90:d=1',
      '-i',
      clip,
      '-map',
      '0',
      '-map',
      '1:a',
      '-c:v',
      'prores_ks',
      file('prores.mov'),
    )
    const subtitles = file('words.srt')
    writeFileSync(subtitles, '1\n00:00:00,000 --> 00:00:01,000\nwords\n')
    await ffmpeg('-i', subtitles, file('words.mkv'))
    const whole = readFileSync(file('whole.mp4'))
    const indexless = readFileSync(clip)
    const unknown = Buffer.from(whole.toString('latin1').replaceAll('avc1', 'zzzz'), 'latin1')
    const REFUSED: readonly (readonly [string, Buffer, RegExp])[] = [
      ['empty', Buffer.alloc(0), /the file is empty/],
      [
        'indexless',
        indexless.subarray(0, indexless.length / 2),
        /its end is missing, where MP4 and MOV have their index/,
      ],
      ['encrypted', readFileSync(file('encrypted.mp4')), /the file is encrypted/],
      ['prores', readFileSync(file('prores.mov')), /prores is not taken in; convert the file first/],
      ['unknown', unknown, /video of an unknown codec is not taken in/],
      ['words', readFileSync(file('words.mkv')), /neither pictures nor sound/],
    ]
    type Asset = { readonly id: string; readonly state: string; readonly warning?: string }
    const upload = (name: string, body: Buffer) =>
      fetch(server.http(`api/v1/assets?name=${name}&profiles=tiny`), { method: 'POST', body: Uint8Array.from(body) })
    for (const [name, body, reason] of REFUSED) {
      const answer = await upload(name, body)
      assert.deepEqual([name, answer.status], [name, 415])
      assert.match(await answer.text(), reason)
    }
    const sets = [...SMALL, `storage.path=${server.storagePath}`].flatMap((set) => ['--set', set])
    const transcode = (source: string) =>
      run(process.execPath, [
        join(ROOT, 'src/main.ts'),
        'transcode',
        source,
        '--profile',
        'small',
        '--output',
        file('o.mp4'),
        ...sets,
      ])
    const encrypted = await transcode(file('encrypted.mp4'))
    assert.deepEqual([encrypted.code, /millrace: the file is encrypted/.test(encrypted.stderr)], [1, true])

    const cut = whole.subarray(0, whole.length / 2)
    writeFileSync(file('cut.mp4'), cut)
    const onCommandLine = await transcode(file('cut.mp4'))
    assert.equal(onCommandLine.code, 0)
    assert.match(onCommandLine.stderr, /millrace: the file ends after [12]\.\d of 4\.\d seconds: its end is missing/)
    const { id } = (await (await upload('cut', cut)).json()) as Asset
    const asset = await poll('the end of the asset', async () => {
      const each = await server.json<Asset>(`api/v1/assets/${id}`)
      return each.state === 'done' ? each : undefined
    })
    assert.match(asset.warning ?? '', /its end is missing/)
  })

  test('a film keeps all of its sound tracks, with their languages', { skip: skipWithoutFfmpeg() }, async () => {
    const film = join(folder, 'languages.mkv')
    const tones = [440, 880, 1320, 1760].flatMap((hz) => ['-f', 'lavfi', '-i', `sine=f=${hz}:d=4`])
    const maps = ['0:v', '1:a', '2:a', '3:a', '4:a'].flatMap((map) => ['-map', map])
    const languages = ['eng', 'ger', 'eng', 'und'].flatMap((code, at) => [`-metadata:s:a:${at}`, `language=${code}`])
    const codecs = ['-c:v', 'copy', '-c:a:0', 'aac', '-c:a:1', 'ac3', '-c:a:2', 'flac', '-c:a:3', 'libopus']
    const made = await run('ffmpeg', [
      '-v',
      'error',
      '-y',
      '-i',
      clip,
      ...tones,
      ...maps,
      ...languages,
      ...codecs,
      film,
    ])
    assert.equal(made.code, 0, made.stderr)
    const upload = `api/v1/assets?name=languages&profiles=tiny,hevc`
    const answer = await fetch(server.http(upload), { method: 'POST', body: Uint8Array.from(readFileSync(film)) })
    const { id } = (await answer.json()) as { id: string }
    const { recordingId } = await poll('the recording', async () => {
      const each = await server.json<{ state: string; recordingId?: string }>(`api/v1/assets/${id}`)
      return each.state === 'done' ? each : undefined
    })
    const list = await text(`vod/${recordingId}/index.m3u8`)
    const sounds = list.split('\n').filter((line) => line.startsWith('#EXT-X-MEDIA:TYPE=AUDIO'))
    assert.deepEqual(
      sounds.map((line) => [/NAME="([^"]+)"/.exec(line)?.[1], /LANGUAGE="(\w+)"/.exec(line)?.[1]]),
      [
        ['en 1', 'en'],
        ['de', 'de'],
        ['en 3', 'en'],
        ['audio 4', undefined],
      ],
    )
    const { tracks } = await publisher.call('read', { url: server.http(`vod/${recordingId}.mp4`) })
    assert.deepEqual(tracks.map(({ codec }) => codec).sort(), ['aac', 'aac', 'aac', 'aac', 'h264', 'hevc'])
    for (const { kind, units } of tracks) if (kind === 'audio') assert.ok(units.length > 150, `${units.length} frames`)
  })

  test('writes the name of the stream and the time on the picture', { skip: skipWithoutFfmpeg() }, async () => {
    const grey = join(folder, 'grey.flv')
    const made = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '25', '-pix_fmt', 'yuv420p', grey]
    await run('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', 'color=gray:s=320x180:r=25:d=10', ...made])
    await publish(grey, 'text/one', 'text/another')
    const corner = async (stream: string, rung: string) =>
      cornerOf(folder, await bytes(`${stream}/${rung}/snapshot.jpg`))
    const rungs = ['one', 'another'].flatMap((name) => ['stream', 'fixed'].map((rung) => `text/${name}/${rung}`))
    await Promise.all([...rungs, 'text/one/time'].map((rung) => bytes(`${rung}/t1.m3u8`)))
    const [one, another] = [await corner('text/one', 'stream'), await corner('text/another', 'stream')]
    assert.ok(difference(one, another) > 2, 'the names differ')
    const [fixed, alsoFixed] = [await corner('text/one', 'fixed'), await corner('text/another', 'fixed')]
    assert.ok(difference(fixed, alsoFixed) < 0.5, 'all else is the same')
    const first = await corner('text/one', 'time')
    await poll('the time to move on', async () =>
      difference(first, await corner('text/one', 'time')) > 0.5 ? true : undefined,
    )
    assert.ok(difference(fixed, await corner('text/one', 'fixed')) < 0.5, 'and what is fixed does not')
  })

  test('a watched stream: loudness as FFmpeg measures it; silence, black and frozen pictures in metrics, log and events', {
    skip: skipWithoutFfmpeg(),
  }, async () => {
    const dark = join(folder, 'dark.flv')
    const picture = 'color=black:s=160x90:r=25:d=4[a];testsrc2=s=160x90:r=25:d=4[b];[a][b]concat'
    const sound = 'aevalsrc=if(lt(t\\,4)\\,0\\,sin(2*PI*440*t)/4):s=48000:d=8'
    const inputs = ['-v', 'error', '-f', 'lavfi', '-i', picture, '-f', 'lavfi', '-i', sound]
    const video = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '25', '-pix_fmt', 'yuv420p']
    await run('ffmpeg', [...inputs, ...video, '-c:a', 'aac', dark])
    const { stderr } = await run('ffmpeg', ['-nostdin', '-i', dark, '-map', '0:a', '-af', 'ebur128', '-f', 'null', '-'])
    const expected = Number([...stderr.matchAll(/I:\s+(-?[\d.]+) LUFS/g)].at(-1)?.[1])
    const beforeMs = Date.now()
    await using told = await EventReader.open(server.http('api/v1/events?stream=watched/c'))
    await publish(dark, 'watched/c')
    const seen = new Set<string>()
    const WHATS = ['silence', 'black', 'freeze']
    type View = { readonly watch?: { readonly lasting: readonly { what: string; since: string }[] } }
    const lasting = await poll('the silence in the API', async () => {
      const { watch } = await server.json<View>('api/v1/streams/watched/c')
      return watch?.lasting.find(({ what }) => what === 'silence')
    })
    const sinceMs = Date.parse(lasting.since)
    assert.ok(sinceMs > beforeMs - 5000 && sinceMs < Date.now(), lasting.since)
    await poll('all of it', async () => {
      for (const { what = '' } of await labelled(server, 'millrace_stream_watched', 'watched/c')) seen.add(what)
      return WHATS.every((what) => seen.has(what)) ? true : undefined
    })
    for (const what of WHATS) {
      for (const state of ['began', 'ended']) {
        await server.log(
          (line) => line.event === `stream.${what}` && line.state === state && line.stream === 'watched/c',
        )
        const { data } = await told.until((event) => event.type === `stream.${what}` && event.data.state === state)
        assert.ok(Math.abs(Date.parse(String(data.since)) - sinceMs) < 60_000, JSON.stringify(data))
      }
    }
    await poll(`a loudness of ${expected} LUFS`, async () => {
      const rows = await labelled(server, 'millrace_stream_loudness_lufs', 'watched/c')
      const integrated = rows.find(({ window }) => window === 'integrated')
      return Math.abs(Number(integrated?.value) - expected) < 1 ? true : undefined
    })
  })
})

/** Luma of the top left of a picture. */
async function cornerOf(folder: string, picture: Buffer): Promise<Buffer> {
  const [from, to] = [join(folder, 'picture.jpg'), join(folder, 'picture.gray')]
  writeFileSync(from, picture)
  const crop = ['-vf', 'crop=200:40:0:0', '-pix_fmt', 'gray', '-f', 'rawvideo']
  const { code, stderr } = await run('ffmpeg', ['-v', 'error', '-nostdin', '-y', '-i', from, ...crop, to])
  assert.equal(code, 0, stderr)
  return readFileSync(to)
}
function difference(a: Buffer, b: Buffer): number {
  return a.reduce((sum, value, at) => sum + Math.abs(value - (b[at] ?? 0)), 0) / a.length
}
