import assert from 'node:assert/strict'
import { test } from 'node:test'
import { audioTrack, videoTrack } from '../../../media/codecs/index.ts'
import { UnsupportedInputError } from '../../../media/errors.ts'
import { type Frame, ticks } from '../../../media/model/index.ts'
import { LogWriter, SegmentPool, type StreamConsumer, type StreamOutput } from '../../stream/index.ts'
import { misfit, orderMisfit } from './carried-codecs.ts'
import { FittedOutput, type Substitute } from './fitted-output.ts'

const AVC = Buffer.from('0142c00cffe100196742c00cd901419f9f011000000300100000030320f142a48001000568cb83cb20', 'hex')
const h264 = videoTrack(1, 'h264', AVC)
const aac = audioTrack(2, 'aac', Uint8Array.of(0x11, 0x90))
const pcma = audioTrack(2, 'pcma', new Uint8Array(0), { sampleRateHz: 8000, channelCount: 1 })

/** An output that writes down what it gets. */
function recorder() {
  const told: string[] = []
  const output: StreamOutput = {
    log: new LogWriter(new SegmentPool({ segmentBytes: 65_536, maxSegments: 4 }), { maxBytes: 65_536 }),
    onTracks: (tracks) => told.push(tracks.map(({ codec }) => codec).join('+')),
    onFrame: ({ ptsTicks, data }) => {
      assert.notEqual(data[0], 0xdb)
      told.push(`frame ${ptsTicks}`)
    },
    onDiscontinuity: () => told.push('discontinuity'),
    onEnd: () => told.push('end'),
  }
  return { output, told }
}
/** A substitute that is driven by hand. */
function substitute() {
  let consumer: StreamConsumer | undefined
  const state = { isHeld: false }
  const made: Substitute = {
    attach: async (to) => {
      consumer = to
      state.isHeld = true
      return {
        [Symbol.dispose]: () => {
          state.isHeld = false
        },
      }
    },
  }
  return { made, state, feed: (give: (to: StreamConsumer) => void) => consumer && give(consumer) }
}
const unexpected = (error: unknown) => assert.fail(String(error))
const context = { isJoin: true, epochMs: 0 }
function frame(time: number, more: Partial<{ dts: number; isKey: boolean; trackId: number }> = {}): Frame {
  const { dts = time, isKey = true, trackId = 1 } = more
  return {
    trackId,
    ptsTicks: ticks(time),
    dtsTicks: ticks(dts),
    durationTicks: ticks(0),
    isKey,
    data: new Uint8Array(1),
  }
}

test('what each output cannot carry', () => {
  assert.equal(misfit('flv', [h264, pcma]), undefined)
  assert.equal(misfit('ts', [h264, aac]), undefined)
  assert.deepEqual(misfit('ws-ts', [h264, pcma]), {
    fix: 'audio',
    problem: 'MPEG-TS cannot carry G.711 A-law',
    isGuess: false,
  })
  assert.equal(misfit('rtmp-1', [{ ...h264, codec: 'av1' }]), undefined)
  assert.equal(misfit('rtmp-classic-1', [{ ...h264, codec: 'av1' }])?.fix, 'video')
  assert.match(misfit('cmaf', [pcma])?.problem ?? '', /HLS and DASH/)
})

test('frames come from the stream while they fit, else from the substitute', async () => {
  const { output, told } = recorder()
  const other = substitute()
  const fitted = new FittedOutput(output, { format: 'ts', substitute: () => other.made, onFailed: unexpected })
  fitted.onTracks([h264, aac])
  fitted.onFrame(frame(1), context)
  fitted.onTracks([h264, pcma])
  await Promise.resolve()
  fitted.onFrame(frame(2), context)
  other.feed((to) => to.onTracks([h264, aac]))
  other.feed((to) => to.onFrame(frame(3), context))
  assert.equal(other.state.isHeld, true)
  fitted.onTracks([h264, aac])
  assert.equal(other.state.isHeld, false)
  other.feed((to) => to.onFrame(frame(4), context))
  fitted.onFrame(frame(5), context)
  assert.deepEqual(told, [
    'h264+aac',
    'frame 1',
    'discontinuity',
    'h264+aac',
    'frame 3',
    'discontinuity',
    'h264+aac',
    'frame 5',
  ])
})

