import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rgb } from './canvas.ts'
import { StrokeFont } from './stroke-font.ts'
import { PICTURE_HEIGHT_PX, PICTURE_WIDTH_PX, TestPicture } from './test-picture.ts'
import { TestTone, TONE_RATE_HZ } from './test-tone.ts'

const NOON_MS = Date.UTC(2026, 0, 2, 12, 0, 0)
const CLOCK_ROWS = [240, 400] as const

function clockOf(picture: Buffer): string {
  const [from, to] = CLOCK_ROWS
  const rows = []
  for (let row = from; row < to; row++) {
    rows.push(picture.toString('latin1', row * PICTURE_WIDTH_PX, row * PICTURE_WIDTH_PX + 960))
  }
  return rows.join('')
}

describe('the demo picture', () => {
  it('is a whole picture in planar 4:2:0', () => {
    const picture = new TestPicture().draw(0, NOON_MS)
    assert.equal(picture.length, (PICTURE_WIDTH_PX * PICTURE_HEIGHT_PX * 3) / 2)
  })

  it('shows another clock each second, and the same within one', () => {
    const picture = new TestPicture()
    const noon = clockOf(picture.draw(0, NOON_MS))
    assert.equal(clockOf(picture.draw(1, NOON_MS + 999)), noon)
    assert.notEqual(clockOf(picture.draw(2, NOON_MS + 1000)), noon)
    assert.equal(clockOf(picture.draw(3, NOON_MS)), noon)
  })

  it('moves with every frame', () => {
    const picture = new TestPicture()
    const first = Buffer.from(picture.draw(0, NOON_MS))
    assert.ok(!picture.draw(1, NOON_MS + 33).equals(first))
  })

  it('has a different drawing for every letter and digit', () => {
    const font = new StrokeFont(24, 3)
    const glyphs = [...'0123456789:-ABCDEFGHIJKLMNPQRSTUVWXYZ'].map((letter) => Buffer.from(font.glyph(letter).alpha))
    const seen = new Set(glyphs.map((glyph) => glyph.toString('latin1')))
    assert.equal(seen.size, glyphs.length)
    assert.ok(glyphs.every((glyph) => glyph.includes(255)))
  })

  it('has the colours of BT.709', () => {
    assert.deepEqual(rgb(255, 255, 255), { y: 235, u: 128, v: 128 })
    assert.deepEqual(rgb(0, 0, 0), { y: 16, u: 128, v: 128 })
    assert.deepEqual(rgb(255, 0, 0), { y: 63, u: 102, v: 240 })
  })
})

describe('the demo tone', () => {
  const loudest = (samples: Float32Array) => samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0)

  it('beeps at the second of the wall clock and is soft between', () => {
    const tone = new TestTone()
    const samples = new Float32Array(TONE_RATE_HZ)
    tone.fill(samples, 0, NOON_MS)
    assert.ok(loudest(samples.subarray(0, 5760)) > 0.2)
    assert.ok(loudest(samples.subarray(5760)) <= 0.051)
  })

  it('goes on without a step from one piece to the next', () => {
    const whole = new Float32Array(2048)
    const parts = new Float32Array(2048)
    const tone = new TestTone()
    tone.fill(whole, 1000, NOON_MS + 500)
    tone.fill(parts.subarray(0, 1024), 1000, NOON_MS + 500)
    tone.fill(parts.subarray(1024), 2024, NOON_MS + 500 + 1024 / 48)
    assert.deepEqual(parts, whole)
  })
})
