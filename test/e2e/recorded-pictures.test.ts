import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { Av, skipWithoutNodeAv } from '../interop/support/av.ts'
import { run } from '../interop/support/command.ts'
import { poll } from '../support/poll.ts'
import { skipWithoutFfmpeg } from '../support/requirements.ts'
import { TestServer } from '../support/server.ts'

const WIDTH = 320
const HEIGHT = 180
const FPS = 25
const PICTURE_BYTES = WIDTH * HEIGHT * 3
/** Reached are 39.3 to 40.6 dB, and 20 by the frames beside the right one. */
const LEAST_PSNR_DB = 38
const H264 = { encoder: 'libx264', options: { preset: 'ultrafast', g: '25', bf: '2', crf: '12' } }

/** Against FFmpeg's own decoder: the right picture, and nearly as it is. */
describe('pictures of a recording', { skip: skipWithoutNodeAv() || skipWithoutFfmpeg() }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-at-'))
  let server: TestServer
  let id: string
  /** All of the recording as FFmpeg decodes it. */
  let pictures: readonly Buffer[]

  before(async () => {
    await using av = new Av()
    const clip = join(folder, 'clip.mp4')
    const ts = join(folder, 'clip.ts')
    await av.call('make', { path: clip, seconds: 4, tracks: [H264] })
    await av.call('remux', { from: clip, to: ts, format: 'mpegts' })
    server = await TestServer.start(['streams.rec/**.record=true', 'streams.rec/**.graceMs=0', 'hls.segmentMs=1000'])
    const push = request(server.http('rec/a.ts'), { method: 'POST' })
    push.write(readFileSync(ts))
    await server.live('rec/a')
    push.end()
    id = await poll('the recording', async () => {
      type Answer = { recordings: { id: string; isOpen: boolean }[] }
      const { recordings } = await server.json<Answer>('api/v1/recordings')
      return recordings.find(({ isOpen }) => !isOpen)?.id
    })
    const bytes = await decoded(clip)
    pictures = Array.from({ length: bytes.length / PICTURE_BYTES }, (_, at) =>
      bytes.subarray(at * PICTURE_BYTES, (at + 1) * PICTURE_BYTES),
    )
    assert.equal(pictures.length, 4 * FPS)
  })
  after(async () => {
    await server[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true })
  })

  const decoded = async (file: string) => {
    const raw = `${file}.rgb`
    const quiet = ['-v', 'error', '-nostdin', '-y']
    const as = ['-fps_mode', 'passthrough', '-pix_fmt', 'rgb24', '-f', 'rawvideo']
    const { code, stderr } = await run('ffmpeg', [...quiet, '-i', file, ...as, raw])
    assert.equal(code, 0, stderr)
    return readFileSync(raw)
  }

  for (const format of ['jpg', 'webp'] as const) {
    test(`?at= gives the frame that FFmpeg decodes for that time, as ${format}`, async () => {
      for (const index of [0, 12, 25, 49, 50, 63, 99]) {
        const response = await fetch(server.http(`vod/${id}/snapshot.${format}?at=${(index + 0.5) / FPS}`))
        assert.equal(response.status, 200)
        const file = join(folder, `${index}.${format}`)
        writeFileSync(file, Buffer.from(await response.arrayBuffer()))
        const picture = await decoded(file)
        const found = pictures.map((each) => psnrDb(picture, each))
        const best = Math.max(...found)
        assert.equal(found.indexOf(best), index, `frame ${found.indexOf(best)} instead of ${index}`)
        assert.ok(best > LEAST_PSNR_DB, `${best.toFixed(1)} dB`)
      }
    })
  }
})

function psnrDb(a: Buffer, b: Buffer): number {
  assert.equal(a.length, b.length, 'of the same size')
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += ((a[i] ?? 0) - (b[i] ?? 0)) ** 2
  return 10 * Math.log10((255 * 255 * a.length) / sum)
}
