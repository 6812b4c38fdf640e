import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type Frame, ticks } from '../../model/index.ts'
import { checkTsSegment, type TsCounters } from './testing/check-ts-segment.ts'
import { demuxed, muxed } from './testing/collect.ts'
import { AAC, aacFrame, VIDEO, videoFrame } from './testing/samples.ts'

const TRACKS = [VIDEO, AAC]

/** Segments as HLS has them: each made by a muxer of its own, the first frame a key frame. */
function segment(number: number, frames: readonly Frame[]): Uint8Array {
  return muxed(TRACKS, frames, { segmentNumber: number, timeOffsetTicks: 900_000 })
}

const FRAME = fc.record({
  stepTicks: fc.constantFrom(1500, 3000, 3600, 3600, 3754, 9000),
  bytes: fc.integer({ min: 10, max: 3000 }),
  isKey: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
})

describe('an MPEG-TS segment', () => {
  test('keeps to every rule behind the one before, whatever the frames, and gives them back', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(FRAME, { minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 4 }),
        (list) => {
          const counters: TsCounters = new Map()
          let at = 90_000
          let sound = 0
          list.forEach((shapes, number) => {
            const frames = shapes.flatMap(({ stepTicks, bytes, isKey }, index): Frame[] => {
              const time = ticks(at)
              at += stepTicks
              const video = videoFrame(0, bytes)
              const picture = { ...video, ptsTicks: time, dtsTicks: time, isKey: isKey || index === 0 }
              return [picture, aacFrame(sound++, 40 + (bytes % 100))]
            })
            const bytes = segment(number, frames)
            assert.deepEqual(checkTsSegment(bytes, counters), [])
            assert.equal(demuxed(bytes).frames.length, frames.length)
          })
        },
      ),
      { numRuns: 40 },
    )
  })

  const whole = () => Buffer.from(segment(3, [videoFrame(0, 400), aacFrame(0, 60), videoFrame(1, 300)]))
  const FAULTS: readonly (readonly [rule: string, damage: (bytes: Buffer) => Buffer])[] = [
    ['packets', (bytes) => Buffer.concat([bytes, Buffer.of(0x47)])],
    ['packets', (bytes) => set(bytes, 188, 0)],
    ['tables-first', (bytes) => bytes.subarray(188)],
    ['not-scrambled', (bytes) => set(bytes, 3 * 188 + 3, (bytes[3 * 188 + 3] ?? 0) | 0x80)],
    ['continuity', (bytes) => Buffer.concat([bytes.subarray(0, 3 * 188), bytes.subarray(4 * 188)])],
    ['pes-start', (bytes) => Buffer.concat([bytes.subarray(0, 2 * 188), bytes.subarray(3 * 188)])],
    ['random-access', (bytes) => set(bytes, 2 * 188 + 5, (bytes[2 * 188 + 5] ?? 0) & ~0x40)],
    ['pcr', (bytes) => set(bytes, 2 * 188 + 7, 0)],
  ]
  for (const [rule, damage] of FAULTS) {
    test(`that breaks the rule "${rule}" is found`, () => {
      const bytes = whole()
      assert.deepEqual(checkTsSegment(bytes, new Map()), [])
      const problems = checkTsSegment(damage(bytes), new Map())
      assert.ok(
        problems.some((problem) => problem.startsWith(`${rule} (`)),
        `${problems}`,
      )
    })
  }
})

function set(bytes: Buffer, at: number, value: number): Buffer {
  const copy = Buffer.from(bytes)
  copy[at] = value
  return copy
}
