import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { checkPresentation } from '../support/check-presentation.ts'
import { checkTsPresentation } from '../support/check-ts-presentation.ts'
import { poll } from '../support/poll.ts'
import { clip, fixture, hasCommand, skipUnless, skipWithoutFfmpeg } from '../support/requirements.ts'
import { TestServer } from '../support/server.ts'
import { Av, skipWithoutNodeAv } from './support/av.ts'
import type { Reading } from './support/av-messages.ts'
import { run } from './support/command.ts'
import { differences } from './support/compare.ts'
import { MATERIALS } from './support/material.ts'
import { ffmpegPackets, ffmpegPictures, gstreamerPictures, untilLive } from './support/peers.ts'

const HE_AAC_V2 = 'HE-AAC v2 only'
const NAMES = [
  'H.264 (B) + AAC',
  'HEVC (B) + AAC',
  'AV1 + Opus',
  'clip H.264 variable rate',
  HE_AAC_V2,
  'VP9 + FLAC',
  'H.264 + AC-3',
  'HEVC + E-AC-3',
  'H.264 + MP3',
  '2 video + 2 audio',
]
const CLASSIC = 'H.264 (B) + AAC'
const SETS = [
  'workers=1',
  'streams.**.graceMs=0',
  'streams.**.record=true',
  'streams.seg/unrecorded.record=false',
  'hls.segmentMs=1000',
  'hls.windowSegments=30',
  'delivery.lingerMs=60000',
]
/** RTMP has milliseconds, and FFmpeg rounds once more. */
const TOLERANCE = { tickSeconds: 0.002, record: 'same meaning', joinSeconds: 0 } as const

type Recordings = {
  readonly recordings: readonly { readonly id: string; readonly stream: string; readonly isOpen: boolean }[]
}

const MOST_LEFT_OUT = 3

/**
 * FFmpeg's DASH demuxer ends with the first track that it finds at its end, and leaves out the last units of those beside
 * it; in HLS it reads the same segments to the end.
 */
function untilTheFirstEnd(source: Reading, out: Reading): Reading {
  const tracks = source.tracks.map((track) => {
    const found = out.tracks.find(({ codec }) => codec === track.codec)?.units.length ?? 0
    const leftOut = track.units.length - found
    return leftOut > 0 && leftOut <= MOST_LEFT_OUT ? { ...track, units: track.units.slice(0, found) } : track
  })
  return { ...source, tracks }
}

async function bytesOf(url: string): Promise<Buffer> {
  const response = await fetch(url)
  assert.equal(response.status, 200, url)
  return Buffer.from(await response.arrayBuffer())
}

/** Access units as Debian's FFmpeg copies them, hash by hash: `stream hash` a line. */
async function ffmpegHashes(input: string): Promise<string[]> {
  const args = ['-v', 'error', '-nostdin', '-i', input, '-map', '0:v', '-map', '0:a', '-c', 'copy']
  const { stdout, stderr } = await run('ffmpeg', [...args, '-f', 'framemd5', '-'])
  assert.equal(stderr, '', input)
  return stdout
    .split('\n')
    .filter((line) => /^\d/.test(line))
    .map((line) => {
      const [stream, , , , , hash] = line.split(',')
      return `${stream} ${hash?.trim()}`
    })
    .sort()
}

