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
      'profiles.pass.video.codec=copy',
      'profiles.pass.audio.codec=aac',
      'streams.rec/**.record=true',
      'streams.rec/**.graceMs=0',
      'streams.rec/both.ladder=[pass]',
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
  const publish = async (name: string) => {
    const publisher = new Av()
    publishers.push(publisher)
    await publisher.call('publishForever', { from: join(folder, `${name}.flv`), url: server.rtmp(`rec/${name}`) })
    await server.live(`rec/${name}`)
    const end = async () => {
      await publisher[Symbol.asyncDispose]()
      return await poll('the recording', async () => {
        type Answer = { recordings: { id: string; isOpen: boolean }[] }
        const { recordings } = await server.json<Answer>(`api/v1/recordings?stream=rec/${name}`)
        return recordings.find(({ isOpen }) => !isOpen)?.id
      })
    }
    return { end }
  }

  test('is listed with its pictures, live and recorded; the file and a rung with AAC have the sound', async () => {
    const { end } = await publish('both')
    for (const list of ['rec/both/index.m3u8', 'rec/both/manifest.mpd']) {
      const { status, text } = await get(list)
      assert.equal(status, 200, text)
      assert.match(text, /avc1\./)
      assert.doesNotMatch(text, /alaw/)
    }
    const converted = await get('rec/both/pass/index.m3u8')
    assert.match(converted.text, /CODECS="avc1\.\w+,mp4a\.40\.2"/)
    const id = await end()
    const hls = await get(`vod/${id}/index.m3u8`)
    const mpd = await get(`vod/${id}/manifest.mpd`)
    assert.deepEqual([checkPlaylist(hls.text), checkMpd(mpd.text)], [[], []])
    for (const { text } of [hls, mpd, await get('rec/both/index.m3u8?from=0')]) {
      assert.match(text, /avc1\./)
      assert.doesNotMatch(text, /alaw/)
    }
    const movie = join(folder, 'recorded.mp4')
    writeFileSync(movie, Buffer.from(await (await fetch(server.http(`vod/${id}.mp4`))).arrayBuffer()))
    const { tracks } = await av.call('read', { url: movie })
    assert.deepEqual(
      tracks.map(({ codec, units }) => [codec, units.length > 0]),
      [
        ['h264', true],
        ['pcm_alaw', true],
      ],
    )
  })

  test('is refused as HLS and DASH with what is missing where it has nothing else', async () => {
    const { end } = await publish('sound')
    for (const list of ['index.m3u8', 'manifest.mpd']) {
      const { status, text } = await get(`rec/sound/${list}`)
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
