import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isTileOf, parseTileFile, placedKeyframes, tileCell, tileFile, tileMs, tilesOf } from './tile-grid.ts'

const LAYOUT = { columns: 3, rows: 2, intervalMs: 2000, widthPx: 160 }

test('the name of a tile says its layout and place', () => {
  const file = tileFile(LAYOUT, 1234.4, 7)
  assert.equal(file, 'tile-3x2-160-2000-1234-7.jpg')
  assert.deepEqual(parseTileFile(file, LAYOUT), { anchorMs: 1234, number: 7 })
  assert.equal(parseTileFile(file, { ...LAYOUT, rows: 3 }), undefined)
  for (const other of ['tile-3x2-160-2000--1-7.jpg', 'tile-3x2-160-2000-1234-$Number$.jpg', 'x.jpg'])
    assert.equal(parseTileFile(other, LAYOUT), undefined)
})

test('pictures keep the aspect of the video and are even', () => {
  assert.deepEqual(tileCell(LAYOUT, { widthPx: 1920, heightPx: 1080 }), { widthPx: 160, heightPx: 90 })
  assert.deepEqual(tileCell(LAYOUT, { widthPx: 720, heightPx: 1280 }), { widthPx: 160, heightPx: 284 })
})

test('tiles cover a run; the last is as long as the run is', () => {
  assert.equal(tileMs(LAYOUT), 12_000)
  assert.deepEqual(tilesOf(LAYOUT, 26_000), [
    { number: 0, durationMs: 12_000 },
    { number: 1, durationMs: 12_000 },
    { number: 2, durationMs: 2000 },
  ])
  assert.deepEqual(tilesOf(LAYOUT, 24_000).length, 2)
  assert.deepEqual(tilesOf(LAYOUT, 0), [])
})

test('only tiles that lists may name are tiles', () => {
  const runs = [
    { startsMs: [0.4, 0], endMs: 13_000 },
    { startsMs: [20_010], endMs: 30_000 },
  ]
  const is = (anchorMs: number, number: number) => isTileOf(LAYOUT, { anchorMs, number }, runs)
  assert.deepEqual([is(0, 0), is(0, 1), is(20_010, 0)], [true, true, true])
  assert.deepEqual([is(0, 2), is(1, 0), is(20_000, 0), is(20_010, 1)], [false, false, false, false])
})

test('each place has the newest keyframe by then', () => {
  const place = { anchorMs: 100, number: 1 }
  const placed = (keyframesMs: readonly number[], endMs: number) =>
    placedKeyframes(LAYOUT, place, { keyframesMs, endMs })
  // Places at 12,100, 14,100 … 22,100.
  assert.deepEqual(placed([10_000, 12_100, 14_200, 16_000, 22_100, 30_000], 40_000), [1, 2, 3, 3, 3, 4])
  assert.deepEqual(placed([10_000, 12_100], 15_000), [1, 1])
  assert.deepEqual(placed([13_000, 18_000], 40_000), [0, 0, 0, 1, 1, 1])
  assert.deepEqual(placed([30_000], 40_000), [])
  assert.deepEqual(placed([], 40_000), [])
  assert.deepEqual(placed([12_100], 12_100), [])
})
