import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { UnsupportedInputError } from '../../../media/errors.ts'
import { UnavailableError } from '../../../platform/errors.ts'
import { CodecProcess } from '../parent/codec-process.ts'
import { ask, clipKeyframe, madeKeyframe, NO_CODECS, type TestKeyframe } from '../testing/av-orders.ts'
import { ABSENT_LIBRARY, brokenLibrary } from '../testing/broken-library.ts'
import { RecordedLog } from '../testing/recorded-log.ts'
import { SnapshotService } from './snapshot-service.ts'

function makeService(library?: string) {
  const recorded = new RecordedLog()
  const { log } = recorded
  const processes: CodecProcess[] = []
  const codec = () => {
    const made = new CodecProcess({ log, purpose: 'pictures', ...(library === undefined ? {} : { library }) })
    processes.push(made)
    return made
  }
  return { service: new SnapshotService({ log, codec }), recorded, pid: () => processes[0]?.pid ?? 0 }
}

function decoded(picture: Uint8Array, format: 'jpg' | 'webp') {
  const data = Buffer.from(picture).toString('base64')
  const codec = format === 'jpg' ? 'mjpeg' : 'webp'
  const [frame] = ask({ what: 'decode', codec, config: '', packets: [{ data, pts: 0 }] }).frames
  return frame ?? assert.fail('nothing decoded')
}

const made = () => madeKeyframe('vp8', { widthPx: 320, heightPx: 240 })
const SOURCES: readonly { name: string; size: readonly [number, number]; keyframe: () => TestKeyframe | string }[] = [
  { name: 'H.264', size: [1920, 1080], keyframe: () => clipKeyframe('h264-aac-1080p25-bframes.mp4', 'h264') },
  { name: 'H.265', size: [1920, 1080], keyframe: () => clipKeyframe('h265-aac-1080p30.mp4', 'h265') },
  { name: 'VP9', size: [1080, 1080], keyframe: () => clipKeyframe('vp9-1080x1080.webm', 'vp9') },
  { name: 'VP8', size: [320, 240], keyframe: () => made() },
  { name: 'AV1', size: [320, 240], keyframe: () => madeKeyframe('av1', { widthPx: 320, heightPx: 240 }) },
]

