import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { audioTrack, videoTrack } from '../../codecs/index.ts'
import { MalformedInputError, UnsupportedInputError } from '../../errors.ts'
import type { Frame } from '../../model/index.ts'
import { PCR_INTERVAL_TICKS, PCR_OFFSET_TICKS, TsMuxer } from './index.ts'
import { demuxed, muxed } from './testing/collect.ts'
import { AAC, aacFrame, interleaved, VIDEO, videoFrame } from './testing/samples.ts'

type Packet = {
  pid: number
  starts: boolean
  counter: number
  hasPayload: boolean
  randomAccess: boolean
  pcr?: number
}

function packets(bytes: Uint8Array): Packet[] {
  assert.equal(bytes.length % 188, 0)
  return Array.from({ length: bytes.length / 188 }, (_, index) =>
    readPacket(bytes.subarray(index * 188, index * 188 + 188)),
  )
}

function readPacket(p: Uint8Array): Packet {
  const at = (index: number) => p[index] ?? 0
  assert.equal(at(0), 0x47)
  const flags = (at(3) & 0x20) !== 0 && at(4) > 0 ? at(5) : 0
  const pcr =
    (flags & 0x10) === 0 ? {} : { pcr: at(6) * 2 ** 25 + at(7) * 2 ** 17 + at(8) * 2 ** 9 + at(9) * 2 + (at(10) >> 7) }
  return {
    pid: ((at(1) & 31) << 8) | at(2),
    starts: (at(1) & 0x40) !== 0,
    counter: at(3) & 15,
    hasPayload: (at(3) & 0x10) !== 0,
    randomAccess: (flags & 0x40) !== 0,
    ...pcr,
  }
}

test('continuity counters of every PID count every payload', () => {
  const { tracks, frames } = interleaved(40)
  const last = new Map<number, number>()
  for (const packet of packets(muxed(tracks, frames))) {
    if (!packet.hasPayload) continue
    const before = last.get(packet.pid)
    if (before !== undefined) assert.equal(packet.counter, (before + 1) & 15)
    last.set(packet.pid, packet.counter)
  }
  assert.deepEqual(
    [...last.keys()].sort((a, b) => a - b),
    [0, 0x101, 0x102, 0x1000],
  )
})

test('the tables stand in front of every video key frame, in the same result', () => {
  const muxer = new TsMuxer()
  muxer.setTracks([VIDEO, AAC])
  for (let index = 0; index < 30; index++) {
    const list = packets(muxer.frame(videoFrame(index, 300))[0] ?? new Uint8Array(0))
    const isKey = index % 10 === 0
    assert.deepEqual(
      list.slice(0, 2).map(({ pid }) => pid),
      isKey ? [0, 0x1000] : [0x101, 0x101],
    )
    assert.equal(
      list.some(({ randomAccess }) => randomAccess),
      isKey,
    )
  }
})

test('audio alone repeats the tables about every half second and starts with them', () => {
  const muxer = new TsMuxer()
  muxer.setTracks([AAC])
  const withTables = Array.from({ length: 100 }, (_, index) => index).filter((index) => {
    const part = muxer.frame(aacFrame(index, 50))[0] ?? new Uint8Array(0)
    return packets(part)[0]?.pid === 0
  })
  assert.deepEqual(withTables, [0, 24, 48, 72, 96])
  assert.deepEqual(
    packets(muxer.preamble()).map(({ pid }) => pid),
    [0, 0x1000],
  )
})

for (const step of [1500, 3600, 9000, 45_000]) {
  test(`frames ${step} ticks apart have a PCR at least every 40 ms, behind their dts`, () => {
    const muxer = new TsMuxer()
    muxer.setTracks([VIDEO])
    let last: number | undefined
    for (let index = 0; index < 30; index++) {
      const time = 900_000 + index * step
      const frame = { ...videoFrame(index, 400), ptsTicks: time, dtsTicks: time } as Frame
      for (const { pcr } of packets(muxer.frame(frame)[0] ?? new Uint8Array(0))) {
        if (pcr === undefined) continue
        if (last !== undefined) assert.ok(pcr > last && pcr - last <= PCR_INTERVAL_TICKS, `${pcr - last}`)
        assert.ok(pcr <= time - PCR_OFFSET_TICKS)
        last = pcr
      }
    }
    assert.equal(last, 900_000 + 29 * step - PCR_OFFSET_TICKS)
  })
}

