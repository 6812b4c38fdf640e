import assert from 'node:assert/strict'
import { it } from 'node:test'
import { ticks } from '../../model/index.ts'
import { checkInit, checkSegment } from './testing/check-cmaf.ts'
import { collectSegments } from './testing/collect-segments.ts'
import { TRACK_OF } from './testing/tracks.ts'

const VIDEO = TRACK_OF.h264

function segment(): { init: Buffer; bytes: Buffer } {
  const frames = Array.from({ length: 50 }, (_, index) => ({
    trackId: VIDEO.id,
    ptsTicks: ticks(index * 3600 + 7200),
    dtsTicks: ticks(index * 3600),
    durationTicks: ticks(0),
    isKey: index === 0,
    data: Uint8Array.of(1, index, 3),
  }))
  const { inits, segments } = collectSegments([VIDEO], frames, { targetDurationMs: 2000 })
  return { init: Buffer.from(inits[0]?.bytes ?? []), bytes: Buffer.from(segments[0]?.bytes ?? []) }
}
/** `bytes` with the 32 bits at `offset` behind the `nth` `type` raised by one. */
function raised(bytes: Buffer, type: string, offset: number, nth = 0): Buffer {
  const copy = Buffer.from(bytes)
  let at = copy.indexOf(type)
  for (let i = 0; i < nth; i++) at = copy.indexOf(type, at + 4)
  copy.writeUInt32BE(copy.readUInt32BE(at + 4 + offset) + 1, at + 4 + offset)
  return copy
}

it('a segment of ours keeps to CMAF', () => {
  const { init, bytes } = segment()
  assert.deepEqual(checkInit(init), [])
  const facts = checkSegment(init, bytes)
  assert.deepEqual(facts, {
    problems: [],
    decodeTicks: 0,
    durationTicks: 180_000,
    startTicks: 7200,
    isIndependent: true,
    timescaleHz: 90_000,
  })
})

it('checkSegment and checkInit find what is broken', () => {
  const { init, bytes } = segment()
  const BROKEN: readonly (readonly [rule: string, problems: readonly string[]])[] = [
    ['tfdt-continues', checkSegment(init, raised(bytes, 'tfdt', 8, 1)).problems],
    ['track-id', checkSegment(init, raised(bytes, 'tfhd', 4)).problems],
    ['mfhd-grows', checkSegment(init, raised(bytes, 'mfhd', 4)).problems],
    ['chunk-boxes', checkSegment(init, Buffer.concat([init, bytes])).problems],
    ['cmaf-brand', checkInit(Buffer.from(init.toString('latin1').replaceAll('cmfc', 'isom'), 'latin1'))],
    ['header-boxes', checkInit(Buffer.concat([init, bytes]))],
  ]
  for (const [rule, problems] of BROKEN) assert.match(problems.join('\n'), new RegExp(`^${rule} `, 'm'))
})
