import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { videoTrack } from '../../../media/codecs/index.ts'
import { type Frame, ticks } from '../../../media/model/index.ts'
import { type Ordering, PictureOrder } from './picture-order.ts'

const AVC = Buffer.from('0142c00cffe100196742c00cd901419f9f011000000300100000030320f142a48001000568cb83cb20', 'hex')
const TRACK = videoTrack(1, 'h264', AVC)
const FRAME_TICKS = 3003

/** Times as an encoder with so many B-frames between two others gives them, rounded as FLV does. */
function framesOf(groups: readonly number[], delayFrames: number, roundMs: boolean): Frame[] {
  const shown = groups.flatMap((bFrames, at) => {
    const before = groups.slice(0, at).reduce((sum, each) => sum + each + 1, 0)
    // The one that is shown last comes first.
    return [before + bFrames, ...Array.from({ length: bFrames }, (_, b) => before + b)]
  })
  const round = (time: number) => (roundMs ? Math.round(time / 90) * 90 : time)
  return [-1, ...shown].map((place, at) => ({
    trackId: 1,
    ptsTicks: ticks(round((place + 1 + delayFrames) * FRAME_TICKS)),
    dtsTicks: ticks(round(at * FRAME_TICKS)),
    durationTicks: ticks(0),
    isKey: at === 0,
    data: new Uint8Array(1),
  }))
}

function verdict(frames: readonly Frame[]): Ordering {
  const order = new PictureOrder()
  order.onTracks([TRACK])
  return frames.map((frame) => order.look(frame)).at(-1) ?? 'unknown'
}

test('a stream is reordered exactly if a picture is shown before one that came earlier', () => {
  const groups = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(groups, fc.integer({ min: 0, max: 4 }), fc.boolean(), (between, extra, roundMs) => {
      const isReordered = between.some((bFrames) => bFrames > 0)
      const delay = extra + (isReordered ? 1 : 0)
      assert.equal(verdict(framesOf(between, delay, roundMs)), isReordered ? 'reordered' : 'as-shown')
    }),
  )
})

test('one picture tells only where it is shown as it comes', () => {
  assert.equal(verdict(framesOf([], 0, false)), 'as-shown')
  assert.equal(verdict(framesOf([], 2, false)), 'unknown')
})

test('a new line of time says nothing of the order', () => {
  const order = new PictureOrder()
  order.onTracks([TRACK])
  for (const frame of framesOf([0, 0], 2, false)) order.look(frame)
  order.onDiscontinuity()
  for (const frame of framesOf([0, 0], 0, false)) assert.equal(order.look(frame), 'as-shown')
})
