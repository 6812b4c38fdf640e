import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { LogWriter, openLocalLog, SegmentPool, Subscription } from '../../stream/index.ts'
import { Fanout } from './fanout.ts'
import { Viewer } from './viewer.ts'

const LIMITS = { maxLagMs: 1000, stallMs: 1000, maxMoves: 1, maxLagBytes: 1e6, firstMediaMs: 1000 }

function makeFanout() {
  const log = new LogWriter(new SegmentPool({ segmentBytes: 4096, maxSegments: 4 }), { maxBytes: 16_384 })
  const { reader } = openLocalLog(log, 0, () => {})
  const subscription = new Subscription({ name: 'live/a', format: 'flv', snapshot: undefined }, reader, () => {})
  const closed: string[] = []
  const observer = { onSent: () => {}, onMoved: () => {}, onClosed: (_: Viewer, reason: string) => closed.push(reason) }
  const fanout = new Fanout(subscription, LIMITS, observer)
  const got: string[] = []
  const socket = {
    write: (bytes: Buffer) => got.push(bytes.toString()),
    writableLength: 0,
    on: () => {},
    end: () => {},
  }
  const viewer = () =>
    new Viewer(socket as unknown as Socket, { id: 'v', protocol: 'flv', remoteAddress: '', socketUse: 'shared' }, 0)
  const say = (text: string) => {
    log.append([Buffer.from(text)])
    log.commit()
  }
  return { log, fanout, viewer, say, closed, got }
}

test('a viewer gets what another thread writes while a pass goes on, though the log ends with it', () => {
  const { log, fanout, viewer, say, closed, got } = makeFanout()
  fanout.add(viewer())
  log.setPreamble(Buffer.from('head '), new Uint8Array(0))
  log.markJoin()
  say('first ')
  fanout.startPass(0)
  fanout.step(0, () => 0)
  fanout.startPass(1)
  say('last')
  log.end()
  fanout.step(1, () => 1)
  assert.deepEqual(closed, [])
  for (const nowMs of [2, 3]) {
    fanout.startPass(nowMs)
    fanout.step(nowMs, () => nowMs)
  }
  assert.equal(got.join(''), 'head first last')
  assert.deepEqual(closed, ['stream-ended'])
})

test('who waits for a keyframe joins at one that comes with the end of the log', () => {
  const { log, fanout, viewer, say, closed, got } = makeFanout()
  fanout.add(viewer())
  fanout.startPass(0)
  log.setPreamble(Buffer.from('head '), new Uint8Array(0))
  say('sound ')
  log.markJoin()
  say('key')
  log.end()
  fanout.step(0, () => 0)
  for (const nowMs of [1, 2]) {
    fanout.startPass(nowMs)
    fanout.step(nowMs, () => nowMs)
  }
  assert.equal(got.join(''), 'head key')
  assert.deepEqual(closed, ['stream-ended'])
})
