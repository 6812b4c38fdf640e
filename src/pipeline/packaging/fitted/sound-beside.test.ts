import assert from 'node:assert/strict'
import { test } from 'node:test'
import { audioTrack, videoTrack } from '../../../media/codecs/index.ts'
import { type Frame, type Track, ticks } from '../../../media/model/index.ts'
import { LogWriter, SegmentPool, type StreamConsumer, type StreamOutput } from '../../stream/index.ts'
import type { Substitute } from './fitted-output.ts'
import { SoundBeside } from './sound-beside.ts'

const AVC = Buffer.from('0142c00cffe100196742c00cd901419f9f011000000300100000030320f142a48001000568cb83cb20', 'hex')
const h264 = videoTrack(1, 'h264', AVC)
const pcma = audioTrack(2, 'pcma', new Uint8Array(0), { sampleRateHz: 8000, channelCount: 1 })
const aac = audioTrack(2, 'aac', Uint8Array.of(0x15, 0x88))
const own = audioTrack(2, 'aac', Uint8Array.of(0x11, 0x90))

const settle = () => new Promise((resolve) => setImmediate(resolve))

/** An output that writes down what it gets, and a substitute that is driven by hand. */
function stage({ refusal }: { readonly refusal?: string } = {}) {
  const told: string[] = []
  const failures: string[] = []
  const feeds: { consumer: StreamConsumer; isHeld: boolean }[] = []
  const inner: StreamOutput = {
    log: new LogWriter(new SegmentPool({ segmentBytes: 65_536, maxSegments: 4 }), { maxBytes: 65_536 }),
    onTracks: (tracks) => told.push(tracks.map(({ id, codec }) => `${id}=${codec}`).join(' ')),
    onFrame: ({ trackId, ptsTicks, data }) => told.push(`${trackId}@${ptsTicks}:${data[0]}`),
    onDiscontinuity: () => told.push('discontinuity'),
    onEnd: () => told.push('end'),
  }
  const next: { error?: Error } = {}
  const made: Substitute = {
    attach: async (consumer) => {
      if (next.error) throw next.error
      const feed = { consumer, isHeld: true }
      feeds.push(feed)
      return {
        [Symbol.dispose]: () => {
          feed.isHeld = false
        },
      }
    },
  }
  const output = new SoundBeside(inner, {
    format: 'cmaf',
    substitute: () => (refusal === undefined ? made : { refusal }),
    onFailed: (error) => failures.push(String(error)),
  })
  return { told, failures, feeds, next, output }
}

function frame(track: Track, seconds: number, firstByte = 0): Frame {
  const time = ticks(seconds * track.clockRateHz)
  const data = Uint8Array.of(firstByte)
  return { trackId: track.id, ptsTicks: time, dtsTicks: time, durationTicks: ticks(0), isKey: true, data }
}
const at = (epochMs: number, isJoin = true) => ({ isJoin, epochMs })

test('the first frames wait for the converted sound, which comes beside what the stream has', async () => {
  const { output, told, feeds } = stage()
  output.onTracks([h264, pcma])
  const picture = frame(h264, 0, 7)
  output.onFrame(picture, at(0))
  picture.data[0] = 0xdb
  output.onFrame(frame(pcma, 0), at(0))
  await settle()
  assert.deepEqual(told, [])
  const feed = feeds[0]?.consumer
  feed?.onTracks([h264, aac])
  feed?.onFrame(frame(h264, 0), at(0))
  feed?.onFrame(frame(aac, 0), at(0))
  output.onFrame(frame(pcma, 1), at(1000))
  assert.deepEqual(told, ['1=h264 2=pcma 66=aac', '1@0:7', '2@0:0', '66@0:0', '2@8000:0'])
})