describe('snapshots', { skip: NO_CODECS }, () => {
  for (const { name, size, keyframe } of SOURCES) {
    it(`are JPEG and WebP of ${name}, whole and scaled down`, async (t) => {
      const source = keyframe()
      if (typeof source === 'string') return t.skip(source)
      const { service } = makeService()
      await using _ = service
      for (const format of ['jpg', 'webp'] as const) {
        const whole = await service.snapshot({ key: 'k1', ...source }, format, undefined)
        const small = await service.snapshot({ key: 'k1', ...source }, format, size[0] / 4)
        const start = Buffer.from(whole.subarray(0, 12)).toString('latin1')
        assert.match(start, format === 'jpg' ? /^\xff\xd8\xff/ : /^RIFF....WEBP$/s)
        const [wholeFrame, smallFrame] = [decoded(whole, format), decoded(small, format)]
        assert.deepEqual([wholeFrame.widthPx, wholeFrame.heightPx], size)
        assert.deepEqual([smallFrame.widthPx, smallFrame.heightPx], [size[0] / 4, 2 * Math.floor(size[1] / 8 + 0.25)])
        assert.ok(Math.abs(wholeFrame.luma - smallFrame.luma) < 3)
      }
    })
  }

  it('are never larger than the video', async () => {
    const { service } = makeService()
    await using _ = service
    const keyframe = made()
    const picture = decoded(await service.snapshot({ key: 'k', ...keyframe }, 'jpg', 4000), 'jpg')
    assert.deepEqual([picture.widthPx, picture.heightPx], [320, 240])
  })

  it('are made once for a hundred who ask at the same time, and kept for those who come later', async () => {
    const { service } = makeService()
    await using _ = service
    const source = { key: 'k1', ...made() }
    const asked = Array.from({ length: 100 }, () => service.snapshot(source, 'jpg', 160))
    const pictures = await Promise.all(asked)
    assert.equal(service.madeCount, 1)
    assert.ok(pictures.every((picture) => picture === pictures[0]))
    assert.equal(await service.snapshot(source, 'jpg', 160), pictures[0])
    await service.snapshot({ ...source, key: 'k2' }, 'jpg', 160)
    assert.equal(service.madeCount, 2)
  })

  it('are tiles of many, made once for a hundred who ask at the same time; what does not decode is the one before', async () => {
    const { service } = makeService()
    await using _ = service
    const whole = made()
    const broken = { track: whole.track, data: new Uint8Array(500) }
    const tile = {
      columns: 3,
      rows: 2,
      cell: { widthPx: 64, heightPx: 36 },
      pictures: [whole, broken],
      places: [0, 1, 1],
      maxBytes: 100_000,
    }
    const tiles = await Promise.all(Array.from({ length: 100 }, () => service.tile('t', tile)))
    assert.equal(service.madeCount, 1)
    const frame = decoded(tiles[0] ?? assert.fail('no tile'), 'jpg')
    assert.deepEqual([frame.widthPx, frame.heightPx], [192, 72])
    const [one, three] = await Promise.all([service.tile('t1', { ...tile, places: [0] }), service.tile('t3', tile)])
    assert.ok(decoded(three, 'jpg').luma > decoded(one, 'jpg').luma, 'three pictures are brighter than one on black')
    const none = { ...tile, pictures: [broken], places: [0] }
    await assert.rejects(service.tile('none', none), UnsupportedInputError)
  })

  it('are decoded once, whatever their sizes and formats', async () => {
    const { service } = makeService()
    await using _ = service
    const source = { key: 'k1', ...made() }
    for (const format of ['jpg', 'webp'] as const)
      for (let widthPx = 20; widthPx <= 200; widthPx += 20) await service.snapshot(source, format, widthPx)
    assert.deepEqual([service.madeCount, service.decodedCount], [20, 1])
  })

  it('of one stream in all widths at once are refused, and do not keep others from theirs', async () => {
    const { service } = makeService()
    await using _ = service
    const source = made()
    const widths = Array.from({ length: 60 }, (_, at) => service.snapshot({ key: 'k1', ...source }, 'jpg', 20 + 2 * at))
    const other = service.snapshot({ key: 'k2', ...source }, 'jpg', 64)
    const results = await Promise.allSettled(widths)
    const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
    assert.ok(refused.length > 40 && refused.every((reason) => reason instanceof UnavailableError))
    assert.equal(decoded(await other, 'jpg').widthPx, 64)
  })

  it('go before tiles, which are no larger than they may be', async () => {
    const { service } = makeService()
    await using _ = service
    const source = made()
    const cell = { widthPx: 320, heightPx: 240 }
    const tile = { columns: 2, rows: 1, cell, pictures: [source], places: [0, 0] }
    const order: string[] = []
    const noted = (what: string, picture: Promise<Uint8Array>) =>
      picture.then((bytes) => {
        order.push(what)
        return bytes
      })
    const large = noted('large', service.tile('large', { ...tile, maxBytes: 1_000_000 }))
    const small = noted('small', service.tile('small', { ...tile, maxBytes: 1 }))
    const snapshot = noted('snapshot', service.snapshot({ key: 'k', ...source }, 'jpg', 64))
    const [largeBytes, smallBytes] = await Promise.all([large, small, snapshot])
    assert.deepEqual(order, ['large', 'snapshot', 'small'])
    assert.ok(smallBytes.length < 0.7 * largeBytes.length, `${smallBytes.length} of ${largeBytes.length} bytes`)
    assert.equal(decoded(smallBytes, 'jpg').widthPx, 640)
  })

  it('are not changed by what becomes of the bytes after the call', async () => {
    const { service } = makeService()
    await using _ = service
    const { track, data } = made()
    const view = Uint8Array.from(data)
    const asked = service.snapshot({ key: 'k1', track, data: view }, 'jpg', undefined)
    view.fill(0xdb)
    assert.deepEqual(await asked, await service.snapshot({ key: 'k2', track, data }, 'jpg', undefined))
  })

  it('are refused for damaged keyframes, and made of the next whole one', async (t) => {
    const whole = clipKeyframe('h264-aac-1080p25-bframes.mp4', 'h264')
    if (typeof whole === 'string') return t.skip(whole)
    const { track, data } = whole
    const { service, recorded } = makeService()
    await using _ = service
    const damaged = {
      flipped: data.map((byte, index) => (index > 2000 && index % 97 === 0 ? byte ^ 0x5a : byte)),
      cut: data.subarray(0, 3000),
      empty: new Uint8Array(0),
      zeros: new Uint8Array(5000),
      noise: Uint8Array.from({ length: 5000 }, (_, index) => (index * 167) & 255),
    }
    for (const [key, bytes] of Object.entries(damaged)) {
      await assert.rejects(service.snapshot({ key, track, data: bytes }, 'jpg', undefined), UnsupportedInputError, key)
    }
    const config = track.config.subarray(0, 9)
    await assert.rejects(service.snapshot({ key: 'c', track: { ...track, config }, data }, 'jpg', undefined))
    await service.snapshot({ key: 'whole', track, data }, 'jpg', 320)
    assert.deepEqual(recorded.events('warn'), [])
  })

  it('are not tried again for a keyframe under which the process died, and are made of the next', async () => {
    const { service, recorded, pid } = makeService()
    await using _ = service
    const source = made()
    await service.snapshot({ key: 'k1', ...source }, 'jpg', 160)
    process.kill(pid(), 'SIGSTOP')
    const deadly = service.snapshot({ key: 'k2', ...source }, 'jpg', 160)
    await new Promise((resolve) => setImmediate(resolve))
    process.kill(pid(), 'SIGKILL')
    await assert.rejects(deadly, UnavailableError)
    await assert.rejects(service.snapshot({ key: 'k2', ...source }, 'webp', 160), UnsupportedInputError)
    const picture = await service.snapshot({ key: 'k3', ...source }, 'jpg', 160)
    assert.equal(decoded(picture, 'jpg').widthPx, 160)
    assert.deepEqual(recorded.events('warn'), ['codec.died', 'snapshot.deadly-keyframe'])
  })

  it('are refused beyond what can be made in time', async () => {
    const { service } = makeService()
    await using _ = service
    const source = made()
    const asked = Array.from({ length: 60 }, (_, n) => service.snapshot({ key: `k${n}`, ...source }, 'jpg', 64))
    const results = await Promise.allSettled(asked)
    const refused = results.filter((result) => result.status === 'rejected')
    assert.ok(refused.length > 20 && refused.length < 40, `${refused.length}`)
    assert.ok(refused.every(({ reason }) => reason instanceof UnavailableError))
  })

  it('are refused once the service is closed', async () => {
    const { service } = makeService()
    await service.close()
    await assert.rejects(service.snapshot({ key: 'k', ...made() }, 'jpg', undefined), UnavailableError)
  })
})

describe('snapshots without codecs', () => {
  const track = { id: 1, kind: 'video', codec: 'vp8', clockRateHz: 90_000, config: new Uint8Array(8) } as const
  const source = {
    key: 'k',
    track: { ...track, codecString: 'vp8', widthPx: 2, heightPx: 2 },
    data: new Uint8Array(8),
  }

  it('are refused with what to install', async () => {
    using broken = brokenLibrary()
    for (const library of [ABSENT_LIBRARY, broken.library]) {
      const { service } = makeService(library)
      await assert.rejects(service.snapshot(source, 'jpg', undefined), (error) => {
        assert.ok(error instanceof UnavailableError)
        assert.match(error.message, /^pictures: .*install node-av$/s)
        return true
      })
      await service.close()
    }
  })
})
