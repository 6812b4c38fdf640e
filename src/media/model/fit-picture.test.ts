import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fitPicture } from './fit-picture.ts'

test('pictures fit in the box, turned where they stand upright', () => {
  const cases: readonly [picture: [number, number], box: [number, number], fitted: [number, number]][] = [
    [
      [1920, 1080],
      [1280, 720],
      [1280, 720],
    ],
    [
      [1920, 1080],
      [854, 480],
      [854, 480],
    ],
    [
      [1080, 1920],
      [1280, 720],
      [720, 1280],
    ],
    [
      [720, 720],
      [1280, 720],
      [720, 720],
    ],
    [
      [1080, 1080],
      [1280, 720],
      [720, 720],
    ],
    [
      [640, 360],
      [1280, 720],
      [640, 360],
    ],
    [
      [2560, 1080],
      [1280, 720],
      [1280, 540],
    ],
    [
      [1021, 577],
      [1920, 1080],
      [1022, 578],
    ],
  ]
  for (const [[widthPx, heightPx], [w, h], [fittedWidth, fittedHeight]] of cases) {
    assert.deepEqual(fitPicture({ widthPx, heightPx }, { widthPx: w, heightPx: h }), {
      widthPx: fittedWidth,
      heightPx: fittedHeight,
    })
  }
})

test('sides are even, within a pixel of the aspect, and no larger than the picture', () => {
  const side = fc.integer({ min: 16, max: 8192 })
  fc.assert(
    fc.property(side, side, side, side, (widthPx, heightPx, w, h) => {
      const fitted = fitPicture({ widthPx, heightPx }, { widthPx: w, heightPx: h })
      assert.equal((fitted.widthPx % 2) + (fitted.heightPx % 2), 0)
      assert.ok(fitted.widthPx <= widthPx + 1 && fitted.heightPx <= heightPx + 1)
    }),
  )
})
