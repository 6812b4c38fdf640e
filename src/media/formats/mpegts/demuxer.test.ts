import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { LimitExceededError, MalformedInputError } from '../../errors.ts'
import { type Frame, type Track, ticks } from '../../model/index.ts'
import { TsMuxer } from './index.ts'
import { collector, demuxed, demuxedInPieces, muxed, summary } from './testing/collect.ts'
import { AAC, AV1, aacFrame, interleaved, OPUS, opusFrame, slice, VIDEO, videoFrame } from './testing/samples.ts'

const { tracks, frames } = interleaved(20)
const stream = muxed(tracks, frames)

/** Packets of one stride: M2TS has a time code in front, the other 16 bytes behind. */
function restrided(bytes: Uint8Array, before: number, behind: number): Uint8Array {
  const out: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += 188) {
    out.push(new Uint8Array(before), bytes.subarray(at, at + 188), new Uint8Array(behind))
  }
  return Uint8Array.from(Buffer.concat(out))
}

function packetAt(bytes: Uint8Array, pid: number, index: number): number {
  let seen = 0
  for (let at = 0; at < bytes.length; at += 188) {
    if (((((bytes[at + 1] ?? 0) & 31) << 8) | (bytes[at + 2] ?? 0)) === pid && seen++ === index) return at
  }
  throw new Error(`no packet ${index} of PID ${pid}`)
}

function without(bytes: Uint8Array, at: number): Uint8Array {
  return Uint8Array.from(Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 188)]))
}

test('tracks and frames come out as they went in', () => {
  const result = demuxed(stream)
  assert.deepEqual(
    result.tracks.map(({ id, codec, codecString }) => [id, codec, codecString]),
    [
      [1, 'h264', 'avc1.64000c'],
      [2, 'aac', 'mp4a.40.2'],
    ],
  )
  for (const id of [1, 2]) {
    const expected = frames.filter((frame) => frame.trackId === id)
    assert.deepEqual(
      result.frames.filter((frame) => frame.trackId === id),
      expected,
    )
  }
  assert.deepEqual(Object.values(result.demuxer.counters), [0, 0, 0, 0, 0, 0])
})

test('the split of the input makes no difference', () => {
  const whole = summary(demuxed(stream))
  assert.deepEqual(summary(demuxedInPieces(stream, [1])), whole)
  assert.deepEqual(summary(demuxedInPieces(stream, [188])), whole)
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 12 }), (sizes) => {
      assert.deepEqual(summary(demuxedInPieces(stream, sizes)), whole)
    }),
    { numRuns: 40 },
  )
})

test('packets of 192 and 204 bytes are read like those of 188', () => {
  const whole = summary(demuxed(stream))
  for (const [before, behind] of [
    [4, 0],
    [0, 16],
  ] as const) {
    const bytes = restrided(stream, before, behind)
    assert.deepEqual(summary(demuxed(bytes)), whole)
    assert.deepEqual(summary(demuxedInPieces(bytes, [1])), whole)
  }
})

test('garbage in front of the first packet is skipped', () => {
  const bytes = Uint8Array.from(Buffer.concat([new Uint8Array(1000).fill(0x47, 500, 501), stream]))
  assert.deepEqual(summary(demuxed(bytes)), summary(demuxed(stream)))
})

test('a lost sync is found again, with equal results for every split', () => {
  const cut = packetAt(stream, 0x100 + 1, 9)
  const bytes = Uint8Array.from(Buffer.concat([stream.subarray(0, cut + 50), stream.subarray(cut + 120)]))
  const result = demuxed(bytes)
  assert.equal(result.demuxer.counters.resyncs, 1)
  assert.ok(result.frames.length >= frames.length - 4)
  assert.deepEqual(summary(demuxedInPieces(bytes, [1])), summary(result))
  assert.deepEqual(summary(demuxedInPieces(bytes, [97, 300, 5])), summary(result))
})

test('a lost packet costs its PES packet and is counted', () => {
  const big = [0, 1, 2, 3].map((index) => videoFrame(index, 1000))
  const bytes = muxed([VIDEO], big)
  const result = demuxed(without(bytes, packetAt(bytes, 0x101, 8)))
  assert.equal(result.demuxer.counters.continuityErrors, 1)
  assert.equal(result.demuxer.counters.droppedPes, 1)
  assert.deepEqual(
    result.frames.map((frame) => frame.dtsTicks),
    [0, 2, 3].map((index) => big[index]?.dtsTicks),
  )
})

test('a repeated packet is read once, and a gap with discontinuity_indicator is none', () => {
  const at = packetAt(stream, 0x101, 3)
  const repeated = Uint8Array.from(Buffer.concat([stream.subarray(0, at + 188), stream.subarray(at)]))
  assert.deepEqual(summary(demuxed(repeated)), summary(demuxed(stream)))
})

test('sections that are damaged are ignored until they come again', () => {
  const bytes = stream.slice()
  const pmt = packetAt(bytes, 0x1000, 0)
  bytes[pmt + 20] = (bytes[pmt + 20] ?? 0) ^ 1
  const result = demuxed(bytes)
  // The second key frame repeats the tables.
  assert.equal(result.frames.find((frame) => frame.trackId === 1)?.dtsTicks, videoFrame(10, 1).dtsTicks)
})