test('an output that nobody reads lets its substitute go, also one that comes late', async () => {
  for (const isLate of [false, true]) {
    const other = substitute()
    const fitted = new FittedOutput(recorder().output, {
      format: 'ts',
      substitute: () => other.made,
      onFailed: unexpected,
    })
    fitted.onTracks([pcma])
    if (!isLate) await new Promise((resolve) => setImmediate(resolve))
    fitted.onUnused()
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(other.state.isHeld, false)
  }
})

test('a substitute that cannot be had ends the output', async () => {
  const { output } = recorder()
  const failed = Promise.withResolvers<unknown>()
  const attach = () => Promise.reject(new Error('no codecs'))
  const fitted = new FittedOutput(output, { format: 'ts', substitute: () => ({ attach }), onFailed: failed.resolve })
  fitted.onTracks([pcma])
  assert.equal(((await failed.promise) as Error).message, 'no codecs')
  assert.equal(output.log.ended, true)
})

test('where nothing is to be had the viewer is told what is missing', () => {
  const { output, told } = recorder()
  const fitted = new FittedOutput(output, {
    format: 'ts',
    substitute: () => ({ refusal: 'that is not allowed' }),
    onFailed: unexpected,
  })
  assert.throws(
    () => fitted.onTracks([h264, pcma]),
    (error) =>
      error instanceof UnsupportedInputError &&
      error.message === 'MPEG-TS cannot carry G.711 A-law, and that is not allowed',
  )
  assert.deepEqual(told, [])
})

test('an RTMP player that says nothing of FourCCs gets the tracks as they are where they cannot be converted', () => {
  const { output, told } = recorder()
  const refused = { refusal: 'that is not allowed' }
  const fitted = new FittedOutput(output, {
    format: 'rtmp-classic-1',
    substitute: () => refused,
    onFailed: unexpected,
  })
  fitted.onTracks([{ ...h264, codec: 'av1' }, aac])
  fitted.onFrame(frame(1), context)
  assert.deepEqual(told, ['av1+aac', 'frame 1'])
})

function withoutBFrames() {
  const { output, told } = recorder()
  const other = substitute()
  const asked: string[] = []
  const fitted = new FittedOutput(output, {
    format: 'flv+as-shown',
    substitute: ({ fix }) => {
      asked.push(fix)
      return other.made
    },
    onFailed: unexpected,
  })
  return { fitted, told, other, asked }
}

test('pictures in the order in which they are shown need nothing, and sound alone does not', () => {
  const { fitted, told, asked } = withoutBFrames()
  fitted.onTracks([h264, aac])
  fitted.onFrame(frame(0, { trackId: 2 }), context)
  fitted.onFrame(frame(1), context)
  fitted.onFrame(frame(2, { isKey: false }), context)
  fitted.onTracks([aac])
  fitted.onFrame(frame(3, { trackId: 2 }), context)
  assert.deepEqual(told, ['h264+aac', 'frame 1', 'frame 2', 'aac', 'frame 3'])
  assert.deepEqual(asked, [])
})

test('pictures that all wait equally long are in order: none is lost, and neither is the sound between the first two', () => {
  const { fitted, told, asked } = withoutBFrames()
  fitted.onTracks([h264, aac])
  const data = Uint8Array.of(7)
  fitted.onFrame(frame(0, { trackId: 2 }), context)
  fitted.onFrame({ ...frame(7200, { dts: 0 }), data }, context)
  // What is held is not the view.
  data[0] = 0xdb
  fitted.onFrame(frame(2000, { trackId: 2 }), context)
  assert.deepEqual(told, [])
  // A container that rounds both times to milliseconds.
  fitted.onFrame(frame(10_890, { dts: 3600, isKey: false }), context)
  fitted.onFrame(frame(14_310, { dts: 7200, isKey: false }), context)
  assert.deepEqual(told, ['h264+aac', 'frame 7200', 'frame 2000', 'frame 10890', 'frame 14310'])
  assert.deepEqual(asked, [])
})

