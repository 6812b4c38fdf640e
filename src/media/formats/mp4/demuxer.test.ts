import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { LimitExceededError, MalformedInputError, UnsupportedInputError } from '../../errors.ts'
import { type Frame, ticks } from '../../model/index.ts'
import { Fmp4Demuxer } from './demuxer.ts'
import { writeFragment } from './fragment.ts'
import { writeInitSegment } from './init-segment.ts'
import { clipMissing, loadClip } from './testing/clips.ts'
import { CollectingSink } from './testing/collecting-sink.ts'
import { clipPath, readWithFfmpeg } from './testing/ffmpeg.ts'
import { smallFile } from './testing/fuzz-targets.ts'
import { NO_MADE_CLIPS } from './testing/made-clips.ts'
import { TRACK_OF } from './testing/tracks.ts'

const BFRAMES = 'h264-aac-1080p25-bframes.mp4'

function demux(pieces: Iterable<Uint8Array>): CollectingSink {
  const sink = new CollectingSink()
  const demuxer = new Fmp4Demuxer(sink)
  for (const piece of pieces) {
    const copy = Uint8Array.from(piece)
    demuxer.push(copy)
    copy.fill(0xee)
  }
  demuxer.flush()
  return sink
}

function* split(bytes: Uint8Array, cuts: readonly number[]): Generator<Uint8Array> {
  let from = 0
  for (const cut of [...cuts.toSorted((a, b) => a - b), bytes.length]) {
    yield bytes.subarray(from, cut)
    from = cut
  }
}

describe('Fmp4Demuxer', () => {
  it('gives the frames that were written, whole, byte by byte and cut anywhere', () => {
    const { bytes, frames } = smallFile()
    const whole = demux([bytes])
    assert.deepEqual(whole.frames, frames)
    assert.deepEqual(
      whole.tracks.map((track) => track.codec),
      ['h264', 'opus'],
    )
    assert.deepEqual(demux(split(bytes, [...bytes.keys()])).frames, frames)
    for (const cut of bytes.keys()) assert.deepEqual(demux(split(bytes, [cut])).frames, frames)
    const cuts = fc.array(fc.nat(bytes.length), { maxLength: 30 })
    fc.assert(
      fc.property(cuts, (at) => assert.deepEqual(demux(split(bytes, at)).frames, frames)),
      { numRuns: 100 },
    )
  })

  it('skips boxes that it does not know, of any size', () => {
    const { bytes, frames } = smallFile()
    const free = new Uint8Array(300_000)
    new DataView(free.buffer).setUint32(0, free.length)
    free.set([0x66, 0x72, 0x65, 0x65], 4)
    assert.deepEqual(demux([free, bytes, free]).frames, frames)
  })

  it('gives no frame for a sample without data', () => {
    const { bytes, frames } = smallFile()
    const times = { ptsTicks: ticks(1), dtsTicks: ticks(1), durationTicks: ticks(1) }
    const empty = writeFragment(99, [
      { trackId: TRACK_OF.h264.id, samples: [{ ...times, isKey: true, data: new Uint8Array() }] },
    ])
    assert.deepEqual(demux([bytes, ...empty, bytes]).frames, [...frames, ...frames])
  })

  it('announces only tracks that a second moov changes', () => {
    const { bytes } = smallFile()
    const tracks = [TRACK_OF.h264, TRACK_OF.opus]
    const changed = { ...TRACK_OF.opus, config: TRACK_OF.opus.config.with(9, 1), channelCount: 1 }
    const sink = demux([bytes, writeInitSegment(tracks), writeInitSegment([TRACK_OF.h264, changed])])
    assert.deepEqual(
      sink.tracks.map((track) => track.id),
      [TRACK_OF.h264.id, TRACK_OF.opus.id, TRACK_OF.opus.id],
    )
  })

  it('refuses what is out of order, out of bounds or not fragmented', { skip: clipPath(BFRAMES) === undefined }, () => {
    const { bytes } = smallFile()
    const moof = Buffer.from(bytes).indexOf('moof') - 4
    assert.throws(() => demux([bytes.subarray(moof)]), MalformedInputError)
    const sink = new CollectingSink()
    assert.throws(() => new Fmp4Demuxer(sink, { maxBoxBytes: 100 }).push(bytes), LimitExceededError)
    assert.throws(() => new Fmp4Demuxer(sink, { maxSampleBytes: 6 }).push(bytes), LimitExceededError)
    const outside = Buffer.from(bytes)
    outside.writeInt32BE(50, outside.indexOf('trun') + 12)
    assert.throws(() => demux([outside]), MalformedInputError)
    assert.throws(() => demux([readFileSync(clipPath(BFRAMES) ?? '')]), UnsupportedInputError)
  })

  const FLAGS = [
    'frag_keyframe+empty_moov+default_base_moof',
    'frag_keyframe+delay_moov',
    'frag_every_frame+empty_moov',
  ]
  for (const flags of FLAGS) {
    it(`reads what ffmpeg -movflags ${flags} writes`, { skip: NO_MADE_CLIPS || clipMissing(BFRAMES) }, () => {
      const folder = mkdtempSync(join(tmpdir(), 'millrace-demux-'))
      try {
        const path = join(folder, 'fragmented.mp4')
        const args = ['-v', 'error', '-i', clipPath(BFRAMES) ?? '', '-c', 'copy', '-movflags', flags, path]
        assert.equal(spawnSync('ffmpeg', args).status, 0)
        const { frames, tracks } = demux([readFileSync(path)])
        const expected = readWithFfmpeg(path)
        const clip = loadClip(BFRAMES)
        for (const track of tracks) {
          const own = frames.filter((frame) => frame.trackId === track.id)
          const source = clip.frames.filter((frame) => frame.trackId === track.id)
          assert.deepEqual(
            own.map((frame) => frame.data),
            source.map((frame) => frame.data),
          )
          assert.deepEqual(
            own.map((frame) => frame.isKey),
            source.map((frame) => frame.isKey),
          )
          const lift = liftOf(own, expected.packets.find((packet) => packet.stream === track.id - 1)?.dts, track.id)
          const base = expected.streams[track.id - 1]?.timeBase.den ?? 1
          assert.deepEqual(
            own.map((frame) => Math.round(((frame.ptsTicks - lift) * base) / track.clockRateHz)),
            expected.packets.filter((packet) => packet.stream === track.id - 1).map((packet) => packet.pts),
          )
        }
      } finally {
        rmSync(folder, { recursive: true })
      }
    })
  }
})

/** How much later than FFmpeg's the times are: a whole second or nothing. */
function liftOf(frames: readonly Frame[], firstDts: number | undefined, trackId: number): number {
  const clockRateHz = trackId === 1 ? 90_000 : 48_000
  const timeBase = trackId === 1 ? 12_800 : 48_000
  const lift = (frames[0]?.dtsTicks ?? 0) - ((firstDts ?? 0) * clockRateHz) / timeBase
  assert.ok(lift === 0 || lift === clockRateHz, `track ${trackId} is ${lift} ticks later`)
  return lift
}
