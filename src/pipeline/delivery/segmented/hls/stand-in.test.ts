import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseMediaPlaylist } from '../../../../media/formats/hls/index.ts'
import { checkPlaylist } from '../../../../media/formats/hls/testing/check-playlist.ts'
import type { CmafIndex, IndexedTrack } from '../../../packaging/index.ts'
import { shiftTo } from '../line-up.ts'
import { startOutput, VIDEO, videoFrame } from '../testing/packaged-stream.ts'
import { type Front, mediaPlaylist } from './media.ts'
import { frontOfLeft, frontOfOwn, ownFrom, type StandIn } from './stand-in.ts'

const FRAME_MS = 40
/** Shorter holes are none. */
const NEARLY_MS = 50
const PREFIX = '../source/'

type Packager = ReturnType<typeof startOutput>

/** A source and a member of its ladder with the same keyframes, of which the member is now and then away. */
class Ladder {
  readonly #gopMs: number
  readonly #source: Packager
  #member: Packager | undefined
  #lives = 0
  #atMs: number
  #isLinedUp = false
  #standIn: StandIn | undefined
  #left: Front | undefined
  #away: StandIn | undefined

  constructor(gopMs: number, fromMs: number) {
    this.#gopMs = gopMs
    this.#atMs = fromMs
    this.#source = startOutput()
    this.#source.output.onTracks([VIDEO])
  }
  come(): void {
    this.#standIn = this.#away
    this.#away = undefined
    this.#left = undefined
    this.#isLinedUp = false
    this.#member = startOutput({ life: `life${this.#lives}`, isBack: this.#lives > 0 })
    this.#lives++
    this.#member.output.onTracks([VIDEO])
  }
  leave(): void {
    this.#member?.output.onEnd()
    this.#member?.follow()
  }
  run(ms: number): void {
    for (const untilMs = this.#atMs + ms; this.#atMs < untilMs; this.#atMs += FRAME_MS) {
      const isKey = this.#atMs % this.#gopMs < FRAME_MS
      for (const each of [this.#source, this.#member]) {
        if (!each || each.index.ended) continue
        each.output.onFrame(videoFrame(this.#atMs, isKey), { isJoin: false, epochMs: 1_000_000 + this.#atMs })
        each.follow()
      }
    }
  }
  reconnect(): void {
    for (const each of [this.#source, this.#member]) if (each && !each.index.ended) each.output.onDiscontinuity()
  }
  /** The member's list, as who reads it at this moment gets it; undefined where that has to wait. */
  list(): string | undefined {
    const [source, own] = [trackOf(this.#source.index), this.#member && trackOf(this.#member.index)]
    if (!source || !own) return undefined
    if (!this.#isLinedUp) own.index.shift = shiftTo(source.index, own.index) ?? own.index.shift
    this.#isLinedUp = true
    if (this.#standIn?.until === undefined) this.#standIn = ownFrom(own, source, this.#standIn)
    const before = this.#standIn && frontOfOwn(this.#standIn, source, PREFIX)
    if (!own.index.ended) return mediaPlaylist(own.index, own.track, 'whole', { front: before })
    const newest = (own.track.segments.at(-1)?.sequence ?? 0) + own.index.shift.numbers
    const newestOfSource = source.track.segments.at(-1)?.sequence ?? 0
    if (newestOfSource < newest) return undefined
    const left = this.#left ?? frontOfLeft(own, source, before)
    this.#left = left
    this.#away = { from: left.until, to: newestOfSource, targetSeconds: left.targetSeconds }
    return mediaPlaylist(source.index, source.track, 'whole', { front: left, prefix: PREFIX })
  }
}

function trackOf(index: CmafIndex): { index: CmafIndex; track: IndexedTrack } | undefined {
  const track = index.tracks.get(VIDEO.id)
  return track && track.segments.length > 0 ? { index, track } : undefined
}

/** What players rely on from one list to the next. */
class Reader {
  readonly #uris = new Map<number, string>()
  readonly #times = new Map<number, number>()
  #first = 0
  #discontinuities = 0
  #isShifted = false

  read(text: string): { first: number; uris: string[] } {
    assert.deepEqual(checkPlaylist(text), [])
    const { mediaSequence, segments, isEnded, discontinuitySequence = 0 } = parseMediaPlaylist(text)
    assert.equal(isEnded, false)
    assert.ok(mediaSequence >= this.#first, `begins at ${mediaSequence} behind ${this.#first}`)
    assert.ok(discontinuitySequence >= this.#discontinuities)
    for (const [at, { uri, programDateTimeMs = 0, durationMs }] of segments.entries()) {
      const number = mediaSequence + at
      assert.equal(this.#uris.get(number) ?? uri, uri, `number ${number} is another segment`)
      this.#uris.set(number, uri)
      const end = this.#times.get(number - 1)
      if (!this.#isShifted && end !== undefined && Math.abs(programDateTimeMs - end) > NEARLY_MS)
        assert.fail(`number ${number} begins ${programDateTimeMs - end} ms behind the one before`)
      this.#times.set(number, programDateTimeMs + durationMs)
    }
    this.#first = mediaSequence
    this.#discontinuities = discontinuitySequence
    return { first: mediaSequence, uris: segments.map(({ uri }) => uri) }
  }
  /** The publisher was away: times have a hole from here on. */
  allowHoles(): void {
    this.#isShifted = true
  }
}

test('a member that leaves is its source, without a hole, and is itself again when it is back', () => {
  const ladder = new Ladder(1000, 0)
  const reader = new Reader()
  const look = () => reader.read(ladder.list() ?? '')
  ladder.come()
  ladder.run(3440)
  look()
  ladder.leave()
  ladder.run(1000)
  assert.deepEqual(look(), {
    first: 1,
    uris: ['t1-life0-1.m4s', 't1-life0-2.m4s', 't1-life0-3.m4s', '../source/t1-life-4.m4s'],
  })
  ladder.run(1000)
  assert.deepEqual(look().uris.slice(3), ['../source/t1-life-4.m4s', '../source/t1-life-5.m4s'])
  ladder.come()
  ladder.run(2000)
  const stoodIn = [4, 5, 6, 7].map((number) => `../source/t1-life-${number}.m4s`)
  assert.deepEqual(look(), { first: 4, uris: stoodIn })
  ladder.run(2000)
  assert.deepEqual(look(), { first: 5, uris: [...stoodIn.slice(1), ...[8, 9].map((at) => `t1-life1-${at}.m4s`)] })
  ladder.run(10_000)
  assert.ok(look().uris.every((uri) => uri.startsWith('t1-life1-')))
})

test('a first segment that begins in the middle of its source is not listed', () => {
  const ladder = new Ladder(400, 0)
  ladder.run(1000)
  ladder.come()
  ladder.run(2400)
  // Its keyframes come at 1200 and 1600 ms, of which the first begins a segment of the source.
  assert.deepEqual(new Reader().read(ladder.list() ?? ''), { first: 2, uris: ['t1-life0-2.m4s', 't1-life0-3.m4s'] })
  const later = new Ladder(400, 0)
  later.run(1400)
  later.come()
  later.run(2000)
  assert.deepEqual(new Reader().read(later.list() ?? ''), {
    first: 2,
    uris: ['../source/t1-life-2.m4s', 't1-life0-3.m4s'],
  })
})

test('numbers and addresses stay, times have no holes, whenever a member comes and goes', () => {
  const step = fc.record({
    act: fc.constantFrom('come', 'leave', 'reconnect', 'run'),
    ms: fc.integer({ min: 0, max: 9000 }),
  })
  const ladders = fc.record({
    // Keyframes that are further apart than the target duration are counted one by one.
    gopMs: fc.constantFrom(400, 1000, 1200, 1520),
    fromMs: fc.constantFrom(0, 40, 30_000, 123_480),
    steps: fc.array(step, { maxLength: 12 }),
  })
  fc.assert(
    fc.property(ladders, ({ gopMs, fromMs, steps }) => {
      const ladder = new Ladder(gopMs, fromMs)
      const reader = new Reader()
      ladder.run(2 * gopMs)
      ladder.come()
      let isThere = true
      for (const { act, ms } of steps) {
        if (act === 'leave' && isThere) {
          ladder.leave()
          // Somebody reads its list while it is away.
          for (let at = 0; at < gopMs && !ladder.list(); at += FRAME_MS) ladder.run(FRAME_MS)
        }
        if (act === 'come' && !isThere) ladder.come()
        // The first segment fixes the target duration: who is cut off before it has one may be cut otherwise for ever.
        if (act === 'reconnect' && ladder.list()) {
          ladder.reconnect()
          reader.allowHoles()
        }
        isThere = act === 'come' || (isThere && act !== 'leave')
        for (let at = 0; at < ms; at += 200) {
          ladder.run(200)
          const list = ladder.list()
          if (list) reader.read(list)
        }
      }
    }),
    { numRuns: 100 },
  )
})
