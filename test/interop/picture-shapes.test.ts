import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { Mp4File } from '../../src/app/mp4-file.ts'
import { transcodeAsset } from '../../src/pipeline/transcode/index.ts'
import { resolveProfile } from '../../src/platform/config/index.ts'
import { skipWithoutFfmpeg } from '../support/requirements.ts'
import { skipWithoutNodeAv } from './support/av.ts'
import { codecStage } from './support/codec-stage.ts'
import { run } from './support/command.ts'

/** Options of FFmpeg's encoder, and of a copy into another file, where there is to be one. */
type Making = { readonly encoder?: readonly string[]; readonly copied?: readonly string[] }

const ENCODER = ['-c:v', 'libx264', '-pix_fmt', 'yuv420p', '-preset', 'ultrafast']

describe('pictures that are not upright, progressive, square and regular', {
  skip: skipWithoutNodeAv() || skipWithoutFfmpeg(),
}, () => {
  const stage = codecStage('shapes')
  const { folder, codec } = stage

  const ffmpeg = async (...args: string[]): Promise<string> => {
    const { code, stderr } = await run('ffmpeg', ['-hide_banner', '-nostdin', '-y', ...args])
    assert.equal(code, 0, stderr)
    return stderr
  }
  /** What FFmpeg's encoder makes of a lavfi source, and what our 320×180 profile makes of that. */
  const made = async (name: string, picture: string, { encoder = [], copied }: Making = {}) => {
    const encoded = join(folder, `${name}.mp4`)
    await ffmpeg('-f', 'lavfi', '-i', picture, ...ENCODER, ...encoder, encoded)
    const source = copied ? join(folder, `${name}-copied.mp4`) : encoded
    if (copied) await ffmpeg('-i', encoded, '-c', 'copy', ...copied, source)
    const result = join(folder, `${name}-made.mp4`)
    const settings = {
      video: { size: '320x180', bitrateKbps: 1000, preset: 'ultrafast' },
      audio: { codec: 'none' },
    } as const
    const file = new Mp4File(result)
    await transcodeAsset({ codec, path: source, profiles: [resolveProfile({ small: settings }, 'small')] }, file)
    await file.close()
    return { source, result }
  }
  /** Of what is coded: size, and shape of the samples. */
  const shape = async (file: string) => {
    const log = await ffmpeg('-noautorotate', '-i', file, '-f', 'null', '-')
    return /Video: .*?, (\d+x\d+)(?: \[SAR (\d+:\d+))?/.exec(log)?.slice(1, 3)
  }
  /** Of a part of the first picture as players show it, in 8 bits. */
  const lumaAt = async (file: string, crop: string): Promise<number> => {
    const filter = `format=gray,crop=${crop},scale=1:1:flags=area,signalstats,metadata=print:key=lavfi.signalstats.YAVG`
    const log = await ffmpeg('-i', file, '-frames:v', '1', '-vf', filter, '-f', 'null', '-')
    return Number(/YAVG=([\d.]+)/.exec(log)?.[1])
  }

  test('rotation is honoured: the box is turned, and so is what is seen', async () => {
    const picture = 'color=black:s=320x180:r=25:d=0.4,drawbox=w=160:h=180:c=white:t=fill'
    const { source, result } = await made('turned', picture, { copied: ['-metadata:s:v:0', 'rotate=90'] })
    assert.equal((await shape(source))?.[0], '320x180')
    assert.equal((await shape(result))?.[0], '180x320')
    // FFmpeg turns the source by itself when it decodes it.
    const [top, bottom] = ['100:100:40:20', '100:100:40:200'] as const
    const [sourceTop, sourceBottom] = [await lumaAt(source, top), await lumaAt(source, bottom)]
    assert.ok(Math.abs(sourceTop - sourceBottom) > 150, 'the halves of the source are above each other')
    assert.ok(Math.abs((await lumaAt(result, top)) - sourceTop) < 10, 'the same is at the top')
    assert.ok(Math.abs((await lumaAt(result, bottom)) - sourceBottom) < 10, 'and at the bottom')
  })

  test('samples become square, the aspect stays, and nothing is made larger', async () => {
    const wide = await made('wide', 'testsrc2=s=160x90:r=25:d=0.4,setsar=2')
    assert.deepEqual(await shape(wide.source), ['160x90', '2:1'])
    assert.deepEqual(await shape(wide.result), ['320x90', '1:1'])
    const tiny = await made('tiny', 'testsrc2=s=96x54:r=25:d=0.4')
    assert.equal((await shape(tiny.result))?.[0], '96x54')
    const tall = await made('tall', 'testsrc2=s=180x400:r=25:d=0.4')
    assert.equal((await shape(tall.result))?.[0], '144x320')
  })

  test('interlaced pictures are made progressive, one of each frame', async () => {
    const fields = 'testsrc2=s=320x180:r=50:d=2,tinterlace=interleave_top,fieldorder=tff,setfield=tff'
    const { source, result } = await made('fields', fields, {
      encoder: ['-flags', '+ildct+ilme', '-x264opts', 'tff=1'],
    })
    const combed = async (file: string) => {
      const log = await ffmpeg('-i', file, '-vf', 'idet', '-f', 'null', '-')
      const [, tff, progressive] = /Multi frame detection: TFF: *(\d+) BFF: *\d+ Progressive: *(\d+)/.exec(log) ?? []
      return { tff: Number(tff), progressive: Number(progressive) }
    }
    const [before, after] = [await combed(source), await combed(result)]
    assert.ok(before.tff > 40 && after.tff < 5, `${before.tff} interlaced pictures, afterwards ${after.tff}`)
    const { tracks } = await stage.av.call('read', { url: result })
    assert.equal(tracks[0]?.units.length, 50)
  })

  test('an irregular frame rate stays as it is, picture by picture', async () => {
    const irregular = "testsrc2=s=320x180:r=30:d=2,select='mod(n\\,3)*mod(n\\,7)'"
    const { source, result } = await made('irregular', irregular, { encoder: ['-vsync', 'vfr', '-bf', '2'] })
    const times = async (url: string) => {
      const { tracks } = await stage.av.call('read', { url })
      const pts = (tracks[0]?.units ?? []).map((unit) => unit.pts).sort((a, b) => a - b)
      return pts.map((time) => Math.round((time - (pts[0] ?? 0)) * 1000))
    }
    const expected = await times(source)
    assert.ok(expected.length > 25 && new Set(expected.map((time, at) => time - (expected[at - 1] ?? 0))).size > 2)
    assert.deepEqual(await times(result), expected)
  })
})
