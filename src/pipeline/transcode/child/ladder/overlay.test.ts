import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { VideoOrder } from '../../channel/job-messages.ts'
import { overlaySteps } from './overlay.ts'

const order: VideoOrder = { codec: 'h264', widthPx: 640, heightPx: 360, bitrateKbps: 500, gopMs: 0, bFrames: 0 }

test('text and image take opposite corners; alone, each has the one that is wanted', () => {
  const x = (more: Partial<VideoOrder>) =>
    overlaySteps({ ...order, ...more }, 640).map(([, options]) => /x=([^:]+)/.exec(options ?? '')?.[1])
  assert.deepEqual(x({}), [])
  assert.deepEqual(x({ image: 'a.png', corner: 'top-right' }), ['W-w-H/36'])
  assert.deepEqual(x({ text: 'a', image: 'a.png', corner: 'top-left' }), ['W-w-H/36', 'h/36'])
})

test('what is written cannot become arguments or expansions', () => {
  const [[, options] = ['', '']] = overlaySteps({ ...order, text: `100%:x='1' {time}` }, 640)
  assert.match(options ?? '', /^text=100\\\\%\\:x=\\'1\\' %\{gmtime\}:x=h\/36/)
})
