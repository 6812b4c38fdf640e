import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { audioTrack, videoTrack } from '../../../media/codecs/index.ts'
import { type Frame, type Track, ticks } from '../../../media/model/index.ts'
import { resolveProfile } from '../../../platform/config/index.ts'
import { GatheredTracks } from './gathered-tracks.ts'

const VIDEO = videoTrack(1, 'vp8', Uint8Array.of(0, 10, 0x82, 1, 1, 1, 0, 0), { widthPx: 160, heightPx: 90 })
const AUDIO = audioTrack(2, 'mp3', new Uint8Array(0), { sampleRateHz: 48_000, channelCount: 2 })
const PROFILES = [resolveProfile({}, '720p')]

function frame(trackId: number, at: number): Frame {
  const time = ticks(at)
  const data = new Uint8Array(1000)
  return { trackId, ptsTicks: time, dtsTicks: time, durationTicks: ticks(0), isKey: true, data }
}
function gather() {
  const given: string[] = []
  const leftOut: string[] = []
  const sink = {
    onTrack: ({ id }: Track) => given.push(`track ${id}`),
    onFrame: ({ trackId, ptsTicks }: Frame) => given.push(`${trackId}@${ptsTicks}`),
  }
  const onLeftOut = (text: string) => leftOut.push(text)
  const gathered = new GatheredTracks(PROFILES, sink, { onLeftOut, maxHeldBytes: 10_000 })
  gathered.expect({ hasVideo: true, audioCount: 1 })
  return { gathered, given, leftOut }
}

describe('GatheredTracks', () => {
  it('gives all tracks before the first frame, in the order of their ids', () => {
    const { gathered, given, leftOut } = gather()
    gathered.onTrack(AUDIO)
    gathered.onFrame(frame(2, 0))
    gathered.onTrack(VIDEO)
    gathered.onFrame(frame(1, 5))
    assert.deepEqual(given, ['track 1', 'track 2', '2@0', '1@5'])
    assert.deepEqual(leftOut, [])
  })

  it('passes on all audio of the first profile that has some', () => {
    const profiles = [resolveProfile({ mute: { audio: { codec: 'none' } } }, 'mute'), ...PROFILES, ...PROFILES]
    const given: number[] = []
    const sink = { onTrack: ({ id }: Track) => given.push(id), onFrame: () => {} }
    const gathered = new GatheredTracks(profiles, sink, { onLeftOut: () => {} })
    gathered.expect({ hasVideo: false, audioCount: 3 })
    for (const id of [10, 4, 2, 6, 8]) gathered.onTrack({ ...AUDIO, id })
    assert.deepEqual(given, [4, 8, 10])
  })

  it('takes a track that changes while another is waited for as one', () => {
    const { gathered, given } = gather()
    gathered.onTrack(VIDEO)
    gathered.onFrame(frame(1, 0))
    gathered.onTrack(VIDEO)
    assert.deepEqual(given, [])
    gathered.onTrack(AUDIO)
    assert.deepEqual(given, ['track 1', 'track 2', '1@0'])
  })

  it('goes on without a track that does not begin, says so once, and takes none of it later', () => {
    const { gathered, given, leftOut } = gather()
    gathered.onTrack(VIDEO)
    for (let at = 0; at < 20; at++) gathered.onFrame(frame(1, at))
    assert.deepEqual(given, ['track 1', ...Array.from({ length: 20 }, (_, at) => `1@${at}`)])
    assert.deepEqual(leftOut, [
      'a sound track of the file is left out: it holds nothing, or begins long after the rest',
    ])
    gathered.onTrack(AUDIO)
    gathered.onFrame(frame(2, 20))
    gathered.onFrame(frame(1, 20))
    assert.equal(given.at(-1), '1@20')
    assert.equal(leftOut.length, 1)
  })

  it('gives at the end what it has', () => {
    const { gathered, given } = gather()
    gathered.onTrack(VIDEO)
    gathered.onFrame(frame(1, 0))
    gathered.flush()
    assert.deepEqual(given, ['track 1', '1@0'])
  })
})