test('a PES packet over the limit is a LimitExceededError', () => {
  const bytes = muxed([VIDEO], [videoFrame(0, 5000), videoFrame(1, 10)])
  assert.throws(() => demuxed(bytes, { maxPesBytes: 3000 }), LimitExceededError)
})

const FOREIGN: { name: string; bytes: Uint8Array }[] = [
  { name: 'FLV', bytes: Uint8Array.from(Buffer.from('FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00', 'latin1')) },
  { name: 'MP4', bytes: Uint8Array.from(Buffer.from('\x00\x00\x00\x20ftypisom\x00\x00', 'latin1')) },
  { name: 'Matroska', bytes: Uint8Array.from(Buffer.from('1a45dfa39f4286810142f7810142f281', 'hex')) },
]
for (const { name, bytes } of FOREIGN) {
  test(`${name} is called by its name`, () => {
    assert.throws(
      () => demuxed(bytes),
      (error) => error instanceof MalformedInputError && error.message.includes(name),
    )
    assert.throws(() => demuxedInPieces(bytes, [1]), new RegExp(name))
  })
}

test('64 KiB without a packet are no MPEG-TS', () => {
  assert.throws(() => collector().demuxer.push(new Uint8Array(70_000)), MalformedInputError)
  assert.throws(() => demuxed(new Uint8Array(500)), MalformedInputError)
  assert.deepEqual(demuxed(new Uint8Array(0)).frames, [])
})

test('a changed parameter set is a changed track, in front of its frame', () => {
  const changed = VIDEO.config.slice()
  changed[11] = 0x1e
  changed[3] = 0x1e
  const other: Track = { ...VIDEO, config: changed }
  const muxer = new TsMuxer()
  muxer.setTracks([VIDEO])
  const before = muxer.frame(videoFrame(0, 50)).map((part) => part.slice())
  muxer.setTracks([other])
  const bytes = Uint8Array.from(Buffer.concat([...before, ...muxer.frame(videoFrame(10, 50))]))
  const result = demuxed(bytes)
  assert.deepEqual(result.calls, ['track 1', 'frame 1', 'track 1', 'frame 1'])
  assert.deepEqual(
    result.tracks.map(({ codecString }) => codecString),
    ['avc1.64000c', 'avc1.64001e'],
  )
})

test('33-bit times go on over their end, for video and audio alike', () => {
  const base = 2 ** 33 - 7200
  const at = (frame: Frame, time: number): Frame => ({ ...frame, ptsTicks: ticks(time), dtsTicks: ticks(time) })
  const video = [0, 1, 2, 3, 4].map((index) => at(videoFrame(index, 40), base + index * 3600))
  const result = demuxed(muxed([VIDEO], video))
  assert.deepEqual(
    result.frames.map((frame) => frame.dtsTicks),
    video.map((frame) => frame.dtsTicks),
  )
})

test('Opus keeps its pre-skip, its packets and the trim at the end', () => {
  const packets = [opusFrame(0, 100), opusFrame(1, 255), opusFrame(2, 600), opusFrame(3, 510)]
  const last = packets[3]
  assert.ok(last)
  const frames = [...packets.slice(0, 3), { ...last, durationTicks: ticks(500) }]
  const result = demuxed(muxed([OPUS], frames))
  assert.deepEqual(result.tracks[0]?.config, OPUS.config)
  assert.deepEqual(result.frames, frames)
})

test('AV1 goes behind start codes and comes back as it was', () => {
  const body = [0, 0, 0, 0, 0, 1, 0, 0, 2, 0, 0, 3, 5, 0, 0]
  const key = Uint8Array.from([...AV1.config.subarray(4), 0x32, body.length + 1, 0x10, ...body])
  const inter = Uint8Array.from([0x32, body.length + 1, 0x30, ...body])
  const frames = [
    { ...videoFrame(0, 1), data: key },
    { ...videoFrame(1, 1), data: inter },
  ]
  const result = demuxed(muxed([AV1], frames))
  assert.deepEqual(result.tracks[0]?.config, AV1.config)
  assert.deepEqual(result.frames, frames)
})

test('languages are two-letter codes where there is one', () => {
  const result = demuxed(muxed([VIDEO, { ...AAC, language: 'de-AT' }], [videoFrame(0, 9), aacFrame(0, 9)]))
  assert.equal(result.tracks.find(({ id }) => id === 2)?.language, 'de')
})

test('further tracks are numbered in the order of the map', () => {
  const second = { ...AAC, id: 5 }
  const result = demuxed(
    muxed([VIDEO, AAC, second], [videoFrame(0, 9), aacFrame(0, 9), { ...aacFrame(0, 8), trackId: 5 }]),
  )
  assert.deepEqual(
    result.tracks.map(({ id }) => id),
    [1, 2, 3],
  )
})

test('an access unit with its own delimiter and parameter sets gets no second ones', () => {
  const own = Uint8Array.from(
    Buffer.from(
      `0000000209f0 0000001a6764000cacd941419f9f011000000300100000030320f1429960
    0000000468ef8fcb`.replaceAll(/\s/g, ''),
      'hex',
    ),
  )
  const data = Uint8Array.from([...own, ...slice('idr', 30)])
  const result = demuxed(muxed([VIDEO], [{ ...videoFrame(0, 1), data }]))
  assert.deepEqual(
    result.frames.map((frame) => frame.data),
    [slice('idr', 30)],
  )
  assert.deepEqual(result.tracks[0]?.config, VIDEO.config)
})
