import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Frame, ticks } from '../../model/index.ts'
import { readBoxes, readerOf } from './box.ts'
import { Fmp4Muxer } from './muxer.ts'
import { readMoof } from './read-fragment.ts'
import { readInitSegment } from './read-movie.ts'
import { TRACK_OF } from './testing/tracks.ts'

const VIDEO = TRACK_OF.h264
const AUDIO = TRACK_OF.aac

function frame(trackId: number, dts: number, duration = 0): Frame {
  const times = { ptsTicks: ticks(dts), dtsTicks: ticks(dts), durationTicks: ticks(duration) }
  return { trackId, ...times, isKey: true, data: Uint8Array.of(1, 2, 3) }
}

function durationOf(parts: readonly Uint8Array[]): number | undefined {
  const [moof] = readBoxes(readerOf(Buffer.concat(parts)))
  return moof && readMoof(moof.body, new Map())[0]?.runs[0]?.samples[0]?.durationTicks
}

describe('Fmp4Muxer', () => {
  it('gives the first tracks in the preamble and changed ones in the stream as well', () => {
    const muxer = new Fmp4Muxer()
    assert.deepEqual(muxer.setTracks([VIDEO]), [])
    assert.deepEqual(muxer.setTracks([{ ...VIDEO }]), [], 'the same set is no change')
    const [init] = muxer.setTracks([VIDEO, AUDIO])
    assert.ok(init)
    assert.equal(muxer.preamble(), init)
    assert.equal(readInitSegment(init).length, 2)
  })

  it('emits every frame at once, with the duration it has or a likely one', () => {
    const muxer = new Fmp4Muxer()
    muxer.setTracks([VIDEO, AUDIO])
    assert.equal(durationOf(muxer.frame(frame(VIDEO.id, 0))), 3000, '1/30 s to begin with')
    assert.equal(durationOf(muxer.frame(frame(VIDEO.id, 3000, 1800))), 1800)
    assert.equal(durationOf(muxer.frame(frame(VIDEO.id, 4800))), 1800, 'that of the frame before')
    assert.equal(durationOf(muxer.frame(frame(AUDIO.id, 0))), 1024, 'by its sample count')
    assert.deepEqual(muxer.flush(), [])
  })

  it('leaves out frames of unknown tracks and empty ones', () => {
    const muxer = new Fmp4Muxer()
    muxer.setTracks([VIDEO])
    assert.deepEqual(muxer.frame(frame(99, 0)), [])
    assert.deepEqual(muxer.frame({ ...frame(VIDEO.id, 0), data: new Uint8Array() }), [])
  })
})