describe('HLS and DASH read by others are what was published', { skip: skipWithoutNodeAv() }, () => {
  let server: TestServer
  let folder = ''
  /** Of a stream that nobody looks at before it is old. */
  const publisher = new Av()
  const files = new Map<string, string>()

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-segmented-'))
    server = await TestServer.start(SETS)
    await using av = new Av()
    for (const name of NAMES) {
      const material = MATERIALS.find((each) => each.name === name)
      const made = join(folder, `${files.size}.mp4`)
      const found = material?.fixture ? fixture(material.fixture) : made
      const path = material?.clip ? clip(material.clip) : found
      if (path === undefined) continue
      if (material?.tracks) await av.call('make', { path, tracks: material.tracks, seconds: 4 })
      files.set(name, path)
    }
    await publisher.call('publishForever', { from: files.get(CLASSIC) ?? '', url: server.rtmp('seg/unrecorded') })
  })
  after(async () => {
    await publisher[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })

  /** Publishes all of it and returns the folders of the ended stream and of its recording. */
  async function publish(av: Av, name: string, stream: string): Promise<string[]> {
    const from = files.get(name) ?? ''
    const { tracks } = await av.call('read', { url: from })
    await av.call('publishStart', { from, url: server.rtmp(stream), pauseSeconds: 0.75 })
    await untilLive(server, stream, tracks.length)
    const opened = fetch(server.http(`${stream}/index.m3u8`))
    await av.call('publishFinish', { url: server.rtmp(stream) })
    await opened
    const id = await poll('the closed recording', async () => {
      const { recordings } = await server.json<Recordings>('api/v1/recordings')
      return recordings.find((each) => each.stream === stream && !each.isOpen)?.id
    })
    return [server.http(stream), server.http(`vod/${id}`)]
  }

  NAMES.forEach((name, at) => {
    test(`${name}, by FFmpeg 8.1, and to the rules`, async (t) => {
      const from = files.get(name)
      if (from === undefined) return t.skip('the clips are not here')
      await using av = new Av()
      const source = await av.call('read', { url: from })
      for (const base of await publish(av, name, `seg/${at}`)) {
        assert.deepEqual(
          await checkPresentation((uri) => bytesOf(`${base}/${uri}`), 'manifest.mpd', { hasTiles: true }),
          [],
        )
        for (const file of ['index.m3u8', 'manifest.mpd']) {
          const out = await av.call('read', { url: `${base}/${file}` })
          // FFmpeg's DASH demuxer leaves out a first Opus packet in front of time 0; the box checks above see it.
          const isCut = file === 'manifest.mpd' && source.tracks.some(({ codec }) => codec === 'opus')
          const expected = file === 'manifest.mpd' ? untilTheFirstEnd(source, out) : source
          const problems = differences(expected, out, TOLERANCE).filter(
            (problem) => !isCut || !problem.startsWith('opus'),
          )
          assert.deepEqual(problems, [], `${base}/${file}`)
        }
      }
    })
  })

  test('closed captions are named in the list, and are there to FFmpeg', { skip: skipWithoutFfmpeg() }, async () => {
    const captioned = join(folder, 'captions.mp4')
    await using av = new Av()
    const video = { encoder: 'libx264', options: { preset: 'ultrafast', g: '25' }, captions: true }
    await av.call('make', { path: captioned, seconds: 3, tracks: [video] })
    files.set('captions', captioned)
    const [base = ''] = await publish(av, 'captions', 'seg/captions')
    const list = (await bytesOf(`${base}/index.m3u8`)).toString()
    assert.deepEqual(
      [...list.matchAll(/TYPE=CLOSED-CAPTIONS,.*INSTREAM-ID="(\w+)"/g)].map(([, id]) => id),
      ['CC1', 'SERVICE1'],
    )
    assert.match(list, /#EXT-X-STREAM-INF:.*CLOSED-CAPTIONS="captions"/)
    const what = ['-show_frames', '-show_entries', 'frame=pict_type:side_data=side_data_type', '-of', 'csv']
    const { stdout } = await run('ffprobe', ['-v', 'error', ...what, `${base}/index.m3u8`])
    assert.match(stdout, /^frame,I.*ATSC A53 Part 4 Closed Captions/m)
  })

  test('a range of luminance that is not the standard one is named in live and recorded lists', async () => {
    await using av = new Av()
    const hdr = 'colorprim=bt2020:colormatrix=bt2020nc'
    const made = [
      { encoder: 'libx264', options: { preset: 'ultrafast', g: '25', 'x264-params': `${hdr}:transfer=arib-std-b67` } },
      {
        encoder: 'libsvtav1',
        options: {
          preset: '12',
          'svtav1-params': 'color-primaries=9:transfer-characteristics=16:matrix-coefficients=9:keyint=25',
        },
      },
      { encoder: 'libx265', options: { preset: 'ultrafast', 'x265-params': `${hdr}:transfer=smpte2084:keyint=25` } },
    ]
    const ranges: string[] = []
    for (const track of made) {
      const { encoder } = track
      const clip = join(folder, `${encoder}-range.mp4`)
      await av.call('make', { path: clip, seconds: 3, tracks: [track] })
      files.set(encoder, clip)
      for (const base of await publish(av, encoder, `seg/range-${encoder}`))
        ranges.push(`${encoder} ${/VIDEO-RANGE=(\w+)/.exec((await bytesOf(`${base}/index.m3u8`)).toString())?.[1]}`)
    }
    assert.deepEqual(ranges, ['libx264 HLG', 'libx264 HLG', 'libsvtav1 PQ', 'libsvtav1 PQ', 'libx265 PQ', 'libx265 PQ'])
  })

  test('HE-AAC v2 is named in the lists, and is that to FFmpeg', { skip: skipWithoutFfmpeg() }, async () => {
    await using av = new Av()
    for (const base of await publish(av, HE_AAC_V2, 'seg/he')) {
      for (const file of ['index.m3u8', 'manifest.mpd']) {
        assert.match((await bytesOf(`${base}/${file}`)).toString(), /codecs="mp4a\.40\.29"/i)
        const entries = 'stream=profile,sample_rate,channels'
        const { stdout } = await run('ffprobe', [
          '-v',
          'error',
          '-show_entries',
          entries,
          '-of',
          'csv',
          `${base}/${file}`,
        ])
        assert.match(stdout, /^stream,HE-AACv2,48000,2$/m, `${base}/${file}`)
      }
    }
  })

  test('sound in two languages is a group of two renditions, and that to FFmpeg', {
    skip: skipWithoutFfmpeg(),
  }, async () => {
    const sound = (tone: number) => ['-f', 'lavfi', '-i', `sine=f=${tone}:r=48000`]
    const maps = [
      '-map',
      '0',
      '-map',
      '1',
      '-map',
      '2',
      '-metadata:s:a:0',
      'language=deu',
      '-metadata:s:a:1',
      'language=eng',
    ]
    const codecs = [
      '-t',
      '4',
      '-c:v',
      'libx264',
      '-preset',
      'ultrafast',
      '-g',
      '25',
      '-c:a',
      'aac',
      ...maps,
      '-f',
      'mpegts',
    ]
    const picture = ['-f', 'lavfi', '-i', 'testsrc2=s=160x90:r=25']
    const url = server.http('seg/languages.ts')
    await run('ffmpeg', [
      '-v',
      'error',
      '-nostdin',
      ...picture,
      ...sound(300),
      ...sound(600),
      ...codecs,
      '-method',
      'POST',
      url,
    ])
    const { recordings } = await server.json<Recordings>('api/v1/recordings')
    const id = recordings.find(({ stream }) => stream === 'seg/languages')?.id
    for (const base of [server.http('seg/languages'), server.http(`vod/${id}`)]) {
      const list = (await bytesOf(`${base}/index.m3u8`)).toString()
      const group = [
        ...list.matchAll(/^#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="(\w+)",NAME="(\w+)",LANGUAGE="(\w+)"(,DEFAULT=YES)?/gm),
      ]
      assert.deepEqual(
        group.map(([, id, name, language, isDefault]) => [id, name, language, isDefault !== undefined]),
        [
          ['audio', 'de', 'de', true],
          ['audio', 'en', 'en', false],
        ],
        list,
      )
      const text = (await bytesOf(`${base}/manifest.mpd`)).toString()
      assert.deepEqual(text.match(/ lang="\w+"|<Period /g), ['<Period ', ' lang="de"', ' lang="en"'], 'from the start')
      const entries = ['-show_entries', 'stream=codec_name:stream_tags=language', '-of', 'csv=p=0']
      const { stdout } = await run('ffprobe', [
        '-v',
        'error',
        '-select_streams',
        'a',
        ...entries,
        `${base}/manifest.mpd`,
      ])
      // Its programs, without tags, come first.
      assert.deepEqual(stdout.match(/^aac,\w+$/gm)?.sort(), ['aac,de', 'aac,en'])
    }
  })

  test("by Debian's FFmpeg and by GStreamer's hlsdemux2 and dashdemux2", {
    skip: skipWithoutFfmpeg() || skipUnless(hasCommand('gst-launch-1.0'), 'GStreamer'),
  }, async () => {
    await using av = new Av()
    const expected = await ffmpegHashes(files.get(CLASSIC) ?? '')
    const pictures = await ffmpegPictures(files.get(CLASSIC) ?? '')
    for (const base of await publish(av, CLASSIC, 'seg/debian')) {
      for (const file of ['index.m3u8', 'manifest.mpd']) {
        assert.deepEqual(await ffmpegHashes(`${base}/${file}`), expected, `${base}/${file}`)
        assert.deepEqual(await gstreamerPictures(`${base}/${file}`), pictures, `${base}/${file}`)
      }
    }
  })

  test('MPEG-TS segments, by FFmpeg 8.1 and GStreamer', {
    skip: skipUnless(hasCommand('gst-launch-1.0'), 'GStreamer'),
  }, async () => {
    await using av = new Av()
    const from = files.get(CLASSIC) ?? ''
    const source = await av.call('read', { url: from })
    const [base = ''] = await publish(av, CLASSIC, 'seg/ts')
    assert.deepEqual(await checkTsPresentation((uri) => bytesOf(`${base}/${uri}`)), [])
    for (const file of ['index-ts.m3u8', 'ts.m3u8']) {
      const out = await av.call('read', { url: `${base}/${file}` })
      assert.deepEqual(differences(source, out, TOLERANCE), [], file)
    }
    assert.deepEqual(await gstreamerPictures(`${base}/ts.m3u8`), await ffmpegPictures(from))
  })

  test('live DASH and HLS, by FFmpeg and GStreamer: what they read was published', {
    skip: skipWithoutFfmpeg() || skipUnless(hasCommand('gst-launch-1.0'), 'GStreamer'),
  }, async () => {
    await using av = new Av()
    const from = files.get(CLASSIC) ?? ''
    const packets = new Set((await ffmpegHashes(from)).map((line) => line.slice(2)))
    const pictures = new Set(await ffmpegPictures(from))
    await av.call('publishForever', { from, url: server.rtmp('seg/live') })
    await untilLive(server, 'seg/live', 2)
    await bytesOf(server.http('seg/live/t1.m3u8'))
    const FORMS = [
      ['manifest.mpd', 'v'],
      ['manifest.mpd', 'a'],
      ['manifest.mpd?template=number', 'v'],
      ['index.m3u8', 'v'],
    ] as const
    const byFfmpeg = FORMS.map(async ([file, kind]) => {
      const read = await ffmpegPackets(server.http(`seg/live/${file}`), kind, 25)
      assert.equal(read.length, 25, `${kind} of ${file}`)
      assert.deepEqual(
        read.filter((hash) => !packets.has(hash)),
        [],
        `${kind} of ${file}`,
      )
    })
    // Joining in the middle, its decoder may begin with pictures that lack their references.
    await poll('a stream that is older than players stay behind', async () => {
      const { startedAt } = await server.json<{ readonly startedAt: string }>('api/v1/streams/seg/unrecorded')
      return Date.now() - Date.parse(startedAt) > 10_000 ? true : undefined
    })
    const LISTS = ['index.m3u8', 'ts.m3u8', 'manifest.mpd', 'manifest.mpd?template=number']
    const live = [...LISTS.map((file) => `live/${file}`), 'unrecorded/manifest.mpd']
    const byGstreamer = live.map(async (file) => {
      const shown = await gstreamerPictures(server.http(`seg/${file}`), 40)
      const known = shown.filter((hash) => pictures.has(hash)).length
      assert.ok(known >= 20, `${known} of ${shown.length} pictures of ${file} were published`)
    })
    await Promise.all([...byFfmpeg, ...byGstreamer])
  })
})
