import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import type { Track } from '../../../media/model/index.ts'
import type { CmafOutput } from '../../packaging/index.ts'
import {
  AUDIO,
  audioFrame,
  periodStarts,
  problemsOf,
  startOutput,
  VIDEO,
  videoFrame,
} from './testing/packaged-stream.ts'

/** What happens behind a frame: the publisher comes back, or a track is another from its next frame on. */
type Break = 'none' | 'reconnect' | 'video' | 'audio' | 'both'
type Step = {
  readonly ms: number
  readonly isKey: boolean
  readonly isLost: boolean
  readonly turns: boolean
  /** The picture is shown behind the one that follows it, which is a B-frame. */
  readonly isShownLate: boolean
  readonly change: Break
}

const OTHER_VIDEO: Track = { ...VIDEO, codecString: 'avc1.42c01e', config: Uint8Array.of(...VIDEO.config, 0) }
const OTHER_AUDIO = { ...AUDIO, clockRateHz: 44_100, sampleRateHz: 44_100, config: Uint8Array.of(0x12, 0x10) } as Track
/** How long a publisher is away. */
const AWAY_MS = 333
/** Between decoding and showing, as encoders with B-frames have it. */
const REORDER_MS = 80

/** Frames of two tracks as a publisher sends them, and what happens to them. */
class Publisher {
  readonly #output: CmafOutput
  #video = VIDEO
  #audio = AUDIO
  #atMs = 0
  #audioTicks = 0
  #isSilent = false
  #wantsKey = true
  /** When the next picture is shown, where that is before the one that was sent last. */
  #shownMs: number | undefined

  constructor(output: CmafOutput) {
    this.#output = output
    output.onTracks([VIDEO, AUDIO])
  }
  step({ ms, isKey, isLost, turns, isShownLate, change }: Step, next: Step | undefined): void {
    this.#isSilent = turns !== this.#isSilent
    const isKeyNow = isKey || this.#wantsKey
    const isLate =
      isShownLate && ms <= 100 && !isKeyNow && this.#shownMs === undefined && next?.isKey === false && change === 'none'
    const shownMs = isLate ? this.#atMs + ms : (this.#shownMs ?? this.#atMs)
    this.#shownMs = isLate ? this.#atMs : undefined
    if (!isLost) {
      this.#output.onFrame(videoFrame(this.#atMs, isKeyNow, shownMs + REORDER_MS), this.#context)
      this.#wantsKey = false
    }
    this.#atMs += ms
    this.#sound()
    this.#change(change)
  }
  get #context() {
    return { isJoin: false, epochMs: 1_700_000_000_000 + Math.round(this.#atMs) }
  }
  #sound(): void {
    const { clockRateHz } = this.#audio
    for (; (this.#audioTicks * 1000) / clockRateHz < this.#atMs; this.#audioTicks += 1024)
      if (!this.#isSilent) this.#output.onFrame(audioFrame(this.#audioTicks), this.#context)
  }
  #change(change: Break): void {
    if (change === 'none') return
    this.#wantsKey = change !== 'audio'
    if (change === 'reconnect') {
      this.#output.onDiscontinuity()
      this.#atMs += AWAY_MS
      this.#audioTicks = Math.ceil((this.#atMs * this.#audio.clockRateHz) / 1000)
      return
    }
    if (change !== 'audio') this.#video = this.#video === VIDEO ? OTHER_VIDEO : VIDEO
    if (change !== 'video') {
      const before = this.#audio.clockRateHz
      this.#audio = this.#audio === AUDIO ? OTHER_AUDIO : AUDIO
      this.#audioTicks = Math.ceil((this.#audioTicks * this.#audio.clockRateHz) / before)
    }
    this.#output.onTracks([this.#video, this.#audio])
  }
}

const oneIn = (count: number) => fc.integer({ min: 1, max: count }).map((n) => n === 1)
const STEP: fc.Arbitrary<Step> = fc.record({
  ms: fc.constantFrom(20, 33.33, 40, 40, 40, 40, 100, 700),
  isKey: oneIn(30),
  isLost: oneIn(40),
  // Audio comes and goes.
  turns: oneIn(50),
  isShownLate: fc.boolean(),
  change: fc.oneof(
    { arbitrary: fc.constant<Break>('none'), weight: 60 },
    { arbitrary: fc.constantFrom<Break>('reconnect', 'video', 'audio', 'both'), weight: 1 },
  ),
})

it('the lists of a stream keep to every rule at every moment, whatever the frames', () => {
  fc.assert(
    fc.property(fc.array(STEP, { minLength: 60, maxLength: 160 }), (random: readonly Step[]) => {
      const steps = random.map((step, at) => ({ ...step, isKey: step.isKey || at % 50 === 0 }))
      const { output, index, follow } = startOutput()
      const publisher = new Publisher(output)
      let version = -1
      let starts: ReadonlyMap<string, number> = new Map()
      let targetSeconds = 0
      steps.forEach((step, at) => {
        publisher.step(step, steps[at + 1])
        follow()
        if (index.version === version) return
        version = index.version
        const isListed = [...index.tracks.values()].every(({ segments }) => segments.length > 0)
        const now = isListed ? periodStarts(index) : starts
        for (const [id, start] of now)
          assert.ok(Math.abs(start - (starts.get(id) ?? start)) <= 1, `period ${id} has moved`)
        starts = now
        assert.deepEqual(problemsOf(index), [])
        assert.ok(targetSeconds === 0 || index.targetSeconds === targetSeconds, 'the target duration has changed')
        targetSeconds = index.targetSeconds
      })
      output.onEnd()
      follow()
      assert.deepEqual(problemsOf(index), [])
    }),
    { numRuns: 20, endOnFailure: true },
  )
})
