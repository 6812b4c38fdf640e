import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { checkMpd } from '../../src/media/formats/dash/testing/check-mpd.ts'
import { checkPlaylist } from '../../src/media/formats/hls/testing/check-playlist.ts'
import { Av, skipWithoutNodeAv } from '../interop/support/av.ts'
import { poll } from '../support/poll.ts'
import { TestServer } from '../support/server.ts'

const H264 = { encoder: 'libx264', options: { preset: 'ultrafast', g: '25' } }
const codecsOf = ({ tracks }: { readonly tracks: readonly { readonly codec: string }[] }) =>
  tracks.map(({ codec }) => codec)
const ALAW = { encoder: 'pcm_alaw', sampleRateHz: 8000, channels: 1 } as const

describe('a recorded stream with sound of G.711', { skip: skipWithoutNodeAv() }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-g711-'))
  let server: TestServer
  let av: Av
  const publishers: Av[] = []

  before(async () => {
    av = new Av()
    await av.call('make', { path: join(folder, 'both.flv'), seconds: 4, tracks: [H264, ALAW] })
    await av.call('make', { path: join(folder, 'sound.flv'), seconds: 4, tracks: [ALAW] })
    server = await TestServer.start([
      'streams.rec/**.record=true',
      'streams.rec/**.graceMs=0',
      'streams.rec/as-it-is/**.convert=none',
      'hls.segmentMs=1000',
    ])
  })
  after(async () => {
    for (const each of [av, ...publishers]) await each[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true })
  })

  const get = async (path: string) => {
    const response = await fetch(server.http(path))
    return { status: response.status, text: await response.text() }
  }
  /** Publishes a file over and over; `end` stops it and resolves with the recording. */
  const publish = async (file: string, name = `rec/${file}`) => {
    const publisher = new Av()
    publishers.push(publisher)
    await publisher.call('publishForever', { from: join(folder, `${file}.flv`), url: server.rtmp(name) })
    await server.live(name)
    const end = async () => {
      await publisher[Symbol.asyncDispose]()
      return await poll('the recording', async () => {
        type Answer = { recordings: { id: string; isOpen: boolean }[] }
        const { recordings } = await server.json<Answer>(`api/v1/recordings?stream=${name}`)
        return recordings.find(({ isOpen }) => !isOpen)?.id
      })
    }
    return { end }
  }

  test('has sound in every list, live and recorded; the file has it as it came too', async () => {
    const { end } = await publish('both')
    for (const list of ['rec/both/index.m3u8', 'rec/both/manifest.mpd']) {
      const { status, text } = await get(list)
      assert.equal(status, 200, text)
      assert.match(text, /avc1\./)
      assert.match(text, /mp4a\.40\.2/)
      assert.doesNotMatch(text, /alaw/)
    }
    const live = await av.call('play', { url: server.http('rec/both/index.m3u8'), units: 50 })
    assert.deepEqual(new Set(codecsOf(live)), new Set(['h264', 'aac']))
    const id = await end()
    const hls = await get(`vod/${id}/index.m3u8`)
    const mpd = await get(`vod/${id}/manifest.mpd`)
    assert.deepEqual([checkPlaylist(hls.text), checkMpd(mpd.text)], [[], []])
    for (const { text } of [hls, mpd, await get('rec/both/index.m3u8?from=0')]) {
      assert.match(text, /mp4a\.40\.2/)
      assert.doesNotMatch(text, /alaw/)
    }
    const [, sound = ''] = /^#EXT-X-MEDIA:TYPE=AUDIO,.*URI="([^"]+)"/m.exec(hls.text) ?? []
    assert.deepEqual(checkPlaylist((await get(`vod/${id}/${sound}`)).text), [])
    const listed = await av.call('read', { url: server.http(`vod/${id}/index.m3u8`) })
    assert.deepEqual(new Set(codecsOf(listed)), new Set(['h264', 'aac']))
    const movie = join(folder, 'recorded.mp4')
    writeFileSync(movie, Buffer.from(await (await fetch(server.http(`vod/${id}.mp4`))).arrayBuffer()))
    const whole = await av.call('read', { url: movie })
    assert.deepEqual(codecsOf(whole), ['h264', 'pcm_alaw', 'aac'])
    const [, asItCame = [], converted = []] = whole.tracks.map(({ units }) => units.map(({ pts }) => pts))
    assert.equal(converted[0], asItCame[0])
    assert.ok((asItCame.at(-1) ?? 0) - (converted.at(-1) ?? 0) < 0.5)
    assert.ok(converted.every((pts, at) => at === 0 || Math.abs(pts - (converted[at - 1] ?? 0) - 0.128) < 0.001))
  })

  test('of a stream with sound alone the converted sound is listed', async () => {
    const { end } = await publish('sound')
    for (const list of ['index.m3u8', 'manifest.mpd']) {
      const { status, text } = await get(`rec/sound/${list}`)
      assert.deepEqual([status, /mp4a/.test(text), /alaw/.test(text)], [200, true, false])
    }
    const id = await end()
    const listed = await av.call('read', { url: server.http(`vod/${id}/index.m3u8`) })
    assert.deepEqual(codecsOf(listed), ['aac'])
  })

  test('where nothing may be converted pictures are listed without it, and sound alone is refused with what is missing', async () => {
    const pictures = await publish('both', 'rec/as-it-is/both')
    const { status, text } = await get('rec/as-it-is/both/index.m3u8')
    assert.deepEqual([status, /avc1\./.test(text), /alaw|mp4a/.test(text)], [200, true, false])
    await pictures.end()
    const { end } = await publish('sound', 'rec/as-it-is/sound')
    for (const list of ['index.m3u8', 'manifest.mpd']) {
      const { status, text } = await get(`rec/as-it-is/sound/${list}`)
      assert.deepEqual([status, /HLS and DASH cannot carry G\.711 A-law/.test(text)], [415, true])
    }
    const id = await end()
    for (const list of ['index.m3u8', 'manifest.mpd']) {
      const { status, text } = await get(`vod/${id}/${list}`)
      assert.deepEqual([status, /cannot carry G\.711 A-law; \/vod\/\S+\.mp4 has it/.test(text)], [415, true])
    }
    assert.equal((await fetch(server.http(`vod/${id}.mp4`), { method: 'HEAD' })).status, 200)
  })
})