test('frames of every size fill their packets to the last byte', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 2, max: 1200 }), { minLength: 1, maxLength: 12 }), (sizes) => {
      const frames = sizes.map((size, index) => videoFrame(index, size))
      assert.deepEqual(demuxed(muxed([VIDEO], frames)).frames, frames)
    }),
  )
})

test('a frame larger than 64 KiB is an unbounded PES packet', () => {
  const frames = [videoFrame(0, 200_000), videoFrame(1, 70_000), videoFrame(2, 10)]
  assert.deepEqual(demuxed(muxed([VIDEO], frames)).frames, frames)
})

test('parameter sets that are larger than any guess still fit', () => {
  const config = Buffer.concat([VIDEO.config.subarray(0, 34), Buffer.from([9])])
  const pps = Buffer.alloc(40_002, 0x5a)
  pps.writeUInt16BE(40_000)
  pps[2] = 0x68
  const sets = Array.from({ length: 9 }, (_, index) => {
    const copy = Buffer.from(pps)
    copy[3] = 0x80 >> index || 1
    return copy
  })
  const track = { ...VIDEO, config: Uint8Array.from(Buffer.concat([config, ...sets])) }
  const bytes = muxed([track], [videoFrame(0, 100), videoFrame(1, 100)])
  assert.deepEqual(
    demuxed(bytes).frames.map(({ data }) => data.length),
    [104, 104],
  )
})

test('tracks that MPEG-TS has no mapping for are left out, with the reason', () => {
  const vp8 = videoTrack(1, 'vp8', Uint8Array.of(0, 0, 0x82, 2, 2, 2, 0, 0))
  const muxer = new TsMuxer()
  muxer.setTracks([vp8, AAC])
  assert.deepEqual(
    muxer.skippedTracks.map(({ track }) => track.codec),
    ['vp8'],
  )
  assert.match(muxer.skippedTracks[0]?.reason ?? '', /VP8/)
  assert.deepEqual(muxer.frame(videoFrame(0, 10)), [])
  assert.throws(() => new TsMuxer().setTracks([vp8, audioTrack(2, 'pcmu', new Uint8Array(0))]), UnsupportedInputError)
})

test('a new track set brings a new map version with the next frame', () => {
  const muxer = new TsMuxer()
  muxer.setTracks([VIDEO])
  const first = (muxer.frame(videoFrame(0, 10))[0] ?? new Uint8Array(0)).slice()
  muxer.setTracks([VIDEO, AAC])
  const second = (muxer.frame(videoFrame(1, 10))[0] ?? new Uint8Array(0)).slice()
  assert.deepEqual(
    [first, second].map((bytes) => ((bytes[188 + 10] ?? 0) >> 1) & 31),
    [0, 1],
  )
  assert.equal(packets(second)[1]?.counter, 1)
})

test('a frame that is not canonical is a MalformedInputError', () => {
  const muxer = new TsMuxer()
  muxer.setTracks([VIDEO])
  assert.throws(() => muxer.frame({ ...videoFrame(0, 10), data: Uint8Array.of(0, 0, 9, 9, 1) }), MalformedInputError)
})

test('the bytes of a frame are one view on a buffer that is used again', () => {
  const muxer = new TsMuxer()
  muxer.setTracks([VIDEO])
  const first = muxer.frame(videoFrame(0, 500))
  const second = muxer.frame(videoFrame(1, 500))
  assert.equal(first.length, 1)
  assert.equal(first[0]?.buffer, second[0]?.buffer)
})
