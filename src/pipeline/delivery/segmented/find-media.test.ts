import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { CmafIndex } from '../../packaging/index.ts'
import { findMedia, nowNamed } from './find-media.ts'

const LIFE = 'life'
type Facts = { readonly openSequence?: number; readonly ended?: boolean }

/** A track whose newest whole segment is number 4. */
function index({ openSequence, ended = false }: Facts): CmafIndex {
  const segments = [3, 4].map((sequence) => ({ sequence, place: 'log', parts: [{}] }))
  const open = openSequence === undefined ? undefined : { sequence: openSequence, parts: [{}] }
  const tracks = new Map([[1, { segments, open, inits: new Map() }]])
  return { life: LIFE, ended, tracks, options: {} } as unknown as CmafIndex
}
function segment(sequence: number, facts: Facts): string {
  return findMedia(index(facts), { kind: 'segment', trackId: 1, life: LIFE, sequence }).state
}
/** Segments of two seconds, and one that is being written; numbers count segments. */
function named(startMs: number, { ended = false } = {}): number | string {
  const starts = [10, 12, 14].map((second, at) => ({ sequence: 7 + at, startTicks: second * 90_000 }))
  const track = { segments: starts.slice(0, 2), open: starts[2], inits: new Map(), info: { clockRateHz: 90_000 } }
  const began = { runs: [{ sequence: 7 }], forgotten: { runs: 0, tiles: 0 } }
  const facts = {
    ...began,
    life: LIFE,
    ended,
    tracks: new Map([[1, track]]),
    options: { segmentMs: 1000, windowSegments: 0 },
    targetSeconds: 2,
  }
  const found = nowNamed(facts as unknown as CmafIndex, { kind: 'timed', trackId: 1, life: 'next', startMs })
  return typeof found === 'string' ? found : found.kind === 'segment' ? found.sequence : found.kind
}
function part(sequence: number, at: number, facts: Facts): string {
  return findMedia(index(facts), { kind: 'part', trackId: 1, life: LIFE, sequence, index: at }).state
}

describe('what a request for media finds', () => {
  it('waits for segments that a player which counts by the clock asks for early', () => {
    const asked = [4, 5, 6, 7, 8]
    assert.deepEqual(
      asked.map((sequence) => segment(sequence, { openSequence: 5 })),
      ['whole', 'growing', 'awaited', 'awaited', 'never'],
    )
    assert.deepEqual(
      asked.map((sequence) => segment(sequence, {})),
      ['whole', 'awaited', 'awaited', 'never', 'never'],
    )
  })
  it('waits for the next part only', () => {
    assert.deepEqual(
      [0, 1, 2].map((at) => part(5, at, { openSequence: 5 })),
      ['whole', 'awaited', 'never'],
    )
    assert.deepEqual([part(5, 0, {}), part(5, 1, {}), part(6, 0, {})], ['awaited', 'never', 'never'])
  })
  it('knows a segment by its time, where the numbers of the source are not those of the rendition', () => {
    assert.deepEqual(
      [1000, 8000, 9980, 12_020, 14_000].map((ms) => named(ms)),
      ['never', 'early', 7, 8, 9],
    )
    assert.deepEqual(
      [16_000, 60_000].map((ms) => named(ms)),
      ['awaited', 'never'],
    )
    assert.equal(named(16_000, { ended: true }), 'never')
  })
  it('waits for nothing once the stream has ended', () => {
    assert.deepEqual([segment(4, { ended: true }), segment(5, { ended: true })], ['whole', 'never'])
  })
})