test('it does not wait for long, nor for much', async () => {
  const late = stage()
  late.output.onTracks([h264, pcma])
  late.output.onFrame(frame(h264, 0), at(0))
  late.output.onFrame(frame(h264, 4), at(4000))
  await settle()
  assert.deepEqual(late.told, ['1=h264 2=pcma', '1@0:0', '1@360000:0'])
  late.feeds[0]?.consumer.onTracks([h264, aac])
  assert.equal(late.told.at(-1), '1=h264 2=pcma 66=aac')

  const large = stage()
  large.output.onTracks([h264, pcma])
  for (let i = 0; i < 9; i++) large.output.onFrame({ ...frame(h264, i / 25), data: new Uint8Array(1 << 20) }, at(i))
  assert.equal(large.told.length, 10)
})

test('where no conversion is allowed, or none is needed, the stream is as it is at once', () => {
  const refused = stage({ refusal: 'that is not allowed' })
  refused.output.onTracks([h264, pcma])
  refused.output.onFrame(frame(pcma, 0), at(0))
  assert.deepEqual(refused.told, ['1=h264 2=pcma', '2@0:0'])
  for (const tracks of [[h264], [h264, own], [h264, own, { ...pcma, id: 3 }]]) {
    const plain = stage()
    plain.output.onTracks(tracks)
    plain.output.onFrame(frame(h264, 0), at(0))
    assert.deepEqual([plain.told.length, plain.feeds.length], [2, 0])
  }
})

test('converted sound from before a discontinuity is not put behind it', async () => {
  const { output, told, feeds } = stage()
  output.onTracks([h264, pcma])
  await settle()
  const feed = feeds[0]?.consumer
  feed?.onTracks([h264, aac])
  output.onFrame(frame(pcma, 5), at(5000))
  output.onDiscontinuity()
  feed?.onFrame(frame(aac, 5), at(5000))
  output.onFrame(frame(h264, 5.5), at(6000))
  feed?.onDiscontinuity()
  feed?.onFrame(frame(aac, 5.5), at(6000))
  assert.deepEqual(told.slice(1), ['2@40000:0', 'discontinuity', '1@495000:0', '66@44000:0'])
})

test('where the conversion fails or ends the stream goes on, and it is tried again, later each time', async () => {
  const { output, told, failures, feeds, next } = stage()
  next.error = new Error('no codecs')
  output.onTracks([h264, pcma])
  output.onFrame(frame(h264, 0), at(10_000))
  await settle()
  assert.deepEqual([told, failures], [['1=h264 2=pcma', '1@0:0'], ['Error: no codecs']])
  const tries = async (...times: number[]) => {
    const before = failures.length
    for (const time of times) {
      output.onFrame(frame(h264, time / 1000), at(10_000 + time))
      await settle()
    }
    return failures.length - before
  }
  assert.equal(await tries(1000, 2000), 1)
  assert.equal(await tries(10_000), 0)
  assert.equal(await tries(12_000), 1)
  assert.equal(await tries(30_000), 0)
  delete next.error
  await tries(33_000)
  feeds[0]?.consumer.onTracks([h264, aac])
  assert.equal(told.at(-1), '1=h264 2=pcma 66=aac')
  feeds[0]?.consumer.onEnd()
  assert.equal(feeds[0]?.isHeld, false)
  await tries(60_000)
  assert.equal(feeds.length, 2)
})

test('sound of its own, an end, or nobody who reads it lets the conversion go', async () => {
  for (const end of ['sound', 'end', 'unused'] as const) {
    const { output, told, feeds } = stage()
    output.onTracks([h264, pcma])
    await settle()
    feeds[0]?.consumer.onTracks([h264, aac])
    if (end === 'sound') output.onTracks([h264, own])
    if (end === 'end') output.onEnd()
    if (end === 'unused') output.onUnused()
    assert.equal(feeds[0]?.isHeld, false)
    const before = told.length
    feeds[0]?.consumer.onFrame(frame(aac, 1), at(1000))
    assert.equal(told.length, before)
    if (end === 'sound') assert.equal(told.at(-1), '1=h264 2=aac')
  }
})
