import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FlvDemuxer, FlvTagDemuxer } from '../../media/formats/flv/index.ts'
import { Fmp4Demuxer } from '../../media/formats/mp4/index.ts'
import { TsDemuxer } from '../../media/formats/mpegts/index.ts'
import { interleaved } from '../../media/formats/mpegts/testing/samples.ts'
import { type Frame, type MediaSink, shiftBetween, type TimeShift, type Track } from '../../media/model/index.ts'
import { ChunkReader, MESSAGE_TYPE, messageBytes, OUTPUT_CHUNK_BYTES } from '../../media/protocols/rtmp/index.ts'
import { LogReader, LogWriter, SegmentPool } from '../stream/index.ts'
import { makeByteOutput, makeRetimer } from './formats.ts'
import { withoutEnvelopes } from './websocket/envelope-retimer.ts'

type Demux = (bytes: Uint8Array, sink: MediaSink) => void

const demuxRtmp: Demux = (bytes, sink) => {
  const tags = new FlvTagDemuxer(sink)
  const reader = new ChunkReader((message) => tags.onTag(message.type, message.timestampMs, message.payload))
  const size = Buffer.alloc(4)
  size.writeUInt32BE(OUTPUT_CHUNK_BYTES)
  const header = { chunkStreamId: 2, messageStreamId: 0, type: MESSAGE_TYPE.setChunkSize, timestampMs: 0 }
  reader.push(messageBytes({ ...header, parts: [size] }))
  reader.push(bytes)
}
const demuxTs: Demux = (bytes, sink) => {
  const demuxer = new TsDemuxer(sink)
  demuxer.push(bytes)
  demuxer.flush()
  const { continuityErrors } = demuxer.counters
  assert.equal(continuityErrors, 0, 'continuity counters go on')
}
const PLAIN: Readonly<Record<string, Demux>> = {
  flv: (bytes, sink) => new FlvDemuxer(sink).push(bytes),
  ts: demuxTs,
  mp4: (bytes, sink) => new Fmp4Demuxer(sink).push(bytes),
  'rtmp-1': demuxRtmp,
}
const FORMATS: Readonly<Record<string, Demux>> = {
  ...PLAIN,
  ...Object.fromEntries(
    ['flv', 'ts', 'mp4'].map((name): [string, Demux] => [
      `ws-${name}`,
      (bytes, sink) => PLAIN[name]?.(withoutEnvelopes(bytes), sink),
    ]),
  ),
}

/** The log of `format`, and where it stood after every frame. */
function packaged(format: string, { tracks, frames }: { readonly tracks: Track[]; readonly frames: Frame[] }) {
  const pool = new SegmentPool({ segmentBytes: 65_536, maxSegments: 100 })
  const output = makeByteOutput(format, () => new LogWriter(pool, { maxBytes: 4_000_000 }))
  assert.ok(output)
  const { log } = output
  output.onTracks(tracks)
  log.keepFrom(0)
  const ends = frames.map((frame, at) => {
    output.onFrame(frame, { isJoin: at === 0, epochMs: 0 })
    return log.head
  })
  const handle = log.handle()
  const reader = new LogReader(handle, 0)
  const bytes = Buffer.concat(reader.views(0, log.head))
  const opening = handle.preambles[0]?.opening ?? new Uint8Array(0)
  return { bytes, ends, opening }
}

/** Cuts of the log that begin at a video keyframe or end anywhere: what a viewer that was moved twice has got. */
function retimed(format: string, log: ReturnType<typeof packaged>, cuts: readonly (readonly [number, number])[]) {
  const retimer = makeRetimer(format, log.opening)
  assert.ok(retimer)
  const parts = [Buffer.from(log.opening)]
  let shift: TimeShift | undefined
  let before: number | undefined
  for (const [from, to] of cuts) {
    if (before !== undefined) {
      const here = retimer.head(log.bytes.subarray(before))
      const there = retimer.head(log.bytes.subarray(from))
      shift = shiftBetween(retimer, { here, there }, shift)
      assert.ok(shift)
    }
    const part = Buffer.from(log.bytes.subarray(from, to))
    if (shift) retimer.shift(part, shift)
    parts.push(part)
    before = to
  }
  return Buffer.concat(parts)
}