test('one picture that nothing follows is carried when the stream ends', () => {
  const { fitted, told } = withoutBFrames()
  fitted.onTracks([h264])
  fitted.onFrame(frame(7200, { dts: 0 }), context)
  fitted.onEnd()
  assert.deepEqual(told, ['h264', 'frame 7200', 'end'])
})

test('a viewer that cannot have B-frames gets the substitute from the first picture on that shows them', async () => {
  for (const isLate of [false, true]) {
    const { fitted, told, other, asked } = withoutBFrames()
    fitted.onTracks([h264, aac])
    if (isLate) {
      fitted.onFrame(frame(1), context)
      fitted.onFrame(frame(3601, { isKey: false }), context)
      fitted.onFrame(frame(14_401, { dts: 7201, isKey: false }), context)
    } else {
      fitted.onFrame(frame(7200, { dts: 0 }), context)
      fitted.onFrame(frame(7200, { trackId: 2 }), context)
      fitted.onFrame(frame(18_000, { dts: 3600, isKey: false }), context)
    }
    await Promise.resolve()
    fitted.onFrame(frame(21_600, { dts: 18_000, isKey: false }), context)
    other.feed((to) => to.onTracks([h264, aac]))
    other.feed((to) => to.onFrame(frame(7), context))
    assert.deepEqual(asked, ['b-frames'])
    const before = isLate ? ['h264+aac', 'frame 1', 'frame 3601', 'discontinuity'] : []
    assert.deepEqual(told, [...before, 'h264+aac', 'frame 7'])
  }
})

test('what an output cannot carry at all is converted as a whole, B-frames with it', () => {
  assert.equal(orderMisfit('ts+as-shown', [{ ...h264, codec: 'vp9' }]).fix, 'video')
  assert.equal(orderMisfit('ws-ts+as-shown', [h264, pcma]).fix, 'video')
  assert.equal(misfit('ws-ts+as-shown', [h264, pcma])?.fix, 'audio')
})

test('B-frames that must stay are an error that says so', async () => {
  const { output } = recorder()
  const refused = { refusal: 'that is not allowed' }
  const fitted = new FittedOutput(output, {
    format: 'flv+as-shown',
    substitute: () => refused,
    onFailed: unexpected,
  })
  fitted.onTracks([h264, aac])
  fitted.onFrame(frame(7200, { dts: 0 }), context)
  const isIt = (error: unknown) =>
    error instanceof UnsupportedInputError &&
    error.message === 'this viewer cannot have B-frames, and that is not allowed'
  assert.throws(() => fitted.onFrame(frame(18_000, { dts: 3600, isKey: false }), context), isIt)
  // Whoever asked before the second picture came waits for that.
  await assert.rejects(fitted.ready ?? Promise.resolve(), isIt)
})

test('whether an output can carry the stream is known with its first pictures, or never', async () => {
  const decided = async (frames: (fitted: FittedOutput) => void) => {
    const { fitted } = withoutBFrames()
    fitted.onTracks([h264, aac])
    const later = Promise.resolve('not yet')
    await new Promise((resolve) => setImmediate(resolve))
    const before = await Promise.race([fitted.ready, later])
    frames(fitted)
    await fitted.ready
    return before
  }
  const ordered = (fitted: FittedOutput) => fitted.onFrame(frame(1), context)
  const over = (fitted: FittedOutput) => fitted.onEnd()
  const unused = (fitted: FittedOutput) => fitted.onUnused()
  for (const frames of [ordered, over, unused]) assert.equal(await decided(frames), 'not yet')
  const plain = new FittedOutput(recorder().output, {
    format: 'flv',
    substitute: () => ({ refusal: '' }),
    onFailed: unexpected,
  })
  assert.equal(plain.ready, undefined)
})
