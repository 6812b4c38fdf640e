import assert from 'node:assert/strict'
import { it } from 'node:test'
import { pictureSize } from './picture-size.ts'

const CASES = [
  { name: 'as large as the video', video: [1920, 1080, 1, 1], widthPx: undefined, size: [1920, 1080] },
  { name: 'smaller', video: [1920, 1080, 1, 1], widthPx: 320, size: [320, 180] },
  { name: 'never larger', video: [640, 360, 1, 1], widthPx: 1280, size: [640, 360] },
  { name: 'even', video: [1919, 1081, 0, 1], widthPx: undefined, size: [1918, 1080] },
  { name: 'even when scaled', video: [1920, 1080, 1, 1], widthPx: 333, size: [332, 186] },
  { name: 'upright', video: [720, 1280, 1, 1], widthPx: 90, size: [90, 160] },
  { name: 'wide samples lose height', video: [1440, 1080, 4, 3], widthPx: undefined, size: [1440, 810] },
  { name: 'narrow samples lose width', video: [720, 576, 16, 15], widthPx: undefined, size: [720, 540] },
  { name: 'tall samples', video: [720, 480, 8, 9], widthPx: undefined, size: [640, 480] },
  { name: 'an unknown shape is square', video: [720, 480, 0, 0], widthPx: 360, size: [360, 240] },
  { name: 'never nothing', video: [4000, 4, 1, 1], widthPx: 16, size: [16, 2] },
] as const

for (const { name, video, widthPx, size } of CASES) {
  it(`makes a picture ${name}`, () => {
    const [videoWidth, videoHeight, sampleWidth, sampleHeight] = video
    const shape = { widthPx: videoWidth, heightPx: videoHeight, sampleWidth, sampleHeight }
    assert.deepEqual(pictureSize(shape, widthPx), { widthPx: size[0], heightPx: size[1] })
  })
}
