import assert from 'node:assert/strict'
import { test } from 'node:test'
import { audioTrack, videoTrack } from '../../../media/codecs/index.ts'
import { UnsupportedInputError } from '../../../media/errors.ts'
import { type Frame, ticks } from '../../../media/model/index.ts'
import { LogWriter, SegmentPool, type StreamConsumer, type StreamOutput } from '../../stream/index.ts'
import { makeByteOutput } from '../formats.ts'
import { misfit } from './carried-codecs.ts'
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
    onFrame: ({ ptsTicks }) => told.push(`frame ${ptsTicks}`),
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
function frame(time: number): Frame {
  return {
    trackId: 1,
    ptsTicks: ticks(time),
    dtsTicks: ticks(time),
    durationTicks: ticks(0),
    isKey: true,
    data: new Uint8Array(1),
  }
}

test('what each output cannot carry', () => {
  assert.equal(misfit('flv', [h264, pcma]), undefined)
  assert.equal(misfit('ts', [h264, aac]), undefined)
  assert.deepEqual(misfit('ws-ts', [h264, pcma]), {
    hasVideo: false,
    problem: 'MPEG-TS cannot carry G.711 A-law',
  })
  assert.equal(misfit('rtmp-1', [{ ...h264, codec: 'av1' }]), undefined)
  assert.equal(misfit('rtmp-classic-1', [{ ...h264, codec: 'av1' }])?.hasVideo, true)
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

test('where nothing is to be had the viewer is told what is missing, and what fits is carried', () => {
  const pool = new SegmentPool({ segmentBytes: 65_536, maxSegments: 4 })
  const make = () => {
    const ts = makeByteOutput('ts', () => new LogWriter(pool, { maxBytes: 65_536 }))
    assert.ok(ts)
    return new FittedOutput(ts, {
      format: 'ts',
      substitute: () => ({ refusal: 'that is not allowed' }),
      onFailed: unexpected,
    })
  }
  assert.throws(
    () => make().onTracks([pcma]),
    (error) =>
      error instanceof UnsupportedInputError &&
      error.message === 'MPEG-TS cannot carry G.711 A-law, and that is not allowed',
  )
  make().onTracks([h264, pcma])
})