function stepsMs(frames: readonly Frame[], track: Track | undefined): number[] {
  const times = frames.filter(({ trackId }) => trackId === track?.id).map(({ dtsTicks }) => dtsTicks)
  return times.slice(1).map((time, at) => ((time - (times[at] ?? 0)) * 1000) / (track?.clockRateHz ?? 1))
}

/** Large pictures, so that RTMP messages take several chunks; 32-bit times in FLV from 4.6 hours on. */
function material(hours: number) {
  const { tracks, frames } = interleaved(60)
  const late = frames.map((frame) => {
    const offset = hours * 3600 * (frame.trackId === 1 ? 90_000 : 48_000)
    const data = frame.trackId === 1 && frame.isKey ? Buffer.concat([frame.data, frame.data]) : frame.data
    return { ...frame, data, ptsTicks: frame.ptsTicks + offset, dtsTicks: frame.dtsTicks + offset } as Frame
  })
  return { tracks, frames: late }
}

for (const [format, demux] of Object.entries(FORMATS)) {
  for (const hours of [0, 5]) {
    test(`${format}: a viewer that is moved ahead twice sees times that go on (after ${hours} h)`, () => {
      const source = material(hours)
      const log = packaged(format, source)
      const keyAt = source.frames.flatMap((frame, at) => (frame.trackId === 1 && frame.isKey ? [at] : []))
      const start = (at: number) => log.ends[at - 1] ?? 0
      const [, , third, , fifth] = keyAt
      assert.ok(third !== undefined && fifth !== undefined)
      const cuts = [
        [start(0), start(17)],
        [start(third), start(third + 12)],
        [start(fifth), log.bytes.length],
      ] as const
      const found: { tracks: Track[]; frames: Frame[] } = { tracks: [], frames: [] }
      demux(retimed(format, log, cuts), {
        onTrack: (track) => found.tracks.push(track),
        onFrame: (frame) => found.frames.push({ ...frame, data: frame.data.slice() }),
      })
      const video = found.tracks.find(({ kind }) => kind === 'video')
      const audio = found.tracks.find(({ kind }) => kind === 'audio')
      // One frame, the interleaving (one picture), and what the clock of millisecond stamps holds back (one audio frame).
      for (const step of stepsMs(found.frames, video)) assert.ok(step >= 0 && step <= 40 + 42, `video step ${step} ms`)
      for (const step of stepsMs(found.frames, audio)) assert.ok(step >= 0 && step <= 22 + 62, `audio step ${step} ms`)
      const expected = 17 + 12 + source.frames.length - fifth
      assert.ok(found.frames.length >= expected - 2, `${found.frames.length} of ${expected} frames`)
    })
  }
}

test('without a frame of one track on both sides there is no shift', () => {
  const nothing = { timesMs: new Map<number, number>(), counters: new Map<number, number>() }
  const some = { timesMs: new Map([[1, 40]]), counters: new Map<number, number>() }
  const clock = { rangeMs: 2 ** 32 }
  assert.equal(shiftBetween(clock, { here: nothing, there: some }, undefined), undefined)
  assert.equal(shiftBetween(clock, { here: some, there: some }, undefined)?.ms, 0)
})

test('times that start again between the two places count as going on', () => {
  const at = (ms: number) => ({ timesMs: new Map([[9, ms]]), counters: new Map<number, number>() })
  const shift = shiftBetween({ rangeMs: 2 ** 32 }, { here: at(2 ** 32 - 100), there: at(400) }, undefined)
  assert.equal(shift?.ms, 500)
})
